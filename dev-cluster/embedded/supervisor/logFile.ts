/** A component's log: kept small, and asked why its component ended. */
import { copyFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { z } from 'zod';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4_096;

export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Before a start: nobody writes to it. */
export function rotate(path: string): void {
  if (logSize(path) > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
}

/** While its component writes: it appends, so that it goes on at the start of an emptied file. */
export function rotateLive(path: string): void {
  if (logSize(path) <= MAX_LOG_BYTES) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

/** What the process said last, behind the position: for people, when it has ended. Without time and program name. */
export async function lastLogLine(path: string, position = 0): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(size - TAIL_BYTES, position > size ? 0 : position);
      const buffer = Buffer.alloc(size - from);
      await file.read(buffer, 0, buffer.length, from);
      const lines = buffer.toString('utf8').trimEnd().split('\n');
      return readable(lines.at(-1)?.trim() ?? '');
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

const jsonLine = z.object({ msg: z.string(), error: z.string().optional() });

/** klog's and zap's lines say much that is only for machines. */
function readable(line: string): string | undefined {
  if (line === '') return undefined;
  if (line.startsWith('{')) {
    try {
      const { msg, error } = jsonLine.parse(JSON.parse(line));
      return error === undefined ? msg : `${msg}: ${error}`;
    } catch {
      return line;
    }
  }
  return line.replace(/^slipway: /, '').replace(/^[IWEF]\d{4} [\d:.]+ +\d+ [\w.-]+:\d+\] /, '');
}
