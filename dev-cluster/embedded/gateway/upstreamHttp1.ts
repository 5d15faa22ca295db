/** HTTP/1.1 to pods by undici, with a little more than half of the work per request that `node:http`'s client does. */
import { PassThrough } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import type { Target } from './addresses.ts';
import type { HeaderList } from './headers.ts';
import type { UpstreamCall, UpstreamReceiver, UpstreamRequest } from './upstream.ts';

/** Below uvicorn's 5 s: a connection that the server is about to close is not used again. */
const IDLE_MS = 4_000;
const MOST_HEADER_BYTES = 65_536;

export class Http1Upstream {
  // Limits are the routes': undici has none of its own. A pool whose last connection has closed goes.
  readonly #agent = new Agent({
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MOST_HEADER_BYTES,
  });

  send({ host, port }: Target, request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamCall {
    const { method, path, headers } = request;
    const body = request.body === 'stream' ? new PassThrough() : request.body;
    const call = new Http1Call(receiver, body instanceof PassThrough ? body : undefined);
    this.#agent.dispatch({ origin: `http://${host}:${port}`, method, path, headers, body }, call);
    return call;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

type Controller = Dispatcher.DispatchController;

class Http1Call implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly #receiver: UpstreamReceiver;
  readonly #body: PassThrough | undefined;
  #controller: Controller | undefined;
  #hasResponse = false;
  #isOver = false;

  constructor(receiver: UpstreamReceiver, body: PassThrough | undefined) {
    this.#receiver = receiver;
    this.#body = body;
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.abort(new Error('The request was given up.'));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('The request was given up.'));
    else this.#receiver.onConnected(this.#body);
  }

  onResponseStart(controller: Controller, status: number): void {
    if (this.#isOver || status < 200) return;
    this.#hasResponse = true;
    const rawHeaders = textOf(controller.rawHeaders);
    this.#receiver.onResponse({ status, rawHeaders, isHeadersOnly: false });
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (!this.#isOver) this.#receiver.onData(chunk);
  }

  onResponseEnd(controller: Controller): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#receiver.onEnd(textOf(controller.rawTrailers));
  }

  onResponseError(_controller: Controller, error: Error & { readonly code?: string }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isInvalid = error.code === 'UND_ERR_INVALID_ARG' || error.code === 'UND_ERR_NOT_SUPPORTED';
    if (this.#hasResponse) this.#receiver.onBroken();
    else if (isInvalid) this.#receiver.onError(error, 'invalid');
    else this.#receiver.onError(error, this.#controller === undefined ? 'unsent' : 'sent');
  }
}

/** undici gives them as they came over the wire. */
function textOf(raw: Controller['rawHeaders']): HeaderList {
  if (!Array.isArray(raw)) return [];
  const parts: readonly (Buffer | string)[] = raw;
  return parts.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
