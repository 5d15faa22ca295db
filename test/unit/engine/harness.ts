/** An engine over a store in memory (or a file) with a scripted executor. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocument } from '../../../dev-cluster/embedded/kfp/engine/document.ts';
import { PipelineEngine } from '../../../dev-cluster/embedded/kfp/engine/engine.ts';
import type { Executor } from '../../../dev-cluster/embedded/kfp/engine/executor.ts';
import { openDatabase } from '../../../dev-cluster/embedded/kfp/store/database.ts';
import type { RunRow } from '../../../dev-cluster/embedded/kfp/store/runs.ts';
import { openStores, type Stores } from '../../../dev-cluster/embedded/kfp/store/stores.ts';
import type { TaskRow } from '../../../dev-cluster/embedded/kfp/store/tasks.ts';
import type { SpecDocuments } from '../../../src/clients/kfp/model.ts';
import type { JsonValue } from '../../../src/core/base/json.ts';
import { ScriptedExecutor, type Script } from '../../fakes/scriptedExecutor.ts';

/** Waits on the event loop alone, so that it works beside fake timers. */
export async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

export interface Harness {
  readonly stores: Stores;
  readonly engine: PipelineEngine;
  readonly errors: Error[];
  /** Inserts a run; doesn't start it. */
  add(spec: SpecDocuments, parameters?: Readonly<Record<string, JsonValue>>): string;
  until(runId: string, isSo: (run: RunRow) => boolean): Promise<RunRow>;
  ended(runId: string): Promise<Ended>;
  /** Lets go of the engine in whatever it is doing, and starts another over the same store. */
  restart(): Harness;
}

export interface Ended {
  readonly run: RunRow;
  readonly tasks: readonly TaskRow[];
  /** State by scope path without `root.`; iterations as `loop[0]`, tasks in them as `loop[0].task`. */
  readonly states: Readonly<Record<string, string>>;
  /** The root's output parameters. */
  readonly outputs: Readonly<Record<string, JsonValue>>;
}

export function harness(
  executor: Executor,
  options: { readonly maxParallelSteps?: number; readonly home?: string; readonly file?: string } = {},
  stores: Stores = openStores(openDatabase(options.file ?? ':memory:')),
): Harness {
  const errors: Error[] = [];
  const engine = new PipelineEngine({
    stores,
    executor,
    home: options.home ?? join(tmpdir(), 'slipway-engine-test-unused'),
    maxParallelSteps: options.maxParallelSteps ?? 4,
    parse: readDocument,
    onError: (error) => errors.push(error),
  });
  const until = async (runId: string, isSo: (run: RunRow) => boolean): Promise<RunRow> => {
    for (;;) {
      const run = stores.runs.get(runId);
      if (!run) throw new Error('The run is gone.');
      if (isSo(run)) return run;
      await new Promise<void>((resolve) => {
        const listener = engine.onDidChange(() => {
          listener.dispose();
          resolve();
        });
      });
    }
  };
  return {
    stores,
    engine,
    errors,
    until,
    restart: () => {
      void engine.close();
      const next = harness(executor, options, stores);
      next.engine.recover();
      return next;
    },
    add: (spec, parameters = {}) => {
      const id = randomUUID();
      stores.runs.insert({
        id,
        displayName: 'test run',
        description: '',
        experimentId: '',
        createdAt: Date.now(),
        pipelineId: null,
        versionId: null,
        spec: { pipeline_spec: spec.pipelineSpec },
        parameters,
        pipelineRoot: '',
        serviceAccount: '',
      });
      return id;
    },
    ended: async (runId) => {
      const run = await until(runId, ({ finishedAt }) => finishedAt !== null);
      const tasks = stores.tasks.ofRun(runId);
      const root = tasks.find(({ kind }) => kind === 'ROOT');
      return {
        run,
        tasks,
        states: statesOf(tasks),
        outputs: Object.fromEntries(root?.outputs.parameters.map(({ key, value }) => [key, value]) ?? []),
      };
    },
  };
}

/** Runs a pipeline to its end. */
export async function runOnce(
  spec: SpecDocuments,
  options: {
    readonly script?: Script;
    readonly parameters?: Readonly<Record<string, JsonValue>>;
    readonly maxParallelSteps?: number;
  } = {},
): Promise<Ended & { readonly executor: ScriptedExecutor; readonly harness: Harness }> {
  const executor = new ScriptedExecutor(options.script);
  const h = harness(executor, options);
  const id = h.add(spec, options.parameters);
  h.engine.start(id);
  const ended = await h.ended(id);
  return { ...ended, executor, harness: h };
}

function statesOf(tasks: readonly TaskRow[]): Record<string, string> {
  const paths = new Map<string, string>();
  const states: Record<string, string> = {};
  for (const task of tasks) {
    const parent = task.parentId === null ? undefined : paths.get(task.parentId);
    const path =
      parent === undefined
        ? ''
        : task.iteration === null
          ? `${parent}${parent === '' ? '' : '.'}${task.name}`
          : `${parent}[${task.iteration}]`;
    paths.set(task.id, path);
    if (path !== '') states[path] = task.state;
  }
  return states;
}
