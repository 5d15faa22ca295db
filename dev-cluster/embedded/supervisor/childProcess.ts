/** Child processes that outlive the supervisor: started in a session of their own, or taken over from an earlier one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { delay } from '../../../src/core/base/abort.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { isSameProcess, processStarted } from '../processes.ts';
import type { ProcessRecord } from './status.ts';

const LIVENESS_INTERVAL_MS = 250;
const STOP_GRACE_MS = 10_000;
const KILL_WAIT_MS = 5_000;
const MAX_LOG_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4_096;

/**
 * For processes that stay: a small young generation. Left to itself V8 lets a service that pages through many runs
 * grow to twice its size (310 MiB instead of 190) for nothing that anyone would notice.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];

export interface Supervised {
  readonly record: ProcessRecord;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
}

/** Starts `slipway internal ARGS` with both streams in the log file. */
export function startInternal(args: readonly string[], logPath: string): Supervised {
  const script = process.argv[1];
  if (script === undefined)
    throw new SlipwayError('noScript', 'Slipway cannot tell where its own program is.');
  mkdirSync(dirname(logPath), { recursive: true, mode: 0o700 });
  rotate(logPath);
  const log = openSync(logPath, 'a', 0o600);
  try {
    // ELECTRON_RUN_AS_NODE, when set, is inherited: the editor's runtime then stays a Node.
    const child = spawn(process.execPath, [...NODE_FLAGS, script, 'internal', ...args], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: dirname(logPath),
    });
    child.unref();
    const ended = Promise.race([once(child, 'exit'), failed(once(child, 'error'))]).then(() => undefined);
    const { pid } = child;
    return { record: { pid: pid ?? 0, started: pid === undefined ? '' : processStarted(pid) }, ended };
  } finally {
    closeSync(log);
  }
}

/** A process that could not be started has ended. */
async function failed(error: Promise<unknown>): Promise<void> {
  await error.catch(() => undefined);
}

/** `undefined` when the recorded process is gone; its pid may belong to a stranger by now. */
export function adopt(record: ProcessRecord | undefined, signal: AbortSignal): Supervised | undefined {
  if (record === undefined || !isSameProcess(record.pid, record.started)) return undefined;
  return { record, ended: waitUntilGone(record, signal).catch(() => undefined) };
}

/** Asks, then insists. Resolves true when the process is gone. Touches nothing but the very process of the record. */
export async function stopProcess(record: ProcessRecord, graceMs = STOP_GRACE_MS): Promise<boolean> {
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', KILL_WAIT_MS],
  ] as const) {
    if (!isSameProcess(record.pid, record.started)) return true;
    send(record.pid, signal);
    try {
      await waitUntilGone(record, AbortSignal.timeout(waitMs));
      return true;
    } catch {
      // Not gone in time: the next signal.
    }
  }
  return false;
}

export function kill(record: ProcessRecord): void {
  if (isSameProcess(record.pid, record.started)) send(record.pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function waitUntilGone(record: ProcessRecord, signal: AbortSignal): Promise<void> {
  while (isSameProcess(record.pid, record.started)) await delay(LIVENESS_INTERVAL_MS, signal);
}

function rotate(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
}

/** What the process said last, without the program's name: for people, when it has ended. */
export async function lastLogLine(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
      await file.read(buffer, 0, buffer.length, size - buffer.length);
      return buffer
        .toString('utf8')
        .trimEnd()
        .split('\n')
        .at(-1)
        ?.trim()
        .replace(/^slipway: /, '');
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
