/** Runs one pipeline in this process, with the same engine and store as the service: *Run locally*. */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isAbort } from '../../../../src/core/base/errors.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/base/json.ts';
import type { SpecDocuments } from '../../../../src/clients/kfp/model.ts';
import type { PythonEnvironmentSource } from '../../python/environments.ts';
import type { ArtifactRow } from '../store/artifacts.ts';
import { withLock } from '../../python/lock.ts';
import { openDatabase } from '../store/database.ts';
import { openStores, type Stores } from '../store/stores.ts';
import type { TaskRow } from '../store/tasks.ts';
import { readDocument } from './document.ts';
import { PipelineEngine } from './engine.ts';
import { ProcessExecutor } from './processExecutor.ts';

export interface RunLocalOptions {
  /** State, logs and artifacts; kept, and shared by later runs for their cache. */
  readonly home: string;
  readonly environments: PythonEnvironmentSource;
  readonly displayName?: string;
  readonly pipelineRoot?: string;
  /** Default: one per core. */
  readonly maxParallelSteps?: number;
  /** How long a step may take to end after a cancel. */
  readonly graceMs?: number;
  /** A task's row was written, with the log of its newest attempt. */
  readonly onTask?: (task: TaskRow, logPath: string | undefined) => void;
  readonly onStart?: (runId: string) => void;
  readonly onError?: (error: Error) => void;
  /** Terminates the run; the promise still resolves, with CANCELED. */
  readonly signal: AbortSignal;
}

export interface LocalRun {
  readonly runId: string;
  readonly state: 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  readonly error: string | undefined;
  readonly outputs: LocalOutputs;
  readonly tasks: readonly (TaskRow & { readonly produced: LocalOutputs })[];
}

export interface LocalOutputs {
  readonly parameters: Readonly<Record<string, JsonValue>>;
  readonly artifacts: Readonly<Record<string, readonly ArtifactRow[]>>;
}

export async function runLocal(
  spec: SpecDocuments,
  parameters: Readonly<Record<string, JsonValue>>,
  options: RunLocalOptions,
): Promise<LocalRun> {
  options.signal.throwIfAborted();
  const db = openDatabase(join(options.home, 'state.db'));
  const stores = openStores(db);
  const engine = new PipelineEngine({
    stores,
    executor: new ProcessExecutor({
      environments: options.environments,
      ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    }),
    home: options.home,
    maxParallelSteps: options.maxParallelSteps ?? availableParallelism(),
    parse: readDocument,
    onError: options.onError ?? (() => undefined),
  });
  const runId = randomUUID();
  const terminate = (): void => engine.terminate(runId);
  const work = async (): Promise<LocalRun> => {
    insertRun(stores, runId, spec, parameters, options);
    options.onStart?.(runId);
    const ended = untilEnded(engine, stores, runId);
    const tasks = engine.onDidStore((rows) => {
      for (const row of rows.filter((one) => one.runId === runId)) {
        options.onTask?.(row, stores.attempts.ofTask(row.id).at(-1)?.logPath);
      }
    });
    options.signal.addEventListener('abort', terminate, { once: true });
    engine.start(runId);
    const abandoned = endAbandoned(engine, stores, options.home);
    await ended;
    tasks.dispose();
    await abandoned;
    return read(stores, runId);
  };
  try {
    return await withLock(ownerLock(options.home, runId), work, { signal: options.signal });
  } finally {
    options.signal.removeEventListener('abort', terminate);
    await engine.close();
    db.close();
  }
}

/** Held by the process that runs it, and by the operating system's doing no longer. */
function ownerLock(home: string, runId: string): string {
  return join(home, 'runs', runId, 'owner.lock');
}

/** Terminates the runs whose process was killed; what steps those left running is stopped. */
async function endAbandoned(engine: PipelineEngine, stores: Stores, home: string): Promise<void> {
  // Where somebody has the lock, this process included, nothing is waited for.
  const unwilling = new AbortController();
  unwilling.abort();
  const ending = stores.runs.unfinished().map(async (runId) => {
    await withLock(
      ownerLock(home, runId),
      async () => {
        const ended = untilEnded(engine, stores, runId);
        engine.terminate(runId);
        await ended;
      },
      { signal: unwilling.signal },
    ).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  });
  await Promise.all(ending);
}

function insertRun(
  stores: Stores,
  runId: string,
  spec: SpecDocuments,
  parameters: Readonly<Record<string, JsonValue>>,
  options: RunLocalOptions,
): void {
  const document: JsonObject = {
    pipeline_spec: spec.pipelineSpec,
    ...(spec.platformSpec === undefined ? {} : { platform_spec: spec.platformSpec }),
  };
  stores.runs.insert({
    id: runId,
    displayName: options.displayName ?? readDocument(document).name,
    description: '',
    experimentId: '',
    createdAt: Date.now(),
    pipelineId: null,
    versionId: null,
    spec: document,
    parameters,
    pipelineRoot: options.pipelineRoot ?? '',
    serviceAccount: '',
  });
}

function untilEnded(engine: PipelineEngine, stores: Stores, runId: string): Promise<void> {
  return new Promise((resolve) => {
    const listener = engine.onDidChange((changed) => {
      if (changed !== runId || !isOver(stores, runId)) return;
      listener.dispose();
      resolve();
    });
  });
}

function isOver(stores: Stores, runId: string): boolean {
  const state = stores.runs.state(runId);
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELED';
}

function read(stores: Stores, runId: string): LocalRun {
  const run = stores.runs.get(runId);
  const artifacts = new Map(stores.artifacts.ofRun(runId).map((artifact) => [artifact.id, artifact]));
  const tasks = stores.tasks.ofRun(runId).map((task) => ({ ...task, produced: produced(task, artifacts) }));
  const state = run?.state;
  return {
    runId,
    state: state === 'SUCCEEDED' || state === 'CANCELED' ? state : 'FAILED',
    error: run?.error ?? undefined,
    outputs: tasks.find(({ kind }) => kind === 'ROOT')?.produced ?? { parameters: {}, artifacts: {} },
    tasks,
  };
}

function produced(task: TaskRow, artifacts: ReadonlyMap<string, ArtifactRow>): LocalOutputs {
  return {
    parameters: Object.fromEntries(task.outputs.parameters.map(({ key, value }) => [key, value])),
    artifacts: Object.fromEntries(
      task.outputs.artifacts.map(({ key, ids }) => [
        key,
        ids.map((id) => artifacts.get(id)).filter((artifact) => artifact !== undefined),
      ]),
    ),
  };
}
