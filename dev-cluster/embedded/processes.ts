/** What the supervisor wants to know of processes that may not be its children. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { processIdentity } from './kfp/engine/processIdentity.ts';

export const processRecord = z.object({ pid: z.int(), started: z.string() });
/** A process that can be told from a later one with the same pid. */
export type ProcessRecord = z.infer<typeof processRecord>;

/** Tells a process from a later one with the same pid; empty when there is no such process. */
export function processStarted(pid: number): string {
  return processIdentity(pid) ?? '';
}

/** True while the very process that had this start time lives. */
export function isSameProcess(pid: number, started: string): boolean {
  return started !== '' && processStarted(pid) === started;
}

/** Resident memory in MiB; `undefined` when it can't be told. */
export function processMemoryMiB(pid: number): number | undefined {
  try {
    if (process.platform === 'linux') {
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
    }
    const kib = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return Math.round(Number(kib) / 1024);
  } catch {
    return undefined;
  }
}
