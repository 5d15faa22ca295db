/**
 * What runs beside a container's own process: exec sessions, exec probes, hooks. Each has a file with its pid for as long
 * as it runs, so that those of a killed agent can be found and ended.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, processStarted, type ProcessRecord } from '../../processes.ts';
import type { ContainerCommand } from '../contract.ts';
import { killGroups } from './instance.ts';

/** At once after the start, and until its end. The child leads a process group. */
export function recordBeside({ besidesFolder }: ContainerCommand, child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || besidesFolder === undefined) return;
  const path = join(besidesFolder, String(pid));
  child.once('exit', () => rmSync(path, { force: true }));
  try {
    mkdirSync(besidesFolder, { recursive: true, mode: 0o700 });
    writeFileSync(path, processStarted(pid), { mode: 0o600 });
  } catch {
    // A full disk: it runs all the same.
  }
}

/** Those that still run. */
export function besidesIn(folder: string): readonly ProcessRecord[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .map((name) => ({ pid: Number(name), started: readFileSync(join(folder, name), 'utf8') }))
    .filter(({ pid, started }) => isSameProcess(pid, started));
}

/** Nobody listens to them any more. */
export async function endBesides(folder: string): Promise<void> {
  await killGroups(besidesIn(folder).map(({ pid }) => pid));
  rmSync(folder, { recursive: true, force: true });
}
