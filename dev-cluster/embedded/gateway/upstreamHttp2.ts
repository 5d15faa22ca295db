/** HTTP/2 without TLS to pods: one session to each, as gRPC wants it. */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Target } from './addresses.ts';
import { headerObject, type HeaderList } from './headers.ts';
import type { UpstreamCall, UpstreamReceiver, UpstreamRequest } from './upstream.ts';

const IDLE_MS = 60_000;

export class Http2Upstream {
  readonly #sessions = new Map<string, ClientHttp2Session>();

  send(target: Target, request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamCall {
    const session = this.#session(target);
    let stream: ClientHttp2Stream | undefined;
    let state: 'waiting' | 'responding' | 'over' = 'waiting';
    const fail = (error: Error): void => {
      const before = state;
      state = 'over';
      if (before === 'waiting') receiver.onError(error, stream === undefined ? 'unsent' : 'sent');
      else if (before === 'responding') receiver.onBroken();
    };
    const start = (): void => {
      session.off('error', fail);
      if (state === 'over') return;
      try {
        stream = openStream(session, request);
      } catch (error) {
        // The session ended since it was found.
        fail(error as Error);
        return;
      }
      let trailers: HeaderList = [];
      stream.once('response', (response, flags) => {
        if (state !== 'waiting') return;
        state = 'responding';
        receiver.onResponse({
          status: response[':status'] ?? 502,
          rawHeaders: flatten(response),
          isHeadersOnly: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
        });
      });
      stream.on('data', (chunk: Buffer) => {
        if (state === 'responding') receiver.onData(chunk);
      });
      stream.on('trailers', (received: IncomingHttpHeaders) => {
        trailers = flatten(received);
      });
      stream.once('end', () => {
        if (state !== 'responding') return;
        state = 'over';
        receiver.onEnd(trailers);
      });
      stream.on('error', fail);
      stream.once('close', () => fail(new Error('The backend ended the stream without a response.')));
      receiver.onConnected(request.body === 'stream' ? stream : undefined);
      if (request.body !== 'stream') stream.end(request.body ?? undefined);
    };
    if (session.connecting) {
      session.once('connect', start);
      session.once('error', fail);
    } else start();
    return {
      abort: () => {
        state = 'over';
        stream?.close(constants.NGHTTP2_CANCEL);
      },
      pause: () => stream?.pause(),
      resume: () => stream?.resume(),
    };
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
    this.#sessions.clear();
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
    session.setTimeout(IDLE_MS, () => session.close());
    return session;
  }
}

function openStream(
  session: ClientHttp2Session,
  { method, path, headers }: UpstreamRequest,
): ClientHttp2Stream {
  const pseudo = {
    ':method': method,
    ':path': path,
    ':scheme': 'http',
    ':authority': headers[1] ?? '',
  };
  return session.request({ ...headerObject(headers), ...pseudo }, { endStream: false });
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
