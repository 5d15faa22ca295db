/** A live copy of a collection: list, then watch, again and again. Knows no vscode. */
import { delay } from '../../core/base/abort.ts';
import { isAbort } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import { HttpError } from '../http.ts';
import type { KubernetesApi, Query } from './api.ts';
import { keyOf, type KubernetesObject, type Status } from './model.ts';

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;
/** The server ends a watch after this long, so that a connection that died unnoticed is found out. */
const WATCH_SECONDS = 300;
const GONE = 410;

export type Change<T> =
  | { readonly type: 'added'; readonly key: string; readonly object: T }
  | { readonly type: 'modified'; readonly key: string; readonly object: T; readonly old: T }
  | { readonly type: 'deleted'; readonly key: string; readonly object: T };

export interface ReflectorOptions {
  readonly api: KubernetesApi;
  /** Of the collection, e.g. `/api/v1/pods` or `/api/v1/namespaces/x/pods`. */
  readonly path: string;
  readonly query?: Query;
  /** A failed list or watch; it is tried again with back-off. */
  readonly onError?: (error: unknown) => void;
}

export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions;
  readonly #items = new Map<string, T>();
  readonly #changed = new Emitter<Change<T>>();
  /** One object came, changed or went; `items` already says so. Also fires for what a new list finds. */
  readonly onDidChange = this.#changed.event;
  readonly #synced = Promise.withResolvers<undefined>();

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#synced.promise.catch(() => undefined);
  }

  get items(): ReadonlyMap<string, T> {
    return this.#items;
  }

  /** Resolves after the first list; rejects when `run` ended before it. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  /** Resolves when the signal has aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const isStopping = (): boolean => signal.aborted;
    let failures = 0;
    let version: string | undefined;
    while (!isStopping()) {
      try {
        version ??= await this.#list(signal);
        this.#synced.resolve(undefined);
        version = await this.#watch(version, signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (isStopping()) break;
        failures += 1;
        if (error instanceof HttpError && error.status === GONE) version = undefined;
        else if (!isAbort(error)) this.#options.onError?.(error);
        const pause = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
        await delay(pause, signal).catch(() => undefined);
      }
    }
    this.#synced.reject(signal.reason);
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { api, path, query } = this.#options;
    const list = await api.list<T>(path, signal, query);
    const gone = new Set(this.#items.keys());
    for (const object of list.items) {
      gone.delete(keyOf(object));
      this.#put(object);
    }
    for (const key of gone) this.#remove(key);
    return list.metadata.resourceVersion ?? '';
  }

  /** Resolves, when the server ends the watch, with the version to go on from; `undefined`: list anew. */
  async #watch(from: string, signal: AbortSignal, onAlive: () => void): Promise<string | undefined> {
    const { api, path, query } = this.#options;
    let version = from;
    const options = { ...query, resourceVersion: from, timeoutSeconds: WATCH_SECONDS };
    // A dead server leaves a half-open connection: give up some time after it should have ended the watch.
    const limit = AbortSignal.any([signal, AbortSignal.timeout((WATCH_SECONDS + 30) * 1000)]);
    for await (const { type, object } of api.watch<T>(path, limit, options)) {
      onAlive();
      if (type === 'ERROR') {
        if ((object as Status).code === GONE) return undefined;
        throw new HttpError('server', (object as Status).message ?? 'The watch failed.', undefined, object);
      }
      version = object.metadata?.resourceVersion ?? version;
      if (type === 'DELETED') this.#remove(keyOf(object), object);
      else if (type !== 'BOOKMARK') this.#put(object);
    }
    return version;
  }

  #put(object: T): void {
    const key = keyOf(object);
    const old = this.#items.get(key);
    if (old?.metadata?.resourceVersion === object.metadata?.resourceVersion && old !== undefined) return;
    this.#items.set(key, object);
    this.#changed.fire(
      old === undefined ? { type: 'added', key, object } : { type: 'modified', key, object, old },
    );
  }

  #remove(key: string, last?: T): void {
    const known = this.#items.get(key);
    if (!this.#items.delete(key)) return;
    const object = last ?? known;
    if (object !== undefined) this.#changed.fire({ type: 'deleted', key, object });
  }
}
