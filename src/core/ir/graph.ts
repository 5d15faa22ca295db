import type { GraphEdge, GraphNode, NodeKind, PipelineGraph, Port } from './graphModel.ts';
import type { Component, Dag, Executor, PipelineDocument, Task } from './model.ts';
import {
  innerInputNames,
  isChannel,
  readableCondition,
  readableOutput,
  readableSource,
  withoutChannel,
  type InputNames,
  type Scope,
} from './readable.ts';

/** A component used twice is drawn twice, so a small text can ask for a huge drawing: past this, groups stay closed. */
const maxNodes = 20_000;
const maxDepth = 100;

/**
 * The drawing of a document: every dag opened where it is used, data and order as edges. What the text does wrong
 * is left out here and reported by validate.ts; a component inside itself is not opened again.
 */
export function buildGraph(document: PipelineDocument): PipelineGraph {
  const builder: Builder = { document, nodes: [], edges: [] };
  const { root } = document;
  if (root.implementation.kind === 'dag') {
    addGroup(builder, {
      id: '',
      component: root,
      dag: root.implementation.dag,
      inputs: new Map(),
      opened: ['root'],
    });
  }
  return { pipelineName: document.name, nodes: builder.nodes, edges: builder.edges };
}

/** The id of a task, input or output of a group; the root group's id is empty. */
export function childId(group: string, child: string): string {
  return group === '' ? child : `${group}/${child}`;
}

interface Builder {
  readonly document: PipelineDocument;
  readonly nodes: GraphNode[];
  readonly edges: GraphEdge[];
}

interface Group {
  readonly id: string;
  readonly component: Component;
  readonly dag: Dag;
  readonly inputs: InputNames;
  /** Names of the components around it. */
  readonly opened: readonly string[];
}

function addGroup(builder: Builder, group: Group): void {
  const scope: Scope = {
    tasks: new Map(group.dag.tasks.map((task) => [task.key, task])),
    inputs: group.inputs,
  };
  const edges = groupEdges(builder.document, group, scope);
  addInputs(builder, group, edges);
  for (const task of group.dag.tasks) addTask(builder, group, scope, task);
  addOutputs(builder, group);
  builder.edges.push(...edges.values());
}

function addTask(builder: Builder, group: Group, scope: Scope, task: Task): void {
  const { document } = builder;
  const component = document.components.get(task.componentRef);
  const id = childId(group.id, task.key);
  const dag = component?.implementation.kind === 'dag' ? component.implementation.dag : undefined;
  const executor =
    component?.implementation.kind === 'executor'
      ? document.executors.get(component.implementation.label)
      : undefined;
  const inner = innerInputNames(document, task, scope);
  builder.nodes.push({
    id,
    parent: group.id === '' ? undefined : group.id,
    kind: nodeKind(task, dag, executor),
    label: task.name,
    detail: detailOf(document, task, executor, inner, scope),
    component: component?.name,
    inputs: ports(component?.inputs),
    outputs: ports(component?.outputs),
    range: task.range,
  });
  if (component === undefined || dag === undefined || group.opened.includes(component.name)) return;
  if (builder.nodes.length + dag.tasks.length > maxNodes || group.opened.length > maxDepth) return;
  addGroup(builder, { id, component, dag, inputs: inner, opened: [...group.opened, component.name] });
}

/** The pipeline's inputs all show; a group's only where something inside reads them. */
function addInputs(builder: Builder, group: Group, edges: ReadonlyMap<string, GraphEdge>): void {
  const read = new Set([...edges.values()].map(({ from }) => from));
  const { parameters, artifacts } = group.component.inputs;
  for (const [kind, input] of [
    ...parameters.map((parameter) => ['parameter', parameter] as const),
    ...artifacts.map((artifact) => ['artifact', artifact] as const),
  ]) {
    const id = childId(group.id, `in:${input.name}`);
    if (group.id !== '' && !read.has(id)) continue;
    const type = typeof input.type === 'string' ? input.type : input.type.schemaTitle;
    builder.nodes.push({
      id,
      parent: group.id === '' ? undefined : group.id,
      kind: 'input',
      label: group.inputs.get(input.name) ?? withoutChannel(input.name),
      detail: type,
      component: undefined,
      inputs: [],
      outputs: [{ name: input.name, kind, type, isOptional: input.isOptional }],
      range: input.range,
    });
  }
}

function addOutputs(builder: Builder, group: Group): void {
  const types = new Map(ports(group.component.outputs).map((port) => [port.name, port]));
  for (const output of [...group.dag.outputs.parameters, ...group.dag.outputs.artifacts]) {
    const port = types.get(output.name);
    builder.nodes.push({
      id: childId(group.id, `out:${output.name}`),
      parent: group.id === '' ? undefined : group.id,
      kind: 'output',
      label: isChannel(output.name)
        ? readableOutput(builder.document, group.component, '', output.name, 0)
        : output.name,
      detail: port?.type ?? '',
      component: undefined,
      inputs: port === undefined ? [] : [port],
      outputs: [],
      range: output.range,
    });
  }
}

