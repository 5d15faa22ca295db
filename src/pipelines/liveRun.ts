/** One run, looked at while somebody watches it. */
import type { KfpApi } from '../clients/kfp/api.ts';
import { isFinal, type Run, type RunTask } from '../clients/kfp/model.ts';
import { delay } from '../core/base/abort.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { asError, SlipwayError } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';

export interface LiveRunState {
  /** `undefined` until the first answer. */
  readonly run: Run | undefined;
  readonly tasks: readonly RunTask[];
  /** Moves when `tasks` has something new. */
  readonly tasksRevision: number;
  /** `reconnecting`: the last look failed; run and tasks are the last that was heard. */
  readonly connection: 'live' | 'reconnecting';
  /** Why there is nothing more to see: the run is gone, or may not be read. Looking has stopped. */
  readonly failure: Error | undefined;
}

const FASTEST_MS = 400;
const SLOWEST_MS = 15_000;

/**
 * Milliseconds to the next look. A look is never more than a fifth of the time, so that a run of thousands of tasks
 * does not keep the service busy with being watched.
 */
export function lookAgainAfter(lookMs: number, failures: number): number {
  if (failures > 0) return Math.min(SLOWEST_MS, 500 * 2 ** Math.min(failures, 10));
  return Math.min(SLOWEST_MS, Math.max(FASTEST_MS, lookMs * 4));
}

export class LiveRun implements Disposable {
  readonly runId: string;
  readonly #api: () => KfpApi | undefined;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  #state: LiveRunState = {
    run: undefined,
    tasks: [],
    tasksRevision: 0,
    connection: 'live',
    failure: undefined,
  };
  #abort: AbortController | undefined;
  #isWatched = false;
  #isDisposed = false;
  #fingerprint = '';

  /** `api` answers `undefined` while the service is away. */
  constructor(
    runId: string,
    api: () => KfpApi | undefined,
    wait: (ms: number, signal: AbortSignal) => Promise<void> = delay,
  ) {
    this.runId = runId;
    this.#api = api;
    this.#wait = wait;
  }

  get state(): LiveRunState {
    return this.#state;
  }

  /** Looks at once and again while watched and not over. */
  setWatched(isWatched: boolean): void {
    if (this.#isWatched === isWatched || this.#isDisposed) return;
    this.#isWatched = isWatched;
    if (isWatched) this.#start();
    else this.#stop();
  }

  /** Something happened (a retry, a terminate, the service is back): looks now, also at a run that was over. */
  wake(): void {
    if (!this.#isWatched || this.#isDisposed) return;
    this.#stop();
    this.#start();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#isWatched = false;
    this.#stop();
    this.#changed.dispose();
  }

  #stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  #start(): void {
    this.#abort = new AbortController();
    void this.#watch(this.#abort.signal);
  }

  /** Never rejects. */
  async #watch(signal: AbortSignal): Promise<void> {
    let failures = 0;
    for (;;) {
      const started = performance.now();
      try {
        await this.#look(signal);
        failures = 0;
        if (this.#state.run !== undefined && isFinal(this.#state.run.state)) return;
      } catch (error) {
        if (signal.aborted) return;
        if (isForGood(error)) {
          this.#set({ failure: asError(error), connection: 'live' });
          return;
        }
        failures++;
        this.#set({ connection: 'reconnecting' });
      }
      try {
        await this.#wait(lookAgainAfter(performance.now() - started, failures), signal);
      } catch {
        return;
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const api = this.#api();
    if (api === undefined) throw new SlipwayError('unreachable', 'The pipeline service is not running.');
    // The run first: once it says that it is over, its tasks are final, too.
    const run = await api.getRun(this.runId, signal);
    const tasks = await api.listTasks(this.runId, signal);
    if (signal.aborted) return;
    const fingerprint = fingerprintOf(tasks);
    const isNew = fingerprint !== this.#fingerprint;
    this.#fingerprint = fingerprint;
    this.#set({
      run,
      connection: 'live',
      failure: undefined,
      ...(isNew ? { tasks, tasksRevision: this.#state.tasksRevision + 1 } : {}),
    });
  }

  #set(change: Partial<LiveRunState>): void {
    const next = { ...this.#state, ...change };
    const isSame =
      next.tasksRevision === this.#state.tasksRevision &&
      next.connection === this.#state.connection &&
      next.failure === this.#state.failure &&
      next.run?.state === this.#state.run?.state &&
      next.run?.error === this.#state.run?.error &&
      next.run?.isArchived === this.#state.run?.isArchived;
    this.#state = next;
    if (!isSame) this.#changed.fire();
  }
}

/** The run is gone, or not for us: asking again changes nothing. */
function isForGood(error: unknown): boolean {
  return error instanceof SlipwayError && (error.reason === 'notFound' || error.reason === 'refused');
}

/** Everything of the tasks that is on show, in one string. */
function fingerprintOf(tasks: readonly RunTask[]): string {
  return tasks
    .map((task) =>
      [
        task.id,
        task.state,
        task.startedAt?.getTime(),
        task.finishedAt?.getTime(),
        task.attempts.length,
        task.iterationCount,
        task.error,
        Object.values(task.notes).join(),
        task.outputs.parameters.length,
        task.outputs.artifacts.length,
      ].join(' '),
    )
    .join('\n');
}
