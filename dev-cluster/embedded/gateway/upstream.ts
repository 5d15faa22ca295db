/** Connections to pods, kept open between requests: HTTP/1.1 and HTTP/2 without TLS behind one interface. */
import { Agent, request, type IncomingMessage } from 'node:http';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { Target } from './addresses.ts';
import { headerObject, type HeaderList } from './headers.ts';
import type { BackendProtocol } from './services.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** The first one is `Host`. */
  readonly headers: HeaderList;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  /** HTTP/2: the headers ended the stream (gRPC's "trailers-only"), which the client has to see just so. */
  readonly isHeadersOnly: boolean;
  readonly body: Readable;
  /** Complete when the body has ended. */
  readonly trailers: () => readonly string[];
}

export interface UpstreamHandlers {
  /** Connected: the body can be sent. Nothing of it was taken before. */
  readonly onReady: (body: Writable) => void;
  readonly onResponse: (response: UpstreamResponse) => void;
  /** Before the response; later the body breaks instead. `isUnsent`: the backend has seen nothing of the request. */
  readonly onError: (error: Error, isUnsent: boolean) => void;
}

export interface UpstreamCall {
  abort(): void;
}

/** Below uvicorn's 5 s: a connection that the server is about to close is not used again. */
const IDLE_MS = 4_000;
const REFUSED_PAUSE_MS = 1_000;

export class UpstreamPool {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: IDLE_MS, scheduling: 'lifo' });
  readonly #sessions = new Map<string, ClientHttp2Session>();
  readonly #refused = new Map<string, number>();

  send(
    target: Target,
    protocol: BackendProtocol,
    message: UpstreamRequest,
    handlers: UpstreamHandlers,
  ): UpstreamCall {
    return protocol === 'h2c'
      ? this.#sendHttp2(target, message, handlers)
      : this.#sendHttp1(target, message, handlers);
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

  close(): void {
    this.#agent.destroy();
    for (const session of this.#sessions.values()) session.destroy();
    this.#sessions.clear();
  }

  #isRefusing({ host, port }: Target): boolean {
    const key = `${host}:${port}`;
    const until = this.#refused.get(key);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#refused.delete(key);
    return false;
  }

  #sendHttp1(
    { host, port }: Target,
    { method, path, headers }: UpstreamRequest,
    { onReady, onResponse, onError }: UpstreamHandlers,
  ): UpstreamCall {
    const call = request({ host, port, method, path, headers, agent: this.#agent, setHost: false });
    let isConnected = false;
    let hasResponse = false;
    const connected = (): void => {
      isConnected = true;
      onReady(call);
    };
    call.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
    call.once('response', (response: IncomingMessage) => {
      hasResponse = true;
      onResponse({
        status: response.statusCode ?? 502,
        rawHeaders: response.rawHeaders,
        isHeadersOnly: false,
        body: response,
        trailers: () => response.rawTrailers,
      });
    });
    call.on('error', (error) => {
      if (!hasResponse) onError(error, !isConnected);
    });
    return { abort: () => call.destroy() };
  }

  #sendHttp2(
    target: Target,
    { method, path, headers }: UpstreamRequest,
    { onReady, onResponse, onError }: UpstreamHandlers,
  ): UpstreamCall {
    const session = this.#session(target);
    const authority = headers[1] ?? '';
    let stream: ClientHttp2Stream | undefined;
    let isAborted = false;
    let hasResponse = false;
    const fail = (error: Error): void => {
      if (hasResponse || isAborted) return;
      hasResponse = true;
      onError(error, stream === undefined);
    };
    const start = (): void => {
      session.off('error', fail);
      if (isAborted) return;
      try {
        stream = session.request(
          {
            ...headerObject(headers),
            ':method': method,
            ':path': path,
            ':scheme': 'http',
            ':authority': authority,
          },
          { endStream: false },
        );
      } catch (error) {
        // The session ended since it was found.
        fail(error as Error);
        return;
      }
      let trailers: HeaderList = [];
      stream.once('response', (response, flags) => {
        hasResponse = true;
        if (stream === undefined) return;
        onResponse({
          status: response[':status'] ?? 502,
          rawHeaders: flatten(response),
          isHeadersOnly: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
          body: stream,
          trailers: () => trailers,
        });
      });
      stream.on('trailers', (received: IncomingHttpHeaders) => {
        trailers = flatten(received);
      });
      stream.on('error', fail);
      stream.once('close', () => fail(new Error('The backend ended the stream without a response.')));
      onReady(stream);
    };
    if (session.connecting) {
      session.once('connect', start);
      session.once('error', fail);
    } else start();
    return {
      abort: () => {
        isAborted = true;
        stream?.close(constants.NGHTTP2_CANCEL);
      },
    };
  }

  #session({ host, port }: Target): ClientHttp2Session {
    const key = `${host}:${port}`;
    const known = this.#sessions.get(key);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect(`http://${key}`, { settings: { enablePush: false } });
    this.#sessions.set(key, session);
    const forget = (): void => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    };
    session.on('error', forget);
    session.once('goaway', forget);
    session.once('close', forget);
    session.setTimeout(60_000, () => session.close());
    return session;
  }
}

function flatten(headers: IncomingHttpHeaders): HeaderList {
  const list: HeaderList = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    if (typeof value === 'string') list.push(name, value);
    else for (const one of value) list.push(name, one);
  }
  return list;
}
