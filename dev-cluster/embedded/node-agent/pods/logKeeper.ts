/** Watches a container's log: when it grew goes into its index (`logIndex.ts`), and at 10 MiB it is rotated. */
import { watch, type FSWatcher } from 'node:fs';
import { appendFile, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { logIndexLine, logIndexPath } from '../logIndex.ts';

const LARGEST_BYTES = 10 * 1024 * 1024;
/** With the current one. */
const LARGEST_COUNT = 5;
/** Growth within this time counts as one. */
const QUIET_MS = 50;

export interface LogLimits {
  readonly bytes: number;
  readonly count: number;
}

export class LogKeeper {
  readonly #path: string;
  readonly #limits: LogLimits;
  readonly #onError: (error: unknown) => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #size = -1;
  /** Numbers of rotated parts, ascending: `log.3` is older than `log.4`. */
  #parts: readonly number[];

  constructor(
    path: string,
    parts: readonly number[],
    onError: (error: unknown) => void,
    limits: LogLimits = { bytes: LARGEST_BYTES, count: LARGEST_COUNT },
  ) {
    this.#path = path;
    this.#parts = parts;
    this.#onError = onError;
    this.#limits = limits;
  }

  /** Older first; the last is the one written to. */
  get files(): readonly string[] {
    return [...this.#parts.map((part) => `${this.#path}.${part}`), this.#path];
  }

  start(): void {
    this.#watcher = watch(dirname(this.#path), (_, name) => {
      if (name === null || this.#path.endsWith(`/${name}`)) this.#schedule();
    });
    this.#watcher.on('error', this.#onError);
    this.#schedule();
  }

  /** After the last byte was written: the index has it. */
  async stop(): Promise<void> {
    this.#watcher?.close();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#look();
    await this.#work;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, QUIET_MS);
  }

  #look(): void {
    this.#work = this.#work.then(() => this.#record()).catch(this.#onError);
  }

  async #record(): Promise<void> {
    const { size } = await stat(this.#path).catch(() => ({ size: 0 }));
    if (size === this.#size || size === 0) return;
    this.#size = size;
    await appendFile(logIndexPath(this.#path), logIndexLine({ time: Date.now(), size }), { mode: 0o600 });
    if (size > this.#limits.bytes) await this.#rotate();
  }

  /**
   * The writers keep their file, which they append to: its content is copied away, then it is cut to nothing. What is
   * written between the last copy and the cut would be lost, so the copy goes on until there is nothing more.
   */
  async #rotate(): Promise<void> {
    const part = (this.#parts.at(-1) ?? 0) + 1;
    const target = `${this.#path}.${part}`;
    const [from, to] = await Promise.all([open(this.#path, 'r'), open(target, 'w', 0o600)]);
    try {
      const buffer = Buffer.allocUnsafe(1024 * 1024);
      for (let position = 0; ;) {
        const { bytesRead } = await from.read({ buffer, position });
        if (bytesRead === 0) break;
        await to.write(buffer, 0, bytesRead, position);
        position += bytesRead;
      }
      await truncate(this.#path, 0);
    } finally {
      await Promise.all([from.close(), to.close()]);
    }
    await rename(logIndexPath(this.#path), logIndexPath(target));
    this.#size = 0;
    this.#parts = [...this.#parts, part];
    const outdated = this.#parts.slice(0, Math.max(0, this.#parts.length - this.#limits.count + 1));
    this.#parts = this.#parts.slice(outdated.length);
    for (const old of outdated) {
      await rm(`${this.#path}.${old}`, { force: true });
      await rm(logIndexPath(`${this.#path}.${old}`), { force: true });
    }
  }
}
