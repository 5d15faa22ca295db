/** What the supervisor wants to know of processes that may not be its children. */
import { z } from 'zod';
import { processIdentity } from './kfp/engine/processIdentity.ts';
import { memoryOf, processTable } from './node-agent/usage.ts';

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

/**
 * Memory of each leader's process group in MiB: proportional set size on Linux, resident elsewhere. What left the group
 * (a pod of the node agent) isn't counted; a group that is gone is absent.
 */
export async function groupMemoryMiB(leaders: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const rows = (await processTable()).filter(({ group }) => leaders.includes(group));
  const bytes = new Map<number, number>();
  for (const row of rows) bytes.set(row.group, (bytes.get(row.group) ?? 0) + (await memoryOf(row)));
  return new Map(Array.from(bytes, ([leader, sum]) => [leader, Math.round(sum / 1024 / 1024)]));
}
