/**
 * The one rpc between the extension host and a webview. The host owns the truth: it pushes whole snapshots of a
 * small state, and answers requests, by which the webview pulls bulk data and asks for acts. Every webview has one
 * contract, a type; the host checks each request's parameters with a schema, because a webview may send anything.
 *
 * Order: the webview says `ready`, then gets the last snapshot. A second `ready` is a reloaded page: what the old
 * page had asked for is cancelled.
 */
import type { Disposable } from '../base/disposable.ts';
import { asError, isAbort, SlipwayError } from '../base/errors.ts';
import type { Event } from '../base/event.ts';

export interface Contract {
  readonly state: unknown;
  readonly requests: Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>;
}

type Parsed<P> = P extends Parser<infer T> ? T : never;

/** The contract of a state, the parsers of the requests' parameters, and the results of the same requests. */
export interface ContractOf<
  State,
  Parsers extends Readonly<Record<string, Parser<unknown>>>,
  Results extends { readonly [M in keyof Parsers]: unknown },
> {
  readonly state: State;
  readonly requests: {
    readonly [M in keyof Parsers]: { readonly params: Parsed<Parsers[M]>; readonly result: Results[M] };
  };
}

type Method<C extends Contract> = keyof C['requests'] & string;
type Params<C extends Contract, M extends Method<C>> = C['requests'][M]['params'];
type Result<C extends Contract, M extends Method<C>> = C['requests'][M]['result'];

/** What a zod schema offers; spelled out so that webviews bundle no zod. */
export interface Parser<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

export type Handlers<C extends Contract> = {
  readonly [M in Method<C>]: (params: Params<C, M>, signal: AbortSignal) => Promise<Result<C, M>>;
};
export type ParamParsers<C extends Contract> = { readonly [M in Method<C>]: Parser<Params<C, M>> };

/** One end of the wire: `webview.postMessage`, or `acquireVsCodeApi().postMessage`, with its receiving side. */
export interface MessageEndpoint {
  post(message: unknown): void;
  readonly onDidReceive: Event<unknown>;
}

/** UTF-16 units of JSON; larger things are pulled by request. */
export const MAX_STATE_SIZE = 256 * 1024;

interface WireError {
  readonly reason: string;
  readonly message: string;
  readonly action: string | undefined;
}

type ToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'request'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly type: 'cancel'; readonly id: number };

type ToWebview =
  | { readonly type: 'state'; readonly state: unknown }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parseToHost(value: unknown): ToHost | undefined {
  if (!isRecord(value)) return undefined;
  const { type, id, method, params } = value;
  if (type === 'ready') return { type };
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return undefined;
  if (type === 'cancel') return { type, id };
  if (type === 'request' && typeof method === 'string') return { type, id, method, params };
  return undefined;
}

function parseToWebview(value: unknown): ToWebview | undefined {
  if (!isRecord(value)) return undefined;
  const { type, id, state, result, error } = value;
  if (type === 'state') return { type, state };
  if (typeof id !== 'number') return undefined;
  if (type === 'result') return { type, id, result };
  if (type !== 'error' || !isRecord(error)) return undefined;
  const { reason, message, action } = error;
  if (typeof reason !== 'string' || typeof message !== 'string') return undefined;
  return { type, id, error: { reason, message, action: typeof action === 'string' ? action : undefined } };
}

export interface HostChannelOptions<C extends Contract> {
  readonly parsers: ParamParsers<C>;
  readonly handlers: Handlers<C>;
  /** Gets what the user does not see: refused messages, and errors that no handler meant for people. */
  readonly onProblem: (message: string, cause: unknown) => void;
}

/** The host's end. `push` may be called at any time; a page that is not there yet gets the last snapshot. */
export class HostChannel<C extends Contract> implements Disposable {
  readonly #endpoint: MessageEndpoint;
  readonly #options: HostChannelOptions<C>;
  readonly #running = new Map<number, AbortController>();
  readonly #subscription: Disposable;
  #last: { readonly state: C['state'] } | undefined;
  #isReady = false;
  #isDisposed = false;

