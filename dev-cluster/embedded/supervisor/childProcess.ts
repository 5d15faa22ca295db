/** Child processes that outlive the supervisor: started in a session of their own, or taken over from an earlier one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { delay } from '../../../src/core/base/abort.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { isSameProcess, processStarted, type ProcessRecord } from '../processes.ts';
import type { Command } from './component.ts';
import { rotate } from './logFile.ts';

const LIVENESS_INTERVAL_MS = 250;
const STOPPING_INTERVAL_MS = 25;
const STOP_GRACE_MS = 10_000;
const KILL_WAIT_MS = 5_000;

export interface Supervised {
  readonly record: ProcessRecord;
  /** Resolves when the process is gone; with the way it ended where that can be told. */
  readonly ended: Promise<string | undefined>;
}

/** Starts the program with both streams in the log file. Throws when there is no such program. */
export async function startProcess(command: Command, logPath: string): Promise<Supervised> {
  mkdirSync(dirname(logPath), { recursive: true, mode: 0o700 });
  rotate(logPath);
  const log = openSync(logPath, 'a', 0o600);
  const { argv0, uid, gid } = command;
  try {
    const child = spawn(command.program, command.args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: command.cwd ?? dirname(logPath),
      // ELECTRON_RUN_AS_NODE, when set, is inherited: the editor's runtime then stays a Node.
      env: { ...process.env, ...command.env },
      ...(argv0 === undefined ? {} : { argv0 }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    child.unref();
    const { pid } = child;
    if (pid === undefined) {
      const [error] = (await once(child, 'error')) as unknown[];
      throw new SlipwayError(
        'notStarted',
        `${command.program} could not be started: ${asError(error).message}`,
        { cause: error },
      );
    }
    const ended = once(child, 'exit').then(([code, signal]) => ending(code, signal));
    return { record: { pid, started: processStarted(pid) }, ended };
  } finally {
    closeSync(log);
  }
}

function ending(code: unknown, signal: unknown): string {
  return typeof signal === 'string' ? `It was ended by ${signal}.` : `It ended with code ${String(code)}.`;
}

/** A process that somebody else started; the signal ends the waiting. */
export function adopt(record: ProcessRecord, signal: AbortSignal): Supervised {
  return {
    record,
    ended: waitUntilGone(record, LIVENESS_INTERVAL_MS, signal).then(
      () => undefined,
      () => undefined,
    ),
  };
}

export interface StopOptions {
  readonly stopSignal?: NodeJS.Signals;
  readonly stopGraceMs?: number;
}

/** Asks, then insists. Resolves true when the process is gone. Touches nothing but the very process of the record. */
export async function stopProcess(
  record: ProcessRecord,
  { stopSignal = 'SIGTERM', stopGraceMs = STOP_GRACE_MS }: StopOptions = {},
): Promise<boolean> {
  if (!isSameProcess(record.pid, record.started)) return true;
  send(record.pid, stopSignal);
  if (await isGoneWithin(record, stopGraceMs)) return true;
  kill(record);
  return isGoneWithin(record, KILL_WAIT_MS);
}

/** With all that it started in its own process group. */
export function kill(record: ProcessRecord): void {
  if (isSameProcess(record.pid, record.started)) send(-record.pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGoneWithin(record: ProcessRecord, ms: number): Promise<boolean> {
  try {
    await waitUntilGone(record, STOPPING_INTERVAL_MS, AbortSignal.timeout(ms));
    return true;
  } catch {
    return false;
  }
}

async function waitUntilGone(record: ProcessRecord, intervalMs: number, signal: AbortSignal): Promise<void> {
  while (isSameProcess(record.pid, record.started)) await delay(intervalMs, signal);
}
