/**
 * Several streams over one WebSocket, the first byte of each message being the channel: `v4.channel.k8s.io`, which Python's
 * and older clients speak through the API server, and v5 with its half-close.
 */
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';

const CHANNEL_PROTOCOLS: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** In v5: what follows is the number of a channel that its sender has closed. */
const CLOSE_CHANNEL = 255;
const LARGEST_MESSAGE = 16 * 1024 * 1024;
const CHANNEL_BUFFER = 256 * 1024;

/** True for a request that wants WebSocket rather than SPDY. */
export function isWebSocketRequest(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** The protocol that both sides speak, the newest first; `undefined` when there is none. */
export function commonChannelProtocol(request: IncomingMessage): string | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return CHANNEL_PROTOCOLS.find((protocol) => offered.includes(protocol));
}

export class ChannelSocket {
  readonly #socket: WebSocket;
  readonly #channels: readonly Channel[];
  readonly #closed = new AbortController();

  constructor(socket: WebSocket, count: number) {
    this.#socket = socket;
    this.#channels = Array.from({ length: count }, (_, number) => new Channel(number, socket));
    socket.on('message', (message) => this.#take(message));
    socket.on('error', () => undefined); // It closes, which is all there is to know.
    socket.on('close', () => {
      this.#closed.abort();
      for (const channel of this.#channels) channel.destroy();
    });
  }

  /** Answers the upgrade. The protocol must be one that the client offered. */
  static async accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { protocol, count }: { readonly protocol: string; readonly count: number },
  ): Promise<ChannelSocket> {
    const server = new WebSocketServer({
      noServer: true,
      maxPayload: LARGEST_MESSAGE,
      handleProtocols: () => protocol,
    });
    return new Promise((resolve) => {
      server.handleUpgrade(request, socket, head, (accepted) => resolve(new ChannelSocket(accepted, count)));
    });
  }

  /** Aborts when the peer is gone or the connection has ended. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  channel(number: number): Duplex {
    const channel = this.#channels[number];
    if (channel === undefined) throw new RangeError(`There is no channel ${number}.`);
    return channel;
  }

  /** After all that was written. */
  close(): void {
    this.#socket.resume();
    this.#socket.close(1000);
  }

  #take(message: RawData): void {
    const bytes = Buffer.isBuffer(message) ? message : Buffer.concat([message].flat().map(toBuffer));
    const number = bytes[0];
    if (number === CLOSE_CHANNEL && bytes[1] !== undefined) this.#channels[bytes[1]]?.receiveEnd();
    else if (number !== undefined) this.#channels[number]?.receive(bytes.subarray(1));
  }
}

const toBuffer = (part: ArrayBuffer | Buffer): Buffer => (Buffer.isBuffer(part) ? part : Buffer.from(part));

class Channel extends Duplex {
  readonly #number: number;
  readonly #socket: WebSocket;

  constructor(number: number, socket: WebSocket) {
    super({ readableHighWaterMark: CHANNEL_BUFFER, autoDestroy: false });
    this.#number = number;
    this.#socket = socket;
    this.on('error', () => undefined);
  }

  receive(data: Buffer): void {
    if (this.destroyed || this.readableEnded || data.length === 0) return;
    if (!this.push(data)) this.#socket.pause();
  }

  receiveEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat([Buffer.from([this.#number]), chunk]), done);
  }
}
