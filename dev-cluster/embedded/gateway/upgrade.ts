/** Requests that take their connection over (WebSocket): after the backend's 101 the two sockets are joined. */
import { request as send, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HeaderList } from './headers.ts';
import type { ServicePort } from './services.ts';
import type { UpstreamPool } from './upstream.ts';

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent after its headers. */
  readonly head: Buffer;
  readonly path: string;
  readonly headers: HeaderList;
  readonly servicePort: ServicePort;
  readonly pool: UpstreamPool;
}

export function upgrade({ request, socket, head, path, headers, servicePort, pool }: Upgrade): void {
  const [target] = pool.order(servicePort.endpoints, servicePort.cursor());
  socket.on('error', () => socket.destroy());
  if (target === undefined) {
    refuse(socket, 503, 'Service Unavailable');
    return;
  }
  const call = send({
    host: target.host,
    port: target.port,
    method: request.method,
    path,
    headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? 'websocket'],
    agent: false,
    setHost: false,
  });
  call.once('upgrade', (response, upstream, upstreamHead) => {
    socket.write(headText(response));
    if (upstreamHead.length > 0) socket.write(upstreamHead);
    if (head.length > 0) upstream.write(head);
    join(socket, upstream);
  });
  // The backend declined: its response goes back as it is, and the connection ends with it.
  call.once('response', (response) => {
    socket.write(headText(response, 'Connection: close\r\n'));
    response.pipe(socket);
  });
  call.once('error', () => refuse(socket, 502, 'Bad Gateway'));
  socket.once('close', () => call.destroy());
  call.end();
}

/** Bytes both ways until one side ends; a broken side takes the other with it. */
export function join(a: Duplex, b: Duplex): void {
  a.pipe(b);
  b.pipe(a);
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on('error', () => other.destroy());
    one.once('close', () => other.destroy());
  }
}

function refuse(socket: Duplex, status: number, text: string): void {
  if (!socket.writable) return;
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function headText(response: IncomingMessage, extra = ''): string {
  const { rawHeaders, statusCode = 502, statusMessage = '' } = response;
  let text = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const isFraming = extra !== '' && /^(connection|transfer-encoding|keep-alive)$/i.test(name);
    if (!isFraming) text += `${name}: ${rawHeaders[index + 1] ?? ''}\r\n`;
  }
  return `${text}${extra}\r\n`;
}
