/** Our model of every pipeline in the repository against the SDK's own protobuf classes reading the same file. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { buildGraph } from '../../../src/core/ir/graph.ts';
import type {
  ArtifactSource,
  Component,
  Executor,
  ParameterSource,
  PipelineDocument,
  Task,
} from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';

const files = [
  'test/fixtures/kfp/samples',
  'test/fixtures/pipelines',
  'test/fixtures/older-sdks',
  'dev-cluster/seed/pipelines',
].flatMap((folder) =>
  readdirSync(resolve(folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => resolve(folder, name)),
);

const taskSchema = z.looseObject({
  component: z.string(),
  parameters: z.record(z.string(), z.tuple([z.string()], z.unknown())),
  artifacts: z.record(z.string(), z.tuple([z.string()], z.unknown())),
  after: z.array(z.string()),
});
const componentSchema = z.looseObject({
  tasks: z.record(z.string(), taskSchema),
  dagOutputs: z.record(z.string(), z.record(z.string(), z.array(z.tuple([z.string(), z.string()])))),
});
const descriptionSchema = z.looseObject({
  components: z.record(z.string(), componentSchema),
  root: componentSchema,
});
type Theirs = z.infer<typeof descriptionSchema>;

let theirs: Readonly<Record<string, Theirs>>;
beforeAll(async () => {
  const { python } = await new PythonEnvironments().sdk(new AbortController().signal);
  const script = join(import.meta.dirname, 'describe_pipeline.py');
  const { stdout } = await promisify(execFile)(python, [script, ...files], { maxBuffer: 64 * 1024 * 1024 });
  theirs = z.record(z.string(), descriptionSchema).parse(JSON.parse(stdout));
});

function read(file: string): PipelineDocument {
  const parsed = parsePipeline(readFileSync(file, 'utf8'));
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return parsed.document;
}

function theirDescription(file: string): Theirs {
  const description = theirs[file];
  if (description === undefined) throw new Error(`not described: ${file}`);
  return description;
}

test('there are files of every kind', () => {
  expect(files.length).toBeGreaterThan(25);
});

test.each(files.map((file) => [basename(file), file]))('%s: the model', (_name, file) => {
  const document = read(file);
  expect({
    name: document.name,
    components: mapped(document.components, describeComponent),
    root: describeComponent(document.root),
    executors: mapped(document.executors, describeExecutor),
  }).toEqual(theirDescription(file));
});

test.each(files.map((file) => [basename(file), file]))('%s: the graph', (_name, file) => {
  const { nodes, edges } = buildGraph(read(file));
  const description = theirDescription(file);
  const expected = expand(description, description.root, '');
  const tasks = nodes.filter(({ kind }) => kind !== 'input' && kind !== 'output').map(({ id }) => id);
  expect(tasks.sort()).toEqual(expected.tasks.sort());
  expect([...new Set(edges.map(({ from, to }) => `${from} -> ${to}`))].sort()).toEqual(
    [...new Set(expected.edges)].sort(),
  );
});

/** The drawing's tasks and edges, from what the SDK read alone. */
function expand(
  description: Theirs,
  component: z.infer<typeof componentSchema>,
  path: string,
): { tasks: string[]; edges: string[] } {
  const at = (name: string): string => (path === '' ? name : `${path}/${name}`);
  const tasks: string[] = [];
  const edges: string[] = [];
  for (const [name, task] of Object.entries(component.tasks)) {
    tasks.push(at(name));
    for (const [kind, ...rest] of [...Object.values(task.parameters), ...Object.values(task.artifacts)]) {
      const from = String(rest[0]);
      if (kind === 'task' || kind === 'status') edges.push(`${at(from)} -> ${at(name)}`);
      if (kind === 'input') edges.push(`${at(`in:${from}`)} -> ${at(name)}`);
    }
    for (const upstream of task.after) edges.push(`${at(upstream)} -> ${at(name)}`);
    const inner = description.components[task.component];
    if (inner === undefined) continue;
    const inside = expand(description, inner, at(name));
    tasks.push(...inside.tasks);
    edges.push(...inside.edges);
  }
  for (const outputs of Object.values(component.dagOutputs)) {
    for (const [output, selectors] of Object.entries(outputs)) {
      for (const [producer] of selectors) edges.push(`${at(producer)} -> ${at(`out:${output}`)}`);
    }
  }
  return { tasks, edges };
}

