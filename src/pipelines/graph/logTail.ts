/**
 * The log of the attempt on show: one stream at a time, of which the newest part is kept, and read by position so that
 * a page that reloads can start over.
 */
import type { KfpApi } from '../../clients/kfp/api.ts';
import { delay } from '../../core/base/abort.ts';
import type { Disposable } from '../../core/base/disposable.ts';
import { isAbort, SlipwayError } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import type { LogChunk } from '../../core/protocol/runGraph.ts';

/** UTF-16 units: between this and twice as many are kept in memory, and sent at once at most. */
const KEEP = 200_000;
const LONGEST_WAIT_MS = 20_000;
/** A step that prints line by line is told in handfuls. */
const GATHER_MS = 50;

export class LogTail implements Disposable {
  #stream: LogStream | undefined;

  /** Waits for text beyond `from`, or the end, but no longer than 20 s; then the text may be empty. */
  async read(
    api: KfpApi,
    runId: string,
    attempt: string,
    from: number,
    signal: AbortSignal,
  ): Promise<LogChunk> {
    const key = `${runId} ${attempt}`;
    // From the start means from a fresh stream: the attempt may have written since, or the last stream failed.
    if (this.#stream?.key !== key || this.#stream.api !== api || (from === 0 && this.#stream.hasEnded)) {
      this.#stream?.dispose();
      this.#stream = new LogStream(key, api, runId, attempt);
    }
    return this.#stream.read(from, signal);
  }

  dispose(): void {
    this.#stream?.dispose();
    this.#stream = undefined;
  }
}

class LogStream implements Disposable {
  readonly key: string;
  readonly api: KfpApi;
  readonly #abort = new AbortController();
  readonly #grew = new Emitter<void>();
  #text = '';
  /** Position of the first kept character. */
  #start = 0;
  #hasEnded = false;
  #error: unknown;

  constructor(key: string, api: KfpApi, runId: string, attempt: string) {
    this.key = key;
    this.api = api;
    void this.#pump(runId, attempt);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async read(from: number, signal: AbortSignal): Promise<LogChunk> {
    if (from >= this.#start + this.#text.length && !this.#hasEnded) {
      await this.#growth(signal);
      if (!this.hasEnded) await delay(GATHER_MS, signal);
    }
    signal.throwIfAborted();
    const end = this.#start + this.#text.length;
    if (this.#error !== undefined && from >= end) {
      if (isAbort(this.#error)) throw new SlipwayError('cancelled', 'The log is no longer followed.');
      throw this.#error instanceof Error ? this.#error : new Error('Reading the log failed.');
    }
    const at = Math.max(0, Math.min(from, end) - this.#start);
    return {
      text: this.#text.slice(at),
      next: end,
      isGap: from < this.#start,
      hasEnded: this.#hasEnded && this.#error === undefined,
    };
  }

  dispose(): void {
    this.#abort.abort();
    this.#grew.fire();
    this.#grew.dispose();
  }

  /** Resolves on more text, on the end, or after the longest wait; rejects when aborted. */
  async #growth(signal: AbortSignal): Promise<void> {
    let subscription: Disposable | undefined;
    const grown = new Promise<undefined>((resolve) => {
      subscription = this.#grew.event(() => resolve(undefined));
    });
    const stop = new AbortController();
    try {
      await Promise.race([grown, delay(LONGEST_WAIT_MS, AbortSignal.any([signal, stop.signal]))]);
    } finally {
      subscription?.dispose();
      stop.abort();
    }
  }

  /** Never rejects. */
  async #pump(runId: string, attempt: string): Promise<void> {
    try {
      for await (const chunk of this.api.log(runId, attempt, { follow: true }, this.#abort.signal)) {
        this.#text += chunk;
        // By halves, so that not every chunk copies everything that is kept.
        if (this.#text.length > 2 * KEEP) {
          const drop = this.#text.length - KEEP;
          this.#text = this.#text.slice(drop);
          this.#start += drop;
        }
        this.#grew.fire();
      }
    } catch (error) {
      this.#error = error;
    }
    this.#hasEnded = true;
    this.#grew.fire();
  }
}
