/** A container's output: raw in files, told by lines, times, and what comes later. */
import { watch, type FSWatcher } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { ContainerRuntime } from '../contract.ts';
import { readLogIndex, timeAt, type LogIndexEntry } from '../logIndex.ts';

export interface LogOptions {
  readonly follow: boolean;
  /** The container's instance before this one. */
  readonly previous: boolean;
  /** Each line begins with the time when it was written. */
  readonly timestamps: boolean;
  /** Only the last lines of what was there when asked. */
  readonly tailLines?: number | undefined;
  /** ms since 1970: only lines from then on. */
  readonly since?: number | undefined;
  readonly limitBytes?: number | undefined;
}

const CHUNK = 64 * 1024;
const NEW_LINE = 0x0a;
/** The file system's notices can be lost; and nobody tells that the container has ended. */
const CHECK_MS = 1_000;

interface LogPart {
  readonly path: string;
  readonly file: FileHandle;
  readonly size: number;
}

interface Position {
  /** Index of the part. */
  readonly part: number;
  readonly offset: number;
}

/**
 * The chosen output; with `follow` until the container's instance ends or the signal aborts, after which nothing more is
 * read. Output that was rotated away meanwhile is left out.
 */
export async function* readLogs(
  container: ContainerRuntime,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const chunks = options.follow ? followed(container, options, signal) : existing(container, options);
  let left = options.limitBytes ?? Infinity;
  for await (const chunk of chunks) {
    if (signal.aborted) return;
    yield left < chunk.length ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function* existing(container: ContainerRuntime, options: LogOptions): AsyncGenerator<Buffer> {
  const parts = await openParts(options.previous ? container.previousLogFiles : container.logFiles);
  try {
    const start = await startOf(parts, options);
    for (const [index, part] of parts.entries()) {
      if (index < start.part) continue;
      const from = index === start.part ? start.offset : 0;
      const bytes = readRange(part.file, from, part.size);
      yield* options.timestamps ? stamped(bytes, from, await readLogIndex(part.path), true) : bytes;
    }
  } finally {
    await Promise.all(parts.map(({ file }) => file.close()));
  }
}

async function* followed(
  container: ContainerRuntime,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { startedAt } = container;
  const isOver = (): boolean => !container.isRunning || container.startedAt !== startedAt;
  const parts = await openParts(container.logFiles);
  const last = parts.at(-1);
  const notices = new FileNotices(last?.path, signal);
  try {
    if (last === undefined) return;
    const start = await startOf(parts, options);
    for (const [index, part] of parts.slice(0, -1).entries()) {
      if (index < start.part) continue;
      const from = index === start.part ? start.offset : 0;
      const bytes = readRange(part.file, from, part.size);
      yield* options.timestamps ? stamped(bytes, from, await readLogIndex(part.path), true) : bytes;
    }
    let position = start.part === parts.length - 1 ? start.offset : 0;
    while (!signal.aborted) {
      // Asked before the read: what a container wrote before it ended is then in the file.
      const isLast = isOver();
      const { size } = await last.file.stat();
      if (size < position) {
        yield* rotatedRest(container, position);
        position = 0;
      }
      const index = options.timestamps ? await readLogIndex(last.path) : [];
      const bytes = readRange(last.file, position, size);
      for await (const chunk of options.timestamps ? wholeLines(bytes, isLast) : bytes) {
        yield options.timestamps ? stampedChunk(chunk, position, index) : chunk;
        position += chunk.length;
      }
      if (isLast) return;
      await notices.next();
    }
  } finally {
    notices.close();
    await Promise.all(parts.map(({ file }) => file.close()));
  }
}

/** What was written after `position` before the file was moved away. */
async function* rotatedRest(container: ContainerRuntime, position: number): AsyncGenerator<Buffer> {
  const path = container.logFiles.at(-2);
  if (path === undefined) return;
  const [part] = await openParts([path]);
  if (part === undefined) return;
  try {
    yield* readRange(part.file, position, part.size);
  } finally {
    await part.file.close();
  }
}

async function openParts(paths: readonly string[]): Promise<readonly LogPart[]> {
  const parts: LogPart[] = [];
  for (const path of paths) {
    try {
      const file = await open(path, 'r');
      parts.push({ path, file, size: (await file.stat()).size });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return parts;
}

async function* readRange(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let offset = from; offset < to;) {
    const { bytesRead, buffer } = await file.read({
      buffer: Buffer.allocUnsafe(Math.min(CHUNK, to - offset)),
      position: offset,
    });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    offset += bytesRead;
  }
}

/** Both limits hold: of the last lines, those that are young enough. */
async function startOf(parts: readonly LogPart[], { tailLines, since }: LogOptions): Promise<Position> {
  const byTail = tailLines === undefined ? { part: 0, offset: 0 } : await tailStart(parts, tailLines);
  const byTime = since === undefined ? { part: 0, offset: 0 } : await sinceStart(parts, since);
  const isTailLater =
    byTail.part > byTime.part || (byTail.part === byTime.part && byTail.offset > byTime.offset);
  return isTailLater ? byTail : byTime;
}

/** Where the last `lines` lines begin; a last line without its end counts. */
async function tailStart(parts: readonly LogPart[], lines: number): Promise<Position> {
  const end = { part: Math.max(parts.length - 1, 0), offset: parts.at(-1)?.size ?? 0 };
  if (lines === 0) return end;
  let ends = 0;
  let isLastByte = true;
  for (let part = parts.length - 1; part >= 0; part -= 1) {
    const { file, size } = parts[part] ?? {};
    if (file === undefined || size === undefined) continue;
    for (let to = size; to > 0;) {
      const from = Math.max(0, to - CHUNK);
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.allocUnsafe(to - from),
        position: from,
      });
      for (let at = bytesRead - 1; at >= 0; at -= 1) {
        // The end of the last line is no line of its own.
        if (buffer[at] === NEW_LINE && !isLastByte) ends += 1;
        isLastByte = false;
        if (ends === lines) return { part, offset: from + at + 1 };
      }
      to = from;
    }
  }
  return { part: 0, offset: 0 };
}

/** The first line that was begun at `since` or later. */
async function sinceStart(parts: readonly LogPart[], since: number): Promise<Position> {
  for (const [part, { path, file, size }] of parts.entries()) {
    const index = await readLogIndex(path);
    const young = index.findIndex(({ time }) => time >= since);
    const covered = index.at(-1)?.size ?? 0;
    // What the index doesn't cover has just come, or there is no index: the file's own time is all there is.
    const isRestYoung = covered < size && (await file.stat()).mtimeMs >= since;
    if (young < 0 && !isRestYoung) continue;
    const offset = young < 0 ? covered : (index[young - 1]?.size ?? 0);
    return { part, offset: offset === 0 ? 0 : await lineStart(file, offset, size) };
  }
  return { part: Math.max(parts.length - 1, 0), offset: parts.at(-1)?.size ?? 0 };
}

/** The first beginning of a line at `offset` or after it. */
async function lineStart(file: FileHandle, offset: number, size: number): Promise<number> {
  let position = offset - 1;
  for await (const chunk of readRange(file, position, size)) {
    const at = chunk.indexOf(NEW_LINE);
    if (at >= 0) return position + at + 1;
    position += chunk.length;
  }
  return size;
}

/** With the time before each line; `offset` is where the bytes begin, at the beginning of a line. */
async function* stamped(
  chunks: AsyncIterable<Buffer>,
  offset: number,
  index: readonly LogIndexEntry[],
  isEnd: boolean,
): AsyncGenerator<Buffer> {
  let position = offset;
  for await (const lines of wholeLines(chunks, isEnd)) {
    yield stampedChunk(lines, position, index);
    position += lines.length;
  }
}

/** The same bytes in other pieces, each ending with a line's end; the last may not when it is the `isEnd` of the log. */
async function* wholeLines(chunks: AsyncIterable<Buffer>, isEnd: boolean): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(NEW_LINE) + 1;
    if (end > 0) yield bytes.subarray(0, end);
    rest = bytes.subarray(end);
  }
  if (isEnd && rest.length > 0) yield rest;
}

