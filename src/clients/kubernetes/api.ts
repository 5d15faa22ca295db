/**
 * The Kubernetes API by path. Objects come back typed but unparsed: the API server has checked them against the very
 * schemas these types are generated from. Custom resources are parsed by who reads them.
 */
import { statSync } from 'node:fs';
import { Agent } from 'node:https';
import type { Readable } from 'node:stream';
import { SlipwayError } from '../../core/base/errors.ts';
import { http, type HttpEndpoint, type HttpRequest } from '../http.ts';
import { KubeConfig } from './clientNode.ts';
import type { KubernetesList, KubernetesObject } from './model.ts';

export type PatchType =
  | 'application/apply-patch+yaml'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/json-patch+json';

export type Query = NonNullable<HttpRequest['query']>;

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** As long as the API server itself works on a request: a big definition takes a busy machine half a minute. */
const TIMEOUT_MS = 60_000;

export class KubernetesApi {
  readonly #current: () => KubeConfig;
  readonly #label: string;
  readonly #agents = new Map<string, Agent>();

  constructor(config: KubeConfig | (() => KubeConfig), label = 'The Kubernetes API') {
    this.#current = typeof config === 'function' ? config : () => config;
    this.#label = label;
  }

  /**
   * Of a kubeconfig file. Throws when it isn't one. When the file is replaced, the next request goes by the new one: the
   * API server may have moved to another port.
   */
  static fromFile(path: string): KubernetesApi {
    return new KubernetesApi(followFile(path));
  }

  /** For what client-node does itself: exec, attach, port-forward. */
  get config(): KubeConfig {
    return this.#current();
  }

  async get<T>(path: string, signal: AbortSignal, query: Query = {}): Promise<T> {
    return (await this.#request({ method: 'GET', path, query }, signal)) as T;
  }

  async list<T>(path: string, signal: AbortSignal, query: Query = {}): Promise<KubernetesList<T>> {
    return this.get<KubernetesList<T>>(path, signal, query);
  }

  async getText(path: string, signal: AbortSignal, query: Query = {}): Promise<string> {
    return (await this.#request({ method: 'GET', path, query, responseType: 'text' }, signal)) as string;
  }

  /** A body as it comes, e.g. a followed log. The connection lives until the signal aborts or the stream is destroyed. */
  async stream(path: string, signal: AbortSignal, query: Query = {}): Promise<Readable> {
    const request = { method: 'GET', path, query, responseType: 'stream', timeoutMs: 0 } as const;
    return (await this.#request(request, signal)) as Readable;
  }

  async create<T>(path: string, body: unknown, signal: AbortSignal, query: Query = {}): Promise<T> {
    return (await this.#request({ method: 'POST', path, body, query }, signal)) as T;
  }

  async replace<T>(path: string, body: unknown, signal: AbortSignal, query: Query = {}): Promise<T> {
    return (await this.#request({ method: 'PUT', path, body, query }, signal)) as T;
  }

  async patch<T>(
    path: string,
    body: unknown,
    contentType: PatchType,
    signal: AbortSignal,
    query: Query = {},
  ): Promise<T> {
    return (await this.#request({ method: 'PATCH', path, body, contentType, query }, signal)) as T;
  }

  /** Server-side apply, with conflicts taken over: the manager owns what it says. */
  async apply<T extends KubernetesObject>(
    path: string,
    object: T,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<T> {
    const query = { fieldManager, force: 'true' };
    return this.patch<T>(path, JSON.stringify(object), 'application/apply-patch+yaml', signal, query);
  }

  /** `body` is a DeleteOptions, e.g. `{gracePeriodSeconds: 0}`. */
  async delete(path: string, signal: AbortSignal, body?: unknown): Promise<void> {
    await this.#request({ method: 'DELETE', path, body }, signal);
  }

  /** Events from `resourceVersion` on, until the server ends the watch (some minutes) or the signal aborts. */
  async *watch<T>(path: string, signal: AbortSignal, query: Query): AsyncGenerator<WatchEvent<T>> {
    const stream = await this.stream(path, signal, { ...query, watch: 'true', allowWatchBookmarks: 'true' });
    try {
      let rest = '';
      for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent<T>;
      }
    } finally {
      stream.destroy();
    }
  }

  async #request(request: HttpRequest, signal: AbortSignal): Promise<unknown> {
    return http(await this.endpoint(), { timeoutMs: TIMEOUT_MS, ...request }, signal);
  }

  /** Asked anew for each call: a credential from an exec plugin or a cloud expires. */
  async endpoint(): Promise<HttpEndpoint> {
    const config = this.#current();
    const cluster = config.getCurrentCluster();
    if (cluster === null)
      throw new SlipwayError('noCluster', `The context "${config.getCurrentContext()}" names no cluster.`, {
        action: 'Choose another context',
      });
    const options: { headers?: Record<string, string>; [option: string]: unknown } = {};
    await config.applyToHTTPSOptions(options);
    const { headers, cert, key, ca, rejectUnauthorized, servername, auth } = options;
    const tls = { cert, key, ca, rejectUnauthorized, servername };
    const id = JSON.stringify(tls);
    const known = this.#agents.get(id);
    const agent = known ?? new Agent({ ...(tls as object), keepAlive: true, maxSockets: Infinity });
    if (known === undefined) this.#agents.set(id, agent);
    const basic = typeof auth === 'string' ? `Basic ${Buffer.from(auth).toString('base64')}` : undefined;
    return {
      url: cluster.server.replace(/\/$/, ''),
      token: undefined,
      label: this.#label,
      headers: { ...headers, ...(basic === undefined ? {} : { Authorization: basic }) },
      agent,
    };
  }
}

/** What the file says now; a file that is gone or no kubeconfig any more leaves what it said before. */
function followFile(path: string): () => KubeConfig {
  const read = (): { readonly version: string; readonly config: KubeConfig } => {
    const version = versionOf(path);
    const config = new KubeConfig();
    config.loadFromFile(path);
    return { version, config };
  };
  let known = read();
  return () => {
    try {
      if (versionOf(path) !== known.version) known = read();
    } catch {
      // Asked again at the next request.
    }
    return known.config;
  };
}

function versionOf(path: string): string {
  const { ino, mtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${mtimeNs}`;
}
