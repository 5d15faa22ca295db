/** The streams of one exec or attach, over SPDY or WebSocket alike. */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Status } from '../../../../src/clients/kubernetes/model.ts';
import { ChannelSocket, commonChannelProtocol, isWebSocketRequest } from './channelSocket.ts';
import { SpdyConnection, type SpdyStream } from './spdyConnection.ts';
import { acceptSpdy, RefusedRequest } from './upgrade.ts';

export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface RemoteStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** JSON `{"Width":…,"Height":…}` for each size of the client's terminal. */
  readonly resize: Readable | undefined;
  /** Aborts when the client is gone. */
  readonly closed: AbortSignal;
  /** The last thing the client hears; then the connection ends. */
  finish(status: Status): Promise<void>;
}

/** Since Kubernetes 1.4: the end is told as a Status in JSON. */
const SPDY_PROTOCOL = 'v4.channel.k8s.io';
const STREAMS_TIMEOUT_MS = 30_000;
const STREAM_TYPES = ['error', 'stdin', 'stdout', 'stderr', 'resize'];

/** As the request's query says; throws a RefusedRequest when it asks for no stream at all. */
export function streamOptions(query: URLSearchParams): StreamOptions {
  const isSet = (...names: readonly string[]): boolean =>
    names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  const tty = isSet('tty');
  const options = {
    stdin: isSet('input', 'stdin'),
    stdout: isSet('output', 'stdout'),
    // A terminal has one output.
    stderr: isSet('error', 'stderr') && !tty,
    tty,
  };
  if (!options.stdin && !options.stdout && !options.stderr)
    throw new RefusedRequest(400, 'you must specify at least 1 of stdin, stdout, stderr');
  return options;
}

/** Resolves when the client has opened all its streams; throws a RefusedRequest before the request is answered. */
export async function openRemoteStreams(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: StreamOptions,
): Promise<RemoteStreams> {
  return isWebSocketRequest(request)
    ? overWebSocket(request, socket, head, options)
    : overSpdy(request, socket, head, options);
}

async function overWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: StreamOptions,
): Promise<RemoteStreams> {
  const protocol = commonChannelProtocol(request);
  if (protocol === undefined)
    throw new RefusedRequest(400, 'unable to upgrade: no WebSocket protocol in common');
  const channels = await ChannelSocket.accept(request, socket, head, { protocol, count: 5 });
  const channel = (number: number, isWanted: boolean): Duplex | undefined => {
    if (isWanted) return channels.channel(number);
    channels.channel(number).resume(); // What nobody asked for must not hold up the rest.
    return undefined;
  };
  const [stdin, stdout, stderr] = [
    channel(0, options.stdin),
    channel(1, options.stdout),
    channel(2, options.stderr),
  ];
  const error = channels.channel(3);
  // An empty message tells the client that the streams are there.
  (stdout ?? stderr ?? error).write(Buffer.alloc(0));
  return {
    stdin,
    stdout,
    stderr,
    resize: channel(4, options.tty),
    closed: channels.closed,
    finish: async (status) => {
      await written(error, JSON.stringify(status));
      channels.close();
    },
  };
}

async function overSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: StreamOptions,
): Promise<RemoteStreams> {
  const expected = new Set(STREAM_TYPES.filter((type) => isExpected(type, options)));
  const streams = new Map<string, SpdyStream>();
  const complete = Promise.withResolvers<undefined>();
  acceptSpdy(request, socket, head, [SPDY_PROTOCOL]);
  const connection = new SpdyConnection(socket, {
    accepts: ({ streamtype }) => {
      const type = streamtype?.[0] ?? '';
      return expected.has(type) && !streams.has(type);
    },
    onStream: (stream) => {
      streams.set(stream.header('streamtype') ?? '', stream);
      if (streams.size === expected.size) complete.resolve(undefined);
    },
  });
  const limit = AbortSignal.any([connection.closed, AbortSignal.timeout(STREAMS_TIMEOUT_MS)]);
  limit.addEventListener('abort', () => complete.reject(limit.reason));
  try {
    await complete.promise;
  } catch (error) {
    connection.close();
    throw error;
  }
  const error = streams.get('error');
  return {
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    resize: streams.get('resize'),
    closed: connection.closed,
    finish: async (status) => {
      if (error !== undefined) await written(error, JSON.stringify(status));
      connection.close();
    },
  };
}

function isExpected(type: string, options: StreamOptions): boolean {
  switch (type) {
    case 'stdin':
      return options.stdin;
    case 'stdout':
      return options.stdout;
    case 'stderr':
      return options.stderr;
    case 'resize':
      return options.tty;
    default:
      return true;
  }
}

/** Ends the stream with this text; a client that has gone misses it. */
async function written(stream: Writable, text: string): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.end(text, () => resolve());
  });
}