/** One edge per pair of ends and kind; an order edge only where no data says the same. */
function groupEdges(document: PipelineDocument, group: Group, scope: Scope): ReadonlyMap<string, GraphEdge> {
  const edges = new Map<string, GraphEdge & { readonly bindings: GraphEdge['bindings'][number][] }>();
  const bind = (
    from: string,
    to: string,
    kind: GraphEdge['kind'],
    binding?: GraphEdge['bindings'][number],
  ): void => {
    const id = `${from}->${to}:${kind}`;
    const edge = edges.get(id) ?? { id, from, to, kind, bindings: [] };
    edges.set(id, edge);
    if (binding !== undefined) edge.bindings.push(binding);
  };
  const parameterTypes = new Map<string, string>(
    group.component.inputs.parameters.map(({ name, type }) => [name, type]),
  );
  const artifactTypes = new Map(
    group.component.inputs.artifacts.map(({ name, type }) => [name, type.schemaTitle]),
  );
  const outputType = (task: string, output: string): string => {
    const component = document.components.get(scope.tasks.get(task)?.componentRef ?? '');
    return ports(component?.outputs).find(({ name }) => name === output)?.type ?? '';
  };
  for (const task of group.dag.tasks) {
    const to = childId(group.id, task.key);
    const producers = new Set<string>();
    for (const [kind, types, inputs] of [
      ['parameter', parameterTypes, task.inputs.parameters] as const,
      ['artifact', artifactTypes, task.inputs.artifacts] as const,
    ]) {
      for (const { name: input, source } of inputs) {
        if (source.kind === 'componentInput') {
          const type = types.get(source.name);
          if (type === undefined) continue;
          bind(childId(group.id, `in:${source.name}`), to, kind, { output: source.name, input, type });
        } else if (source.kind === 'taskOutput' || source.kind === 'taskFinalStatus') {
          if (!scope.tasks.has(source.producerTask)) continue;
          producers.add(source.producerTask);
          const isStatus = source.kind === 'taskFinalStatus';
          bind(childId(group.id, source.producerTask), to, kind, {
            output: isStatus ? 'status' : source.outputKey,
            input,
            type: isStatus ? 'TASK_FINAL_STATUS' : outputType(source.producerTask, source.outputKey),
          });
        }
      }
    }
    for (const { task: upstream } of task.dependentTasks) {
      if (scope.tasks.has(upstream) && !producers.has(upstream))
        bind(childId(group.id, upstream), to, 'order');
    }
  }
  for (const [kind, outputs] of [
    ['parameter', group.dag.outputs.parameters] as const,
    ['artifact', group.dag.outputs.artifacts] as const,
  ]) {
    const types = new Map(ports(group.component.outputs).map((port) => [port.name, port.type]));
    for (const output of outputs) {
      for (const { producerTask, outputKey } of output.selectors) {
        if (!scope.tasks.has(producerTask)) continue;
        bind(childId(group.id, producerTask), childId(group.id, `out:${output.name}`), kind, {
          output: outputKey,
          input: output.name,
          type: types.get(output.name) ?? '',
        });
      }
    }
  }
  return edges;
}

function ports(definitions: Component['inputs'] | Component['outputs'] | undefined): readonly Port[] {
  if (definitions === undefined) return [];
  return [
    ...definitions.parameters.map((parameter) => ({
      name: parameter.name,
      kind: 'parameter' as const,
      type: parameter.type,
      isOptional: 'isOptional' in parameter && parameter.isOptional,
    })),
    ...definitions.artifacts.map((artifact) => ({
      name: artifact.name,
      kind: 'artifact' as const,
      type: artifact.type.schemaTitle,
      isOptional: 'isOptional' in artifact && artifact.isOptional,
    })),
  ];
}

/** The SDK names its groups; nothing else in the format tells them apart. */
export function nodeKind(task: Task, dag: Dag | undefined, executor: Executor | undefined): NodeKind {
  if (dag === undefined) return executor?.kind === 'importer' ? 'importer' : 'task';
  if (task.iterator !== undefined) return 'loop';
  if (/^condition-branches-\d+$/.test(task.key)) return 'branches';
  if (/^exit-handler-\d+$/.test(task.key)) return 'exitHandler';
  return task.trigger.condition === undefined ? 'dag' : 'condition';
}

function detailOf(
  document: PipelineDocument,
  task: Task,
  executor: Executor | undefined,
  inner: InputNames,
  scope: Scope,
): string {
  const parts: string[] = [];
  if (task.trigger.condition !== undefined) {
    parts.push(`if ${readableCondition(task.trigger.condition, inner)}`);
  }
  if (task.iterator !== undefined) parts.push(loopText(task.iterator, inner));
  if (executor?.kind === 'container') {
    parts.push(executor.python === undefined ? executor.image : `${executor.python.functionName}()`);
  }
  if (executor?.kind === 'importer') {
    const { artifactUri } = executor;
    const input = task.inputs.parameters.find(
      ({ name }) => artifactUri.kind === 'input' && name === artifactUri.name,
    );
    if (artifactUri.kind === 'constant') parts.push(artifactUri.value);
    else parts.push(input === undefined ? artifactUri.name : readableSource(document, input, scope));
  }
  if (task.trigger.runsAfterFailure) parts.push('runs after failures too');
  return parts.join(' · ');
}

function loopText(iterator: NonNullable<Task['iterator']>, inner: InputNames): string {
  const { items, parallelismLimit } = iterator;
  const limit = parallelismLimit > 0 ? `, ${parallelismLimit} at a time` : '';
  if (items.kind === 'input')
    return `for each of ${inner.get(items.name) ?? withoutChannel(items.name)}${limit}`;
  const count = rawLength(items.json);
  return `for each of ${count === undefined ? 'its items' : `${count} item${count === 1 ? '' : 's'}`}${limit}`;
}

function rawLength(json: string): number | undefined {
  try {
    const items: unknown = JSON.parse(json);
    return Array.isArray(items) ? items.length : undefined;
  } catch {
    // Not JSON: validate.ts says so.
    return undefined;
  }
}