function stampedChunk(lines: Buffer, offset: number, index: readonly LogIndexEntry[]): Buffer {
  const now = Date.now();
  const parts: Buffer[] = [];
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf(NEW_LINE, from);
    const to = end < 0 ? lines.length : end + 1;
    parts.push(Buffer.from(`${timestamp(timeAt(index, offset + from, now))} `), lines.subarray(from, to));
    from = to;
  }
  return Buffer.concat(parts);
}

/** RFC 3339 with nanoseconds, as container runtimes write it. */
function timestamp(time: number): string {
  return new Date(time).toISOString().replace('Z', '000000Z');
}

/** Tells when a file may have grown: by the system's notices, and every second. */
class FileNotices {
  #watcher: FSWatcher | undefined;
  #isChanged = false;
  #wake: (() => void) | undefined;
  readonly #signal: AbortSignal;
  readonly #notice = (): void => {
    this.#isChanged = true;
    this.#wake?.();
  };

  constructor(path: string | undefined, signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#notice, { once: true });
    if (path === undefined) return;
    try {
      this.#watcher = watch(path, this.#notice);
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No notices left in the system, or the file is gone: the clock remains.
    }
  }

  /** Resolves at the first notice since the last call, or after a second. */
  async next(): Promise<void> {
    if (!this.#isChanged && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CHECK_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#isChanged = false;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#notice);
    this.#watcher?.close();
  }
}
