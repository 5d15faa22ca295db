/** What one run's machine gets from the engine. */
import type { RetryPolicy } from '../../../../src/core/ir/model.ts';
import type { Stores } from '../store/stores.ts';
import type { Changes } from './changes.ts';
import type { Executor } from './executor.ts';
import type { Names } from './placeholders.ts';
import type { RunFolders } from './runFolders.ts';

export interface RunContext {
  readonly stores: Stores;
  readonly executor: Executor;
  readonly folders: RunFolders;
  /** Without the task's own. */
  readonly names: Omit<Names, 'taskName' | 'taskId'>;
  /** What people should know about the run: where it runs, where its artifacts are. */
  readonly rootNotes: Readonly<Record<string, string>>;
  /** Those of the turn that is going on. */
  readonly changes: Changes;
  /** Decisions that follow in the same turn. */
  readonly agenda: (() => void)[];
  now(): number;
  /** Notes the process of an attempt at once, outside of turns. */
  recordProcess(attempt: string, pid: number, identity: string): void;
  /** A turn of its own, unless the run is no longer this machine's. */
  turn(decide: () => void): void;
  /** A turn after `ms`; forgotten when the run is cancelled or the engine closes. */
  after(ms: number, decide: () => void): void;
}

/** Milliseconds until the next try after `tries` tries; `undefined` when there is none. */
export function backOff(policy: RetryPolicy | undefined, tries: number): number | undefined {
  if (!policy || tries > policy.maxRetryCount) return undefined;
  const seconds = policy.backoffSeconds * policy.backoffFactor ** (tries - 1);
  return Math.min(seconds, policy.backoffMaxSeconds) * 1000;
}
