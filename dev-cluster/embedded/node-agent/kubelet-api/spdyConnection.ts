/** The serving side of a SPDY/3.1 connection: the peer opens streams, both sides read and write them. */
import { Duplex } from 'node:stream';
import {
  readFrames,
  SPDY_CANCEL,
  SPDY_PROTOCOL_ERROR,
  SpdyError,
  SpdyFrameWriter,
  type SpdyFrame,
  type SpdyHeaders,
} from './spdyFrames.ts';

/** How long the peer may take to close after our good-bye. */
const LINGER_MS = 10_000;
/** What a stream holds that nobody reads; then the whole connection waits, as SPDY/3.1 here has no flow control. */
const STREAM_BUFFER = 256 * 1024;

/** Readable: what the peer sends. Writable: what it gets. Destroying it resets it. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #send: (frame: Buffer, done: (error?: Error | null) => void) => void;
  readonly #frames: SpdyFrameWriter;
  #wantsMore: (() => void) | undefined;
  #isReset = false;

  constructor(
    id: number,
    headers: SpdyHeaders,
    frames: SpdyFrameWriter,
    send: (frame: Buffer, done: (error?: Error | null) => void) => void,
  ) {
    super({ readableHighWaterMark: STREAM_BUFFER });
    this.id = id;
    this.headers = headers;
    this.#frames = frames;
    this.#send = send;
  }

  /** The first value of a header. */
  header(name: string): string | undefined {
    return this.headers[name]?.[0];
  }

  /** Resolves when there is room for more. */
  async receive(data: Buffer): Promise<void> {
    if (this.destroyed || this.readableEnded || data.length === 0) return;
    if (this.push(data)) return;
    await new Promise<void>((resolve) => {
      this.#wantsMore = resolve;
    });
  }

  receiveEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  receiveReset(): void {
    this.#isReset = true;
    this.destroy();
  }

  override _read(): void {
    this.#wantsMore?.();
    this.#wantsMore = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(this.#frames.data(this.id, chunk, false), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#send(this.#frames.data(this.id, Buffer.alloc(0), true), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // As the Go library: who has said its last word doesn't reset.
    if (!this.writableFinished && !this.#isReset)
      this.#send(this.#frames.reset(this.id, SPDY_CANCEL), () => undefined);
    this.#isReset = true;
    this.#wantsMore?.();
    done(error);
  }
}

export interface SpdyHandler {
  /** False refuses the stream. */
  accepts(headers: SpdyHeaders): boolean;
  onStream(stream: SpdyStream): void;
}

export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #frames = new SpdyFrameWriter();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #handler: SpdyHandler;
  readonly #closed = new AbortController();
  #lastStream = 0;
  #isClosing = false;

  constructor(socket: Duplex, handler: SpdyHandler) {
    this.#socket = socket;
    this.#handler = handler;
    socket.on('error', () => undefined); // It closes, which is all there is to know.
    socket.once('close', () => this.#end());
    this.#serve().catch(() => socket.destroy());
  }

  /** Aborts when the peer is gone or the connection has ended. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Says good-bye after all that was written; streams still open are reset. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    for (const stream of this.#streams.values()) stream.destroy();
    this.#socket.end(this.#frames.goAway(this.#lastStream));
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  async #serve(): Promise<void> {
    // A socket closed with unread bytes resets the connection and loses what is under way: read to its end.
    for await (const frame of readFrames(this.#socket as AsyncIterable<Buffer>)) await this.#take(frame);
    if (!this.#isClosing) this.close();
  }

  async #take(frame: SpdyFrame): Promise<void> {
    switch (frame.type) {
      case 'synStream': {
        this.#open(frame.id, frame.headers, frame.isFinal);
        return;
      }
      case 'data': {
        const stream = this.#streams.get(frame.id);
        await stream?.receive(frame.data);
        if (frame.isFinal) stream?.receiveEnd();
        return;
      }
      case 'reset':
        this.#streams.get(frame.id)?.receiveReset();
        return;
      case 'ping':
        this.#send(this.#frames.ping(frame.id), () => undefined);
        return;
      case 'headers':
        if (frame.isFinal) this.#streams.get(frame.id)?.receiveEnd();
        return;
      case 'goAway':
      case 'synReply':
      case 'other':
        return;
    }
  }

  #open(id: number, headers: SpdyHeaders, isFinal: boolean): void {
    if (id <= this.#lastStream || id % 2 === 0) throw new SpdyError(`The peer may not open stream ${id}.`);
    this.#lastStream = id;
    if (this.#isClosing) return;
    if (!this.#handler.accepts(headers)) {
      this.#send(this.#frames.reset(id, SPDY_PROTOCOL_ERROR), () => undefined);
      return;
    }
    const stream = new SpdyStream(id, headers, this.#frames, this.#send);
    this.#streams.set(id, stream);
    stream.once('close', () => this.#streams.delete(id));
    stream.on('error', () => undefined); // It closes, which is all there is to know.
    // Before anything is written on it: the peer drops data that comes before the reply.
    this.#send(this.#frames.synReply(id), () => undefined);
    this.#handler.onStream(stream);
    if (isFinal) stream.receiveEnd();
  }

  readonly #send = (frame: Buffer, done: (error?: Error | null) => void): void => {
    if (this.#socket.writable) this.#socket.write(frame, done);
    else done(this.#closed.signal.aborted ? new SpdyError('The connection is closed.') : null);
  };

  #end(): void {
    this.#isClosing = true;
    this.#closed.abort();
    for (const stream of this.#streams.values()) stream.receiveReset();
  }
}
