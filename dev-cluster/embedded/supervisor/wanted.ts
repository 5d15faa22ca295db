/**
 * What people started and stopped by name. The commands write the file and wake the supervisor, which reads it; a
 * component that isn't named in it runs, unless it is started on demand only.
 */
import { z } from 'zod';
import { readStateFile, writePrivateFile } from '../files.ts';
import { withLock } from '../python/lock.ts';
import type { Component } from './component.ts';
import { supervisorPaths } from './paths.ts';

const wantedFile = z.record(z.string(), z.boolean());
export type Wanted = z.infer<typeof wantedFile>;

export async function readWanted(): Promise<Wanted> {
  return (await readStateFile(supervisorPaths().wanted, wantedFile)) ?? {};
}

export function isWanted({ name, isOnDemand }: Component, wanted: Wanted): boolean {
  return wanted[name] ?? isOnDemand !== true;
}

/** Resolves true when that was news. */
export function changeWanted(change: (wanted: Wanted) => Wanted, signal: AbortSignal): Promise<boolean> {
  const path = supervisorPaths().wanted;
  return withLock(
    `${path}.lock`,
    async () => {
      const before = await readWanted();
      const after = change(before);
      if (JSON.stringify(before) === JSON.stringify(after)) return false;
      await writePrivateFile(path, JSON.stringify(after));
      return true;
    },
    { signal },
  );
}
