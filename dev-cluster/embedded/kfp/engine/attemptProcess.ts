/**
 * One attempt's process, so that it can be found again whatever happens to this one.
 *
 * A few lines of sh go around the command, in a process group of their own:
 * 1. they claim the attempt by creating `claim` (only one can), with their pid and start time in it;
 * 2. they run the command; both streams go straight to the log file;
 * 3. they leave its exit code in `exit`.
 *
 * A new service looks at the same two files: an exit code is the result; a claim whose process lives is waited for; a
 * claim whose process is gone has lost its result; without a claim it takes the claim itself, so that a process that is
 * only just being born finds it taken and ends without having done anything.
 *
 * On SIGTERM to the group sh waits for the command, so its exit code is still recorded.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { delay } from '../../../../src/core/base/abort.ts';
import { identityFromProc, processIdentity } from './processIdentity.ts';

const WRAPPER = `
set -C
t=
trap 't=1' TERM INT HUP
if [ -r /proc/self/stat ]; then read -r b </proc/sys/kernel/random/boot_id; read -r s </proc/self/stat
else b=; s=$(ps -o lstart= -p $$); fi
printf '%s\\n' "$$" "$b" "$s" >"$0/claim" || exit 125
if [ -n "$t" ]; then c=143; else "$@"; c=$?; fi
printf '%s\\n' "$c" >"$0/exit"
exit "$c"
`;

const POLL_MS = 100;
const CLAIM_MS = 5_000;
/** What a recovery writes into the claim. */
const RECOVERED = 'recovered\n';

export type ProcessEnd =
  | { readonly kind: 'exit'; readonly code: number; readonly signal: string | null }
  | { readonly kind: 'lost' };

export interface Launch {
  readonly folder: string;
  readonly logPath: string;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

export interface RunningAttempt {
  readonly pid: number;
  readonly identity: string;
  readonly ended: Promise<ProcessEnd>;
  /** From now on this process may end before the attempt does. */
  release(): void;
}

/** Starts the command. Throws what `open` and `spawn` throw. */
export function launch({ folder, logPath, argv, env, cwd }: Launch): Promise<RunningAttempt> {
  const log = openSync(logPath, 'a', 0o600);
  try {
    const child = spawn('/bin/sh', ['-c', WRAPPER, folder, ...argv], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      const ended = new Promise<ProcessEnd>((end) => {
        child.once('exit', (code, signal) => {
          if (code !== null) end(exitOf(code));
          else end({ kind: 'exit', code: 128 + constants.signals[signal ?? 'SIGKILL'], signal });
        });
      });
      child.once('spawn', () => {
        const pid = child.pid ?? 0;
        resolve({ pid, identity: processIdentity(pid) ?? '', ended, release: () => child.unref() });
      });
    });
  } finally {
    closeSync(log);
  }
}

export type Found =
  | { readonly kind: 'ended'; readonly end: ProcessEnd }
  | { readonly kind: 'running'; readonly attempt: RunningAttempt }
  /** It is ours now: nothing ran, and nothing will. */
  | { readonly kind: 'neverStarted' };

/** What became of an attempt that an earlier service was about to start. */
export async function find(folder: string, signal: AbortSignal): Promise<Found> {
  const exit = readExit(folder);
  if (exit) return { kind: 'ended', end: exit };
  if (!existsSync(folder)) return { kind: 'neverStarted' };
  try {
    writeFileSync(join(folder, 'claim'), RECOVERED, { flag: 'wx', mode: 0o600 });
    return { kind: 'neverStarted' };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const claim = await readClaim(folder, signal);
  if (!claim) return { kind: 'neverStarted' };
  if (processIdentity(claim.pid) !== claim.identity) {
    return { kind: 'ended', end: readExit(folder) ?? { kind: 'lost' } };
  }
  return {
    kind: 'running',
    attempt: { ...claim, ended: watch(folder, claim, signal), release: () => undefined },
  };
}

async function watch(
  folder: string,
  claim: { readonly pid: number; readonly identity: string },
  signal: AbortSignal,
): Promise<ProcessEnd> {
  for (;;) {
    const isAlive = processIdentity(claim.pid) === claim.identity;
    // Read after the look at the process: an exit code is written before the process ends.
    const exit = readExit(folder);
    if (exit) return exit;
    if (!isAlive) return { kind: 'lost' };
    await delay(POLL_MS, signal);
  }
}

function readExit(folder: string): ProcessEnd | undefined {
  const text = readIfThere(join(folder, 'exit'));
  // Without its line end it is still being written.
  const code = text === undefined ? undefined : /^(\d+)\n$/.exec(text)?.[1];
  return code === undefined ? undefined : exitOf(Number(code));
}

/** `undefined` for the claim of a recovery, and for a process that ended in the act of claiming. */
async function readClaim(
  folder: string,
  signal: AbortSignal,
): Promise<{ pid: number; identity: string } | undefined> {
  // A process creates the file a moment before it has written it.
  for (let waited = 0; waited <= CLAIM_MS; waited += POLL_MS) {
    const [pid = '', boot = '', stat = '', end] = (readIfThere(join(folder, 'claim')) ?? '').split('\n');
    if (`${pid}\n` === RECOVERED) return undefined;
    if (end !== undefined) {
      return { pid: Number(pid), identity: (boot === '' ? stat.trim() : identityFromProc(boot, stat)) ?? '' };
    }
    await delay(POLL_MS, signal);
  }
  return undefined;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** sh says 128 + n for a command that signal n ended. */
function exitOf(code: number): ProcessEnd {
  const name = Object.entries(constants.signals).find(([, number]) => 128 + number === code)?.[0];
  return { kind: 'exit', code, signal: name ?? null };
}

/** Signals the whole group; a group that is gone is fine. */
export function signalGroup(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  // 0 and 1 as a group would mean this process's own, or everybody.
  if (pid <= 1) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
