import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type LocalOutputs,
  type LocalRun,
  runLocal,
} from '../../../dev-cluster/embedded/kfp/engine/runLocal.ts';
import type { ArtifactRow } from '../../../dev-cluster/embedded/kfp/store/artifacts.ts';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import type { JsonObject, JsonValue } from '../../../src/core/base/json.ts';
import type { Component, PipelineDocument } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import { contentOf, type Result, type StepResult } from './result.ts';

export interface OurCase {
  readonly file: string;
  readonly parameters: JsonObject;
  /** Where the engine keeps its state. */
  readonly folder: string;
  readonly times: number;
}

/** Runs a pipeline by our engine, `times` times in the same state; tells of the last one. */
export async function runOurs(one: OurCase): Promise<Omit<Result, 'files'>> {
  const text = await readFile(one.file, 'utf8');
  const parsed = parsePipeline(text);
  const spec = specToDocuments(text);
  if (parsed.kind === 'notPipeline' || spec.kind === 'notPipeline')
    throw new Error(`${one.file} is no pipeline.`);
  let run: LocalRun | undefined;
  for (let time = 0; time < one.times; time++) {
    run = await runLocal(spec, one.parameters, {
      home: one.folder,
      environments: new PythonEnvironments(),
      onError: (error) => {
        throw error;
      },
      signal: new AbortController().signal,
    });
  }
  if (run === undefined) throw new Error(`${one.file} was to be run no times.`);
  return resultOf(run, parsed.document);
}

async function resultOf(run: LocalRun, document: PipelineDocument): Promise<Omit<Result, 'files'>> {
  const lists = new Set(
    document.root.outputs.artifacts.filter(({ isList }) => isList).map(({ name }) => name),
  );
  const { parameters, artifacts } = await withContents(run.outputs);
  const single: Record<string, JsonValue> = {};
  for (const [key, items] of Object.entries(artifacts))
    single[key] = lists.has(key) ? items : (items[0] ?? null);
  const steps: StepResult[] = [];
  for (const task of run.tasks) {
    if (task.kind !== 'RUNTIME' || (task.state !== 'SUCCEEDED' && task.state !== 'CACHED')) continue;
    const name = componentAt(document, task.scopePath).name.replace(/^comp-/, '');
    steps.push({ name, ...(await withContents(task.produced)) });
  }
  return {
    state: run.state,
    error: run.error ?? null,
    outputs: run.state === 'SUCCEEDED' ? { ...parameters, ...single } : {},
    steps,
  };
}

/** `scopePath` is `root.<task>.<task>…`. */
function componentAt(document: PipelineDocument, scopePath: string): Component {
  let component = document.root;
  for (const key of scopePath.split('.').slice(1)) {
    const { implementation } = component;
    const tasks = implementation.kind === 'dag' ? implementation.dag.tasks : [];
    const task = tasks.find((candidate) => candidate.key === key);
    const next = task && document.components.get(task.componentRef);
    if (next === undefined) throw new Error(`The pipeline has no task at ${scopePath}.`);
    component = next;
  }
  return component;
}

interface Contents {
  readonly parameters: JsonObject;
  readonly artifacts: Readonly<Record<string, readonly JsonValue[]>>;
}

async function withContents({ parameters, artifacts }: LocalOutputs): Promise<Contents> {
  const contents: Record<string, readonly JsonValue[]> = {};
  for (const [key, items] of Object.entries(artifacts)) {
    const all = await Promise.all(items.map((item) => artifactContent(item)));
    contents[key] = all;
  }
  return { parameters, artifacts: contents };
}

async function artifactContent({ uri, metadata }: ArtifactRow): Promise<JsonValue> {
  return { metadata, content: await contentOf(uri.startsWith('file://') ? fileURLToPath(uri) : uri) };
}
