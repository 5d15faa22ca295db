import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDocument } from '../../../dev-cluster/embedded/kfp/engine/document.ts';
import { PipelineEngine } from '../../../dev-cluster/embedded/kfp/engine/engine.ts';
import { ProcessExecutor } from '../../../dev-cluster/embedded/kfp/engine/processExecutor.ts';
import type { ArtifactRow } from '../../../dev-cluster/embedded/kfp/store/artifacts.ts';
import { openDatabase } from '../../../dev-cluster/embedded/kfp/store/database.ts';
import { openStores, type Stores } from '../../../dev-cluster/embedded/kfp/store/stores.ts';
import type { StoredIo } from '../../../dev-cluster/embedded/kfp/store/tasks.ts';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import type { JsonObject, JsonValue } from '../../../src/core/base/json.ts';
import type { Component, PipelineDocument } from '../../../src/core/ir/model.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import { contentOf, type Result, type StepResult } from './result.ts';

export interface OurCase {
  readonly file: string;
  readonly parameters: JsonObject;
  /** Where the engine keeps its state. */
  readonly folder: string;
  readonly times: number;
}

const STEPS_AT_A_TIME = 2;

/** Runs a pipeline by our engine, `times` times in the same state; tells of the last one. */
export async function runOurs({ file, parameters, folder, times }: OurCase): Promise<Omit<Result, 'files'>> {
  const db = openDatabase(join(folder, 'state.db'));
  const stores = openStores(db);
  const engine = new PipelineEngine({
    stores,
    executor: new ProcessExecutor({ environments: new PythonEnvironments() }),
    home: folder,
    maxParallelSteps: STEPS_AT_A_TIME,
    parse: readDocument,
    onError: (error) => {
      throw error;
    },
  });
  try {
    const spec = specOf(await readFile(file, 'utf8'));
    let runId = '';
    for (let time = 0; time < times; time++) {
      runId = randomUUID();
      stores.runs.insert({
        id: runId,
        displayName: runId,
        description: '',
        experimentId: 'differential',
        createdAt: Date.now(),
        pipelineId: null,
        versionId: null,
        spec,
        parameters,
        pipelineRoot: '',
        serviceAccount: '',
      });
      await endOf(engine, stores, runId);
    }
    return await resultOf(stores, runId, readDocument(spec));
  } finally {
    await engine.close();
    db.close();
  }
}

function specOf(text: string): JsonObject {
  const documents = specToDocuments(text);
  if (documents.kind === 'notPipeline') throw new Error(documents.problem.message);
  const { pipelineSpec, platformSpec } = documents;
  return {
    pipeline_spec: pipelineSpec,
    ...(platformSpec === undefined ? {} : { platform_spec: platformSpec }),
  };
}

function endOf(engine: PipelineEngine, stores: Stores, runId: string): Promise<void> {
  return new Promise((resolve) => {
    const subscription = engine.onDidChange(() => {
      if (stores.runs.get(runId)?.finishedAt === null) return;
      subscription.dispose();
      resolve();
    });
    engine.start(runId);
  });
}

async function resultOf(
  stores: Stores,
  runId: string,
  document: PipelineDocument,
): Promise<Omit<Result, 'files'>> {
  const run = stores.runs.get(runId);
  if (run === undefined) throw new Error('The run is gone.');
  const tasks = stores.tasks.ofRun(runId);
  const root = tasks.find(({ kind }) => kind === 'ROOT');
  const lists = new Set(
    document.root.outputs.artifacts.filter(({ isList }) => isList).map(({ name }) => name),
  );
  const outputs = root === undefined ? { parameters: {}, artifacts: {} } : await ioOf(stores, root.outputs);
  const artifacts: Record<string, JsonValue> = {};
  for (const [key, items] of Object.entries(outputs.artifacts)) {
    artifacts[key] = lists.has(key) ? items : (items[0] ?? null);
  }
  const steps: StepResult[] = [];
  for (const task of tasks) {
    if (task.kind !== 'RUNTIME' || (task.state !== 'SUCCEEDED' && task.state !== 'CACHED')) continue;
    const name = componentAt(document, task.scopePath).name.replace(/^comp-/, '');
    steps.push({ name, ...(await ioOf(stores, task.outputs)) });
  }
  return {
    state: run.state,
    error: run.error,
    outputs: run.state === 'SUCCEEDED' ? { ...outputs.parameters, ...artifacts } : {},
    steps,
  };
}

/** `scopePath` is `root.<task>.<task>…`. */
function componentAt(document: PipelineDocument, scopePath: string): Component {
  let component = document.root;
  for (const key of scopePath.split('.').slice(1)) {
    const task =
      component.implementation.kind === 'dag'
        ? component.implementation.dag.tasks.find((one) => one.key === key)
        : undefined;
    const next = task && document.components.get(task.componentRef);
    if (next === undefined) throw new Error(`The pipeline has no task at ${scopePath}.`);
    component = next;
  }
  return component;
}

interface Io {
  readonly parameters: JsonObject;
  readonly artifacts: Readonly<Record<string, readonly JsonValue[]>>;
}

async function ioOf(stores: Stores, io: StoredIo): Promise<Io> {
  const artifacts: Record<string, readonly JsonValue[]> = {};
  for (const { key, ids } of io.artifacts) {
    const items = await Promise.all(ids.map((id) => artifactOf(stores.artifacts.get(id))));
    artifacts[key] = items;
  }
  return { parameters: Object.fromEntries(io.parameters.map(({ key, value }) => [key, value])), artifacts };
}

async function artifactOf(artifact: ArtifactRow | undefined): Promise<JsonValue> {
  if (artifact === undefined) return null;
  const path = artifact.uri.startsWith('file://') ? fileURLToPath(artifact.uri) : artifact.uri;
  return { metadata: artifact.metadata, content: await contentOf(path) };
}
