/** HTTP/1.1, WebSockets and HTTP/2 without TLS on one port: the first bytes tell which it is. */
import { createServer as createHttp1, type IncomingMessage } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Incoming, Outgoing } from './respond.ts';

export interface DoorHandlers {
  readonly onRequest: (request: Incoming, response: Outgoing) => void;
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** First bytes of every HTTP/2 connection: `PRI * HTTP/2.0`. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP');
const IDLE_MS = 75_000;

/** Takes connections over; they may come from a listener or from a CONNECT. */
export function frontDoor({ onRequest, onUpgrade }: DoorHandlers): (socket: Socket) => void {
  const http1 = createHttp1({ keepAliveTimeout: IDLE_MS, maxHeaderSize: 65_536 }, onRequest);
  http1.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    onUpgrade(request, socket, head),
  );
  http1.on('clientError', (_error, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  const http2 = createHttp2(onRequest);
  http2.on('session', (session) => session.on('error', () => session.destroy()));
  return (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      const length = Math.min(first.length, HTTP2_PREFACE.length);
      const isHttp2 = first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
      (isHttp2 ? http2 : http1).emit('connection', socket);
    });
  };
}
