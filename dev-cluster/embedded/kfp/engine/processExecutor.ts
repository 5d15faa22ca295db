/**
 * Runs steps as processes of this machine: lightweight Python components through `kfp.dsl.executor_main` in the kfp
 * environment, containers when their command is here. See attemptProcess.ts for how they survive this process.
 */
import { mkdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { delay } from '../../../../src/core/base/abort.ts';
import { asError, isAbort, SlipwayError } from '../../../../src/core/base/errors.ts';
import type { PythonEnvironmentSource } from '../../python/environments.ts';
import { storeError } from '../store/database.ts';
import { find, launch, signalGroup, type ProcessEnd, type RunningAttempt } from './attemptProcess.ts';
import { TaskError } from './errors.ts';
import { StopStep, type Executor, type Step, type StepListener, type StepOutcome } from './executor.ts';
import { collectOutputs } from './outputs.ts';
import { stepCommand, temporaryFolder, type StepCommand } from './stepCommand.ts';

export interface ProcessExecutorOptions {
  readonly environments: PythonEnvironmentSource;
  /** How long a step may take to end after SIGTERM. */
  readonly graceMs?: number;
}

export class ProcessExecutor implements Executor {
  readonly #environments: PythonEnvironmentSource;
  readonly #graceMs: number;
  /** By attempt: what this process started itself can be waited for without polling. */
  readonly #running = new Map<string, RunningAttempt>();
  readonly #closing = new AbortController();

  constructor(options: ProcessExecutorOptions) {
    this.#environments = options.environments;
    this.#graceMs = options.graceMs ?? 10_000;
  }

  start(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    return this.#outcome(step, signal, async () => {
      const attempt = await this.#launch(step, listener, signal);
      this.#running.set(step.attempt, attempt);
      listener.started(attempt.pid, attempt.identity);
      return this.#end(step, attempt, signal);
    });
  }

  adopt(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    return this.#outcome(step, signal, async () => {
      const own = this.#running.get(step.attempt);
      if (own) return this.#end(step, own, signal);
      const found = await find(step.folder, this.#closing.signal);
      if (found.kind === 'neverStarted') return found;
      if (found.kind === 'ended') return this.#read(step, found.end);
      listener.started(found.attempt.pid, found.attempt.identity);
      return this.#end(step, found.attempt, signal);
    });
  }

  close(): void {
    this.#closing.abort(new StopStep());
    for (const attempt of this.#running.values()) attempt.release();
  }

  async #launch(step: Step, listener: StepListener, signal: AbortSignal): Promise<RunningAttempt> {
    mkdirSync(join(step.folder, 'work'), { recursive: true, mode: 0o700 });
    const command = await this.#command(step, listener, signal);
    if (Object.keys(command.notes).length > 0) listener.noted(command.notes);
    mkdirSync(join(step.folder, 'outputs'), { recursive: true, mode: 0o700 });
    mkdirSync(temporaryFolder(step), { recursive: true, mode: 0o700 });
    mkdirSync(step.outputFolder, { recursive: true, mode: 0o700 });
    signal.throwIfAborted();
    return launch({
      folder: step.folder,
      logPath: step.logPath,
      argv: command.argv,
      env: command.env,
      cwd: join(step.folder, 'work'),
    });
  }

  async #command(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepCommand> {
    const command = stepCommand(step, this.#environments, dirname(step.folder), signal);
    // Said only when it takes a while: a note is a write.
    const noted = { python: false };
    const preparing = setTimeout(() => {
      noted.python = true;
      listener.noted({ python: 'preparing the Python environment' });
    }, 300);
    try {
      return await command;
    } finally {
      clearTimeout(preparing);
      if (noted.python) listener.noted({ python: undefined });
    }
  }

  /** Waits for the end, and sees to it when the signal or the deadline says so. */
  async #end(step: Step, attempt: RunningAttempt, signal: AbortSignal): Promise<StepOutcome> {
    const stop = (): void => void this.#stop(attempt, signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const deadline = deadlineOf(step);
    const late = new AbortController();
    const timer =
      deadline === undefined
        ? undefined
        : setTimeout(() => {
            late.abort();
            void this.#stop(attempt, undefined);
          }, deadline.leftMs);
    try {
      const end = await attempt.ended;
      // Whatever the command left running in its group would outlive the task.
      signalGroup(attempt.pid, 'SIGKILL');
      if (signal.aborted) return { kind: 'canceled' };
      if (deadline === undefined || !late.signal.aborted) return this.#read(step, end);
      return failed(
        `It was stopped because its time limit of ${deadline.seconds} s was over.`,
        true,
        end.kind === 'exit' ? end : undefined,
      );
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      this.#running.delete(step.attempt);
    }
  }

  async #stop(attempt: RunningAttempt, reason: unknown): Promise<void> {
    const grace = (reason instanceof StopStep ? reason.graceMs : undefined) ?? this.#graceMs;
    if (grace > 0) {
      signalGroup(attempt.pid, 'SIGTERM');
      const waiting = new AbortController();
      await Promise.race([attempt.ended, delay(grace, waiting.signal).catch(() => undefined)]);
      waiting.abort(new StopStep());
    }
    signalGroup(attempt.pid, 'SIGKILL');
  }

  #read(step: Step, end: ProcessEnd): StepOutcome {
    if (end.kind === 'lost') {
      return failed('It ended without leaving a result: it was killed, or the machine was restarted.', true);
    }
    if (end.code === 0) return { kind: 'succeeded', ...collectOutputs(step) };
    const message =
      end.signal === null
        ? `It ended with exit code ${end.code}.`
        : `It was ended by ${end.signal}${end.signal === 'SIGKILL' ? ', perhaps for lack of memory' : ''}.`;
    return failed(message, true, end);
  }

  async #outcome(step: Step, signal: AbortSignal, run: () => Promise<StepOutcome>): Promise<StepOutcome> {
    try {
      const outcome = await run();
      await rm(temporaryFolder(step), { recursive: true, force: true });
      return outcome;
    } catch (error) {
      if (this.#closing.signal.aborted) return new Promise<never>(() => undefined);
      if (signal.aborted && isAbort(error)) return { kind: 'canceled' };
      const known = storeError(error);
      const action = known instanceof SlipwayError && known.action !== undefined ? ` ${known.action}` : '';
      const mayChange = !(error instanceof TaskError && error.reason === 'environment');
      return failed(`${asError(known).message}${action}`, mayChange);
    }
  }
}

/** More than a timer can wait for is no limit. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `kubernetes.set_timeout`: how long a pod may take, and what is left of that, also after this process's restart. */
function deadlineOf(step: Step): { readonly seconds: number; readonly leftMs: number } | undefined {
  const seconds = Number(step.kubernetes['activeDeadlineSeconds'] ?? 0);
  if (!(seconds > 0)) return undefined;
  // The process made its claim when it began; before it has, it begins now.
  const claim = statSync(join(step.folder, 'claim'), { throwIfNoEntry: false });
  const startedAt = claim?.mtimeMs ?? Date.now();
  const leftMs = Math.max(0, startedAt + seconds * 1000 - Date.now());
  return leftMs > LONGEST_TIMER_MS ? undefined : { seconds, leftMs };
}

function failed(
  message: string,
  mayRetry: boolean,
  end?: { readonly code: number; readonly signal: string | null },
): StepOutcome {
  return { kind: 'failed', message, mayRetry, exitCode: end?.code ?? null, signal: end?.signal ?? null };
}
