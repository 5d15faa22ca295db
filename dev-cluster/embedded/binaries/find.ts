/**
 * Finds the cluster's Go programs, or makes them: named by the user, on PATH, in the cache, from a release, built here.
 * Files: programs (data) ← archives (a release's), go (Go itself), build (with Go) ← find (the order).
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { withLock } from '../python/lock.ts';
import { downloadProgram } from './archives.ts';
import { buildProgram } from './build.ts';
import { cachedProgram, programNamed, type FindOptions, type Program, type ProgramName } from './programs.ts';

const PROBE_TIMEOUT_MS = 10_000;

/** Its absolute path. May take minutes the first time. */
export async function findProgram(name: ProgramName, { report, signal }: FindOptions): Promise<string> {
  const program = programNamed(name);
  const known = await knownProgram(program, signal);
  if (known !== undefined) return known;
  const target = cachedProgram(program);
  await withLock(
    `${target}.lock`,
    async () => {
      if (await isExecutable(target)) return;
      if (await downloadProgram(program, target, { report, signal })) return;
      await buildProgram(program, target, { report, signal });
    },
    { onWait: () => report(`Waiting for another Slipway to get ${name}`), signal },
  );
  return target;
}

/** Where it is already, without getting it. */
export async function knownProgram(program: Program, signal: AbortSignal): Promise<string | undefined> {
  const chosen = chosenProgram(program);
  if (chosen !== undefined) {
    if (await isExecutable(chosen)) return chosen;
    throw new SlipwayError(
      'noProgram',
      `${variableOf(program)} names ${chosen}, which is no program that can be run.`,
      { action: `Correct or unset ${variableOf(program)}` },
    );
  }
  const cached = cachedProgram(program);
  return (await programOnPath(program, signal)) ?? ((await isExecutable(cached)) ? cached : undefined);
}

/** `SLIPWAY_KUBE_APISERVER`. */
function variableOf({ name }: Program): string {
  return `SLIPWAY_${name.toUpperCase().replaceAll('-', '_')}`;
}

function chosenProgram(program: Program): string | undefined {
  const chosen = process.env[variableOf(program)];
  return chosen === '' ? undefined : chosen;
}

/** Only of this very version: what is tested together runs together. */
async function programOnPath(
  { name, version, versionArgs }: Program,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (versionArgs === undefined) return undefined;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder === '' || !(await isExecutable(path))) continue;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    try {
      const { stdout } = await promisify(execFile)(path, versionArgs, { signal: limit });
      const said = /\bv?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
      if (said === version.slice(1)) return path;
    } catch {
      // Another program with this name.
      signal.throwIfAborted();
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
