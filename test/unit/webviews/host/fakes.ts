/** A KFP server of one run, as far as the run graph asks it; everything else throws. */
import type { KfpApi } from '../../../../src/clients/kfp/api.ts';
import type { Run, RunState, RunTask, TaskState } from '../../../../src/clients/kfp/model.ts';

const T0 = Date.UTC(2026, 10, 24, 9, 30, 0);

export function fakeRun(change: Partial<Run> = {}): Run {
  return {
    id: 'run-1',
    displayName: 'churn 1',
    experimentId: 'e',
    state: 'RUNNING',
    isArchived: false,
    createdAt: new Date(T0),
    finishedAt: undefined,
    version: undefined,
    spec: { pipelineSpec: { pipelineInfo: { name: 'churn' } }, platformSpec: undefined },
    parameters: {},
    pipelineRoot: undefined,
    error: undefined,
    ...change,
  };
}

export function fakeTask(id: string, state: TaskState, change: Partial<RunTask> = {}): RunTask {
  return {
    id,
    runId: 'run-1',
    parentId: id === 'root' ? undefined : 'root',
    name: id,
    displayName: id,
    kind: id === 'root' ? 'ROOT' : 'RUNTIME',
    state,
    scopePath: id === 'root' ? '' : id,
    iteration: undefined,
    iterationCount: undefined,
    createdAt: new Date(T0),
    startedAt: state === 'PENDING' ? undefined : new Date(T0 + 100),
    finishedAt: state === 'PENDING' || state === 'RUNNING' ? undefined : new Date(T0 + 900),
    attempts: id === 'root' ? [] : [{ name: `${id}-1` }],
    error: undefined,
    notes: {},
    inputs: { parameters: [], artifacts: [] },
    outputs: { parameters: [], artifacts: [] },
    ...change,
  };
}

export class FakeKfp {
  run: Run = fakeRun();
  tasks: readonly RunTask[] = [fakeTask('root', 'RUNNING')];
  runs: readonly Run[] = [];
  versionSpec: Run['spec'];
  /** Thrown by every call while set. */
  failure: Error | undefined;
  readonly calls: string[] = [];
  logs: (signal: AbortSignal) => AsyncIterable<string> = () => pieces([]);

  set(state: RunState, tasks: Readonly<Record<string, TaskState>>): void {
    const isFinal = state !== 'RUNNING' && state !== 'PENDING';
    this.run = { ...this.run, state, finishedAt: isFinal ? new Date(T0 + 1_000) : undefined };
    this.tasks = [
      fakeTask('root', isFinal ? 'SUCCEEDED' : 'RUNNING'),
      ...Object.entries(tasks).map(([id, one]) => fakeTask(id, one)),
    ];
  }

  #answer<T>(name: string, value: () => T): Promise<T> {
    this.calls.push(name);
    return this.failure === undefined ? Promise.resolve(value()) : Promise.reject(this.failure);
  }

  readonly api: KfpApi = new Proxy({} as KfpApi, {
    get: (_, name: string) => {
      const calls: Readonly<Record<string, (...args: never[]) => unknown>> = {
        getRun: () => this.#answer('getRun', () => this.run),
        listTasks: () => this.#answer('listTasks', () => this.tasks),
        listRuns: () =>
          this.#answer('listRuns', () => ({
            items: this.runs,
            totalSize: this.runs.length,
            nextPageToken: undefined,
          })),
        getVersion: () => this.#answer('getVersion', () => ({ spec: this.versionSpec })),
        log: (...args: unknown[]) => {
          this.calls.push('log');
          return this.logs(args[3] as AbortSignal);
        },
      };
      const call = calls[name];
      if (call === undefined) throw new Error(`The run graph called ${name}.`);
      return call;
    },
  });
}

/** A log that is already written. */
export async function* pieces(texts: Iterable<string>): AsyncGenerator<string> {
  for (const text of texts) yield await Promise.resolve(text);
}

/** Waits for a condition, not for a time. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5_000; turn++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, turn < 50 ? 0 : 2));
  }
  throw new Error('It did not come to that.');
}
