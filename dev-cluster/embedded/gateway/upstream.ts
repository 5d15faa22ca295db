/** Pods as the gateway calls them: HTTP/1.1 and HTTP/2 without TLS behind one interface. */
import type { Writable } from 'node:stream';
import type { Target } from './addresses.ts';
import type { HeaderList } from './headers.ts';
import type { BackendProtocol } from './services.ts';
import { Http1Upstream } from './upstreamHttp1.ts';
import { Http2Upstream } from './upstreamHttp2.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** The first one is `Host`. */
  readonly headers: HeaderList;
  /** `stream`: written to what `onConnected` gives. */
  readonly body: Buffer | null | 'stream';
}

export interface UpstreamHead {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  /** HTTP/2: the headers ended the stream (gRPC's "trailers-only"), which the client has to see just so. */
  readonly isHeadersOnly: boolean;
}

/** `invalid`: it can't be sent as it is. `unsent`: the backend has seen nothing of it. `sent`: it may have seen all. */
export type FailedAt = 'invalid' | 'unsent' | 'sent';

/** What comes of a request, in this order; an error ends it. */
export interface UpstreamReceiver {
  /** With where to write a body that is streamed. Nothing of it was taken before. */
  onConnected(body: Writable | undefined): void;
  onResponse(head: UpstreamHead): void;
  onData(chunk: Buffer): void;
  onEnd(trailers: readonly string[]): void;
  /** Before the response. May come before `send` has returned. */
  onError(error: Error, at: FailedAt): void;
  /** The response has begun and doesn't come to its end. */
  onBroken(): void;
}

export interface UpstreamCall {
  /** Its receiver is called no more. */
  abort(): void;
  pause(): void;
  resume(): void;
}

const REFUSED_PAUSE_MS = 1_000;

export class UpstreamPool {
  readonly #http1 = new Http1Upstream();
  readonly #http2 = new Http2Upstream();
  readonly #refused = new Map<string, number>();

  send(
    target: Target,
    protocol: BackendProtocol,
    request: UpstreamRequest,
    receiver: UpstreamReceiver,
  ): UpstreamCall {
    return (protocol === 'h2c' ? this.#http2 : this.#http1).send(target, request, receiver);
  }

  /** Endpoints from `first` on, those that just refused a connection last. */
  order(endpoints: readonly Target[], first: number): readonly Target[] {
    if (endpoints.length < 2) return endpoints;
    const at = first % endpoints.length;
    const rotated = [...endpoints.slice(at), ...endpoints.slice(0, at)];
    if (this.#refused.size === 0) return rotated;
    const isWell = (target: Target): boolean => !this.#isRefusing(target);
    return [...rotated.filter(isWell), ...rotated.filter((target) => !isWell(target))];
  }

  /** The endpoint takes no connections: others are asked first for a while. */
  markRefused({ host, port }: Target): void {
    this.#refused.set(`${host}:${port}`, performance.now() + REFUSED_PAUSE_MS);
  }

  async close(): Promise<void> {
    this.#http2.close();
    await this.#http1.close();
  }

  #isRefusing({ host, port }: Target): boolean {
    const key = `${host}:${port}`;
    const until = this.#refused.get(key);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#refused.delete(key);
    return false;
  }
}
