/** Answers to requests that want another protocol than HTTP. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Told to the client as this HTTP status instead of an upgrade. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Answers with the first of the client's protocols that is also ours; throws a RefusedRequest when there is none. */
export function acceptSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocols: readonly string[],
): void {
  if (request.headers.upgrade?.toLowerCase() !== 'spdy/3.1')
    throw new RefusedRequest(400, `unable to upgrade: ${request.headers.upgrade ?? ''} is not SPDY/3.1`);
  const offered = [request.headers['x-stream-protocol-version'] ?? []]
    .flat()
    .flatMap((names) => names.split(','))
    .map((name) => name.trim());
  const protocol = offered.find((name) => protocols.includes(name));
  if (protocol === undefined)
    throw new RefusedRequest(
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocols.join(' ')}]`,
    );
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
}

/** Ends the connection with an ordinary HTTP answer. */
export function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  socket.on('error', () => undefined);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