function describeComponent({ inputs, outputs, implementation }: Component): unknown {
  const dag = implementation.kind === 'dag' ? implementation.dag : undefined;
  return {
    inputs: describePorts(inputs),
    optional: [...inputs.parameters, ...inputs.artifacts]
      .filter(({ isOptional }) => isOptional)
      .map(({ name }) => name)
      .sort(),
    defaults: Object.fromEntries(
      inputs.parameters
        .filter(({ defaultValue }) => defaultValue !== undefined)
        .map(({ name, defaultValue }) => [name, defaultValue]),
    ),
    outputs: describePorts(outputs),
    executor: implementation.kind === 'executor' ? implementation.label : null,
    tasks: Object.fromEntries((dag?.tasks ?? []).map((task) => [task.key, describeTask(task)])),
    dagOutputs: {
      parameters: describeOutputs(dag?.outputs.parameters ?? []),
      artifacts: describeOutputs(dag?.outputs.artifacts ?? []),
    },
  };
}

function describePorts({ parameters, artifacts }: Component['inputs'] | Component['outputs']): unknown {
  return {
    parameters: Object.fromEntries(parameters.map(({ name, type }) => [name, type])),
    artifacts: Object.fromEntries(
      artifacts.map(({ name, type, isList }) => [name, [type.schemaTitle, isList]]),
    ),
  };
}

function describeOutputs(
  outputs: readonly { name: string; selectors: readonly { producerTask: string; outputKey: string }[] }[],
): unknown {
  return Object.fromEntries(
    outputs.map(({ name, selectors }) => [
      name,
      selectors.map(({ producerTask, outputKey }) => [producerTask, outputKey]),
    ]),
  );
}

function describeTask(task: Task): unknown {
  const { iterator } = task;
  return {
    name: task.name,
    component: task.componentRef,
    parameters: Object.fromEntries(
      task.inputs.parameters.map(({ name, source }) => [name, describeSource(source)]),
    ),
    artifacts: Object.fromEntries(
      task.inputs.artifacts.map(({ name, source }) => [name, describeSource(source)]),
    ),
    after: task.dependentTasks.map((entry) => entry.task),
    condition: task.trigger.condition ?? null,
    runsAfterFailure: task.trigger.runsAfterFailure,
    iterator:
      iterator === undefined
        ? null
        : [
            iterator.kind,
            iterator.items.kind === 'raw' ? ['raw', iterator.items.json] : ['input', iterator.items.name],
            iterator.itemInput,
            iterator.parallelismLimit,
          ],
    caching: task.caching.enabled,
    retries: task.retry?.maxRetryCount ?? null,
  };
}

function describeSource(source: ParameterSource | ArtifactSource): unknown {
  switch (source.kind) {
    case 'constant':
      return ['constant', source.value];
    case 'componentInput':
      return ['input', source.name];
    case 'taskOutput':
      return ['task', source.producerTask, source.outputKey];
    case 'taskFinalStatus':
      return ['status', source.producerTask];
    case 'missing':
      return ['missing'];
  }
}

function describeExecutor(executor: Executor): unknown {
  switch (executor.kind) {
    case 'container':
      return {
        kind: 'container',
        image: executor.image,
        command: executor.command,
        args: executor.args,
        env: executor.env.map(({ name, value }) => [name, value]),
      };
    case 'importer':
      return { kind: 'importer', title: executor.type.schemaTitle, reimport: executor.reimport };
    case 'unsupported':
      return { kind: executor.spec };
  }
}

function mapped<T>(map: ReadonlyMap<string, T>, describe: (value: T) => unknown): unknown {
  return Object.fromEntries([...map].map(([key, value]) => [key, describe(value)]));
}
