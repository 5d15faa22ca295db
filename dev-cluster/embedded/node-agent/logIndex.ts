/**
 * When a container wrote what. The log itself holds the output as it came, so its times are beside it: one line
 * `<ms since 1970> <size in bytes>` for each time the file was seen to have grown. What lies between two sizes was
 * written about when the second was seen.
 */
import { readFile } from 'node:fs/promises';

export interface LogIndexEntry {
  readonly time: number;
  readonly size: number;
}

/** Of the log file's index; moved and truncated together with the log. */
export function logIndexPath(logFile: string): string {
  return `${logFile}.times`;
}

/** What is appended to the index, its line end included. */
export function logIndexLine({ time, size }: LogIndexEntry): string {
  return `${time} ${size}\n`;
}

/** In ascending order; empty when there is no index. A line half written is left out. */
export async function readLogIndex(logFile: string): Promise<readonly LogIndexEntry[]> {
  let text: string;
  try {
    text = await readFile(logIndexPath(logFile), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const entries: LogIndexEntry[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const [time, size] = line.split(' ').map(Number);
    if (time === undefined || size === undefined || Number.isNaN(time) || Number.isNaN(size)) continue;
    if (size > (entries.at(-1)?.size ?? -1)) entries.push({ time, size });
  }
  return entries;
}

/** When the byte at `offset` was written, as far as is known: what the index doesn't cover yet has just come. */
export function timeAt(entries: readonly LogIndexEntry[], offset: number, otherwise: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.size ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return entries[low]?.time ?? otherwise;
}
