/** A client's connections to a pod's ports, many over one SPDY connection or WebSocket. */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { asError } from '../../../../src/core/base/errors.ts';
import type { PodRuntime } from '../contract.ts';
import { ChannelSocket, commonChannelProtocol, isWebSocketRequest } from './channelSocket.ts';
import { SpdyConnection, type SpdyStream } from './spdyConnection.ts';
import type { SpdyHeaders } from './spdyFrames.ts';
import { acceptSpdy, RefusedRequest } from './upgrade.ts';

const PROTOCOL = 'portforward.k8s.io';

interface StreamPair {
  readonly port: number;
  data?: Duplex;
  error?: Writable;
}

/** Throws a RefusedRequest before the request is answered. Resolves when the client has gone or the signal aborts. */
export async function forwardPorts(
  pod: PodRuntime,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { query, signal }: { readonly query: URLSearchParams; readonly signal: AbortSignal },
): Promise<void> {
  if (isWebSocketRequest(request)) await overWebSocket(pod, request, socket, head, query, signal);
  else await overSpdy(pod, request, socket, head, signal);
}

async function overSpdy(
  pod: PodRuntime,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  signal: AbortSignal,
): Promise<void> {
  acceptSpdy(request, socket, head, [PROTOCOL]);
  const pairs = new Map<string, StreamPair>();
  const connection = new SpdyConnection(socket, {
    accepts: (headers) => portOf(headers) !== undefined && typeOf(headers) !== undefined,
    onStream: (stream) => {
      const [port, type, id] = [portOf(stream.headers), typeOf(stream.headers), requestId(stream)];
      if (port === undefined || type === undefined) return;
      const pair = pairs.get(id) ?? { port };
      pairs.set(id, pair);
      if (pair[type] !== undefined) {
        stream.destroy();
        return;
      }
      pair[type] = stream;
      // The client may leave before it has opened both.
      stream.once('close', () => pairs.delete(id));
      if (pair.data === undefined || pair.error === undefined) return;
      pairs.delete(id);
      forward(pod, pair.port, pair.data, pair.error, true);
    },
  });
  await ended(connection.closed, signal);
  connection.close();
}

async function overWebSocket(
  pod: PodRuntime,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<void> {
  const ports = [...query.getAll('port'), ...query.getAll('ports')]
    .flatMap((text) => text.split(','))
    .map(parsedPort);
  if (ports.length === 0) throw new RefusedRequest(400, 'query parameter "port" is required');
  if (ports.includes(undefined))
    throw new RefusedRequest(400, 'query parameter "port" must be a list of ports');
  const protocol = commonChannelProtocol(request);
  if (protocol === undefined)
    throw new RefusedRequest(400, 'unable to upgrade: no WebSocket protocol in common');
  const channels = await ChannelSocket.accept(request, socket, head, { protocol, count: 2 * ports.length });
  let open = ports.length;
  for (const [index, port = 0] of ports.entries()) {
    const [data, error] = [channels.channel(2 * index), channels.channel(2 * index + 1)];
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(port);
    data.write(bytes);
    error.write(bytes);
    error.resume();
    // There is no half-close in v4: the connection ends with its last port.
    error.once('finish', () => {
      open -= 1;
      if (open === 0) channels.close();
    });
    forward(pod, port, data, error, false);
  }
  await ended(channels.closed, signal);
  channels.close();
}

/**
 * Copies both ways until both have ended, or, where the client can't end its side alone, until the pod's has; a failure
 * is told on `error`, which also ends when all is done.
 */
function forward(pod: PodRuntime, port: number, data: Duplex, error: Writable, allowHalfOpen: boolean): void {
  const local = connect({ host: '127.0.0.1', port: pod.hostPort(port), allowHalfOpen });
  const fail = (cause: unknown): void => {
    const { name, uid } = pod.pod.metadata ?? {};
    const message = `error forwarding port ${port} to pod ${name ?? ''}, uid ${uid ?? ''}: ${asError(cause).message}`;
    if (!error.writableEnded) error.end(message);
    data.destroy();
    local.destroy();
  };
  local.once('error', fail);
  local.setNoDelay(true);
  data.pipe(local);
  local.pipe(data);
  data.once('error', () => local.destroy());
  data.once('close', () => {
    if (!local.readableEnded || !local.writableFinished) local.destroy();
  });
  local.once('close', () => {
    if (!data.writableEnded) data.end();
    if (!error.writableEnded) error.end();
  });
}

function typeOf({ streamtype }: SpdyHeaders): 'data' | 'error' | undefined {
  const type = streamtype?.[0];
  return type === 'data' || type === 'error' ? type : undefined;
}

const portOf = (headers: SpdyHeaders): number | undefined => parsedPort(headers['port']?.[0] ?? '');

function parsedPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Old clients send none: their error stream comes first, the data stream follows it. */
function requestId(stream: SpdyStream): string {
  const id = stream.header('requestid');
  if (id !== undefined && id !== '') return id;
  return `stream ${stream.header('streamtype') === 'error' ? stream.id : stream.id - 2}`;
}

async function ended(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  if (any.aborted) return;
  await new Promise<void>((resolve) => any.addEventListener('abort', () => resolve(), { once: true }));
}
