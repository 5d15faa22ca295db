/** A request's body on its way to a backend: small ones whole, others as they come, kept when they may go out again. */
import type { Readable, Writable } from 'node:stream';
import type { Incoming } from './respond.ts';

/** Bodies up to this many bytes are kept for a retry or a mirror; larger ones get neither. */
const MOST_KEPT_BYTES = 4 * 1024 * 1024;
/** A body of known length up to this goes out whole: nearly all of them, and it costs half. */
const MOST_WHOLE_BYTES = 64 * 1024;

export class RequestBody {
  readonly exists: boolean;
  /** It is read first and sent at once; otherwise it is streamed. */
  readonly isSmall: boolean;
  bytes = 0;
  readonly #request: Incoming;
  readonly #kept: Buffer[] = [];
  readonly #listeners: ((body: Buffer | null) => void)[] = [];
  #isKept: boolean;
  #isReading = false;
  #hasEnded = false;
  #sink: Writable | undefined;

  constructor(request: Incoming, isKept: boolean) {
    this.#request = request;
    this.exists = hasBody(request);
    const length = Number(request.headers['content-length'] ?? Number.NaN);
    this.isSmall = !this.exists || length <= MOST_WHOLE_BYTES;
    this.#isKept = isKept || this.isSmall;
  }

  get canReplay(): boolean {
    return !this.exists || this.#isKept;
  }

  /** Calls with the whole body as soon as it has come; never when it is too large to keep. */
  onWhole(listener: (body: Buffer | null) => void): void {
    if (!this.exists) listener(null);
    else if (this.#hasEnded) this.#tell(listener);
    else {
      this.#listeners.push(listener);
      if (this.isSmall) this.#read(this.#request);
    }
  }

  /** Writes what has come and what still comes; an earlier sink gets no more. */
  sendTo(sink: Writable): void {
    this.#sink = sink;
    for (const chunk of this.#kept) sink.write(chunk);
    if (this.#hasEnded) sink.end();
    sink.on('drain', () => {
      if (this.#sink === sink) this.#request.resume();
    });
    if (this.#isReading) this.#request.resume();
    else this.#read(this.#request);
  }

  /** Nobody wants the rest: it is read and dropped, so that the connection can go on. */
  stop(): void {
    this.#sink = undefined;
    if (this.exists && !this.#hasEnded) this.#request.resume();
  }

  #read(request: Readable): void {
    if (this.#isReading) return;
    this.#isReading = true;
    request.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.bytes > MOST_KEPT_BYTES) {
        this.#isKept = false;
        this.#kept.length = 0;
      }
      if (this.#isKept) this.#kept.push(chunk);
      if (this.#sink?.destroyed === false && !this.#sink.write(chunk)) request.pause();
    });
    request.once('end', () => {
      this.#hasEnded = true;
      this.#sink?.end();
      for (const listener of this.#listeners.splice(0)) this.#tell(listener);
    });
  }

  #tell(listener: (body: Buffer | null) => void): void {
    const [first, ...more] = this.#kept;
    if (this.#isKept) listener(more.length === 0 ? (first ?? null) : Buffer.concat(this.#kept));
  }
}

function hasBody(request: Incoming): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return (
    headers['transfer-encoding'] !== undefined ||
    (headers['content-length'] !== undefined && headers['content-length'] !== '0')
  );
}