  constructor(endpoint: MessageEndpoint, options: HostChannelOptions<C>) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#subscription = endpoint.onDidReceive((message) => this.#receive(message));
  }

  /** Throws a RangeError above MAX_STATE_SIZE: such data belongs in a request. */
  push(state: C['state']): void {
    const size = JSON.stringify(state).length;
    if (size > MAX_STATE_SIZE) throw new RangeError(`A webview state of ${size} characters is too large.`);
    this.#last = { state };
    if (this.#isReady) this.#post({ type: 'state', state });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#subscription.dispose();
    this.#cancelAll();
  }

  #post(message: ToWebview): void {
    if (!this.#isDisposed) this.#endpoint.post(message);
  }

  #cancelAll(): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  #receive(value: unknown): void {
    const message = parseToHost(value);
    if (message === undefined) {
      this.#options.onProblem('A webview sent a malformed message.', undefined);
      return;
    }
    switch (message.type) {
      case 'ready':
        this.#cancelAll();
        this.#isReady = true;
        if (this.#last !== undefined) this.#post({ type: 'state', state: this.#last.state });
        break;
      case 'cancel':
        this.#running.get(message.id)?.abort();
        this.#running.delete(message.id);
        break;
      case 'request':
        if (this.#running.has(message.id)) {
          this.#options.onProblem(`A webview used the request id ${message.id} twice.`, undefined);
        } else {
          void this.#answer(message.id, message.method, message.params);
        }
        break;
    }
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    let reply: ToWebview;
    try {
      reply = { type: 'result', id, result: await this.#call(method, params, controller.signal) };
    } catch (error) {
      reply = { type: 'error', id, error: this.#toWire(error) };
    }
    // Gone from the map, or another request's by now: cancelled, so nobody waits for this answer.
    if (this.#running.get(id) !== controller) return;
    this.#running.delete(id);
    this.#post(reply);
  }

  async #call(method: string, params: unknown, signal: AbortSignal): Promise<unknown> {
    const { parsers, handlers } = this.#options;
    if (!Object.hasOwn(handlers, method)) {
      throw new SlipwayError('unknownRequest', `This view does not know the request "${method}".`);
    }
    const parsed = parsers[method as Method<C>].safeParse(params);
    if (!parsed.success) {
      throw new SlipwayError('malformedRequest', `The request "${method}" was malformed.`);
    }
    return handlers[method as Method<C>](parsed.data, signal);
  }

  #toWire(error: unknown): WireError {
    if (isAbort(error)) return { reason: 'cancelled', message: 'Cancelled.', action: undefined };
    if (error instanceof SlipwayError) {
      return { reason: String(error.reason), message: error.message, action: error.action };
    }
    this.#options.onProblem('A webview request failed.', error);
    return { reason: 'internal', message: 'Something went wrong inside Slipway.', action: 'Show log' };
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface RequestOptions {
  /** Milliseconds, 15,000 when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The webview's end. Call `start` once listeners are there: it says `ready`. */
export class WebviewChannel<C extends Contract> implements Disposable {
  readonly #endpoint: MessageEndpoint;
  readonly #onState: (state: C['state']) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #subscription: Disposable;
  #nextId = 1;
  #isDisposed = false;

  constructor(endpoint: MessageEndpoint, onState: (state: C['state']) => void) {
    this.#endpoint = endpoint;
    this.#onState = onState;
    this.#subscription = endpoint.onDidReceive((message) => this.#receive(message));
  }

  start(): void {
    this.#post({ type: 'ready' });
  }

  /** Rejects with a SlipwayError of the host's reason, of reason `timeout` or `disposed`, or with the signal's reason. */
  request<M extends Method<C>>(
    method: M,
    params: Params<C, M>,
    options: RequestOptions = {},
  ): Promise<Result<C, M>> {
    const { signal, timeoutMs = 15_000 } = options;
    return new Promise<Result<C, M>>((resolve, reject) => {
      if (this.#isDisposed) {
        reject(disposed());
        return;
      }
      if (signal?.aborted === true) {
        reject(asError(signal.reason));
        return;
      }
      const id = this.#nextId++;
      const settle = (): void => {
        this.#pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: unknown): void => {
        settle();
        this.#post({ type: 'cancel', id });
        reject(asError(error));
      };
      const onAbort = (): void => giveUp(signal?.reason);
      const timer = setTimeout(
        () => giveUp(new SlipwayError('timeout', 'Slipway did not answer in time.', { action: 'Try again' })),
        timeoutMs,
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(id, {
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(asError(error));
        },
      });
      this.#post({ type: 'request', id, method, params });
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#subscription.dispose();
    for (const pending of [...this.#pending.values()]) pending.reject(disposed());
  }

  #post(message: ToHost): void {
    this.#endpoint.post(message);
  }

  #receive(value: unknown): void {
    const message = parseToWebview(value);
    // Browser extensions and developer tools post to windows too: not ours, not an error.
    if (message === undefined) return;
    if (message.type === 'state') {
      this.#onState(message.state);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (message.type === 'result') pending?.resolve(message.result);
    else {
      const { reason, message: text, action } = message.error;
      pending?.reject(new SlipwayError(reason, text, action === undefined ? {} : { action }));
    }
  }
}

function disposed(): SlipwayError {
  return new SlipwayError('disposed', 'The view was closed.');
}
