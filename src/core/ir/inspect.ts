/** What the canvas' inspector shows of a document: one node, or a pipeline and its sub-pipelines. */
import type { GroupView, InputView, NodeView, PortView, SourceView } from '../protocol/graphEdit.ts';
import { childId, nodeKind } from './graph.ts';
import type {
  Component,
  Executor,
  InputArtifact,
  InputParameter,
  OutputArtifact,
  OutputParameter,
  PipelineDocument,
  Task,
  TaskArtifact,
  TaskParameter,
} from './model.ts';
import {
  innerInputNames,
  isChannel,
  readableCondition,
  readableOutput,
  readableSource,
  type InputNames,
  type Scope,
} from './readable.ts';

/** Views of those ids that are tasks or groups of the document; others are left out. */
export function inspectNodes(document: PipelineDocument, nodeIds: readonly string[]): readonly NodeView[] {
  const uses = countUses(document);
  const groups = new Map<string, Opened | undefined>();
  return nodeIds.flatMap((id) => {
    const place = findPlace(document, id, groups);
    return place === undefined ? [] : [nodeView(document, id, place, uses)];
  });
}

/** The pipeline ('') or what a sub-pipeline's task opens; undefined when there is no such group. */
export function inspectGroup(document: PipelineDocument, group: string): GroupView | undefined {
  const place = group === '' ? undefined : findPlace(document, group);
  if (group !== '' && place === undefined) return undefined;
  const component = place === undefined ? document.root : document.components.get(place.task.componentRef);
  if (component?.implementation.kind !== 'dag') return undefined;
  const { dag } = component.implementation;
  const ports = new Map(outputViews(component).map((port) => [port.name, port]));
  return {
    group,
    name: place === undefined ? (document.displayName ?? document.name) : place.task.name,
    description: place === undefined ? document.description : undefined,
    inputs: inputViews(document, component, place),
    outputs: [...dag.outputs.parameters, ...dag.outputs.artifacts].flatMap(({ name, selectors }) => {
      const port = ports.get(name);
      if (port === undefined) return [];
      const from = selectors.map(({ producerTask, outputKey }) => {
        const producer = dag.tasks.find(({ key }) => key === producerTask);
        const made = document.components.get(producer?.componentRef ?? '');
        return readableOutput(document, made, producerTask, outputKey, 0);
      });
      return [{ ...port, from: [...new Set(from)].join(' or ') }];
    }),
  };
}

/** A task and the dag it stands in, with what people call the inputs there. */
interface Place {
  readonly task: Task;
  readonly group: string;
  readonly scope: Scope;
}

/** The dag that a group holds, and what people call the inputs there. */
interface Opened {
  readonly group: string;
  readonly scope: Scope;
}

/** `groups`: those that were found before, by id. */
function findPlace(
  document: PipelineDocument,
  id: string,
  groups = new Map<string, Opened | undefined>(),
): Place | undefined {
  const slash = id.lastIndexOf('/');
  const opened = openGroup(document, slash === -1 ? '' : id.slice(0, slash), groups);
  const task = opened?.scope.tasks.get(id.slice(slash + 1));
  return opened === undefined || task === undefined ? undefined : { task, ...opened };
}

function openGroup(
  document: PipelineDocument,
  group: string,
  groups: Map<string, Opened | undefined>,
): Opened | undefined {
  if (groups.has(group)) return groups.get(group);
  let component: Component | undefined = document.root;
  let inputs: InputNames = new Map();
  if (group !== '') {
    const place = findPlace(document, group, groups);
    component = place && document.components.get(place.task.componentRef);
    if (place !== undefined) inputs = innerInputNames(document, place.task, place.scope);
  }
  const dag = component?.implementation.kind === 'dag' ? component.implementation.dag : undefined;
  const opened: Opened | undefined = dag && {
    group,
    scope: { tasks: new Map(dag.tasks.map((task) => [task.key, task])), inputs },
  };
  groups.set(group, opened);
  return opened;
}

function nodeView(
  document: PipelineDocument,
  nodeId: string,
  place: Place,
  uses: ReadonlyMap<string, number>,
): NodeView {
  const { task, group, scope } = place;
  const component = document.components.get(task.componentRef);
  const implementation = component?.implementation;
  const dag = implementation?.kind === 'dag' ? implementation.dag : undefined;
  const executor =
    implementation?.kind === 'executor' ? document.executors.get(implementation.label) : undefined;
  const kind = nodeKind(task, dag, executor);
  const isOwn = kind === 'task' || kind === 'importer' || kind === 'dag';
  const inner = innerInputNames(document, task, scope);
  const { condition } = task.trigger;
  return {
    nodeId,
    kind,
    name: task.name,
    component: component?.name,
    componentUses: uses.get(task.componentRef) ?? 0,
    // What the compiler passes through its groups is nobody's to edit.
    inputs: inputViews(document, component, place).filter(({ name }) => isOwn || !isChannel(name)),
    outputs: outputViews(component),
    runAfter: orderOnly(task).map((key) => childId(group, key)),
    settings: settingsOf(document, task, executor),
    condition:
      condition === undefined ? undefined : { cel: condition, text: readableCondition(condition, inner) },
    loop: loopOf(document, place),
  };
}

function inputViews(
  document: PipelineDocument,
  component: Component | undefined,
  place: Place | undefined,
): readonly InputView[] {
  if (component === undefined) return [];
  const given = new Map<string, TaskParameter | TaskArtifact>(
    [...(place?.task.inputs.parameters ?? []), ...(place?.task.inputs.artifacts ?? [])].map((input) => [
      input.name,
      input,
    ]),
  );
  const view = (input: InputParameter | InputArtifact): InputView => {
    const defaultValue = 'defaultValue' in input ? input.defaultValue : undefined;
    return {
      ...portView(input),
      isOptional: input.isOptional || defaultValue !== undefined,
      source: sourceView(document, given.get(input.name), place),
      defaultValue,
      description: input.description,
    };
  };
  return [...component.inputs.parameters.map(view), ...component.inputs.artifacts.map(view)];
}

function outputViews(component: Component | undefined): readonly PortView[] {
  if (component === undefined) return [];
  const { parameters, artifacts } = component.outputs;
  return [...parameters, ...artifacts].map((output) => ({ ...portView(output), isOptional: false }));
}

function portView(
  port: InputParameter | InputArtifact | OutputParameter | OutputArtifact,
): Omit<PortView, 'isOptional'> {
  return typeof port.type === 'string'
    ? { name: port.name, kind: 'parameter', type: port.type }
    : { name: port.name, kind: 'artifact', type: port.type.schemaTitle };
}

function sourceView(
  document: PipelineDocument,
  input: TaskParameter | TaskArtifact | undefined,
  place: Place | undefined,
): SourceView {
  if (input === undefined || place === undefined) return { kind: 'none' };
  const { source } = input;
  if (source.kind === 'missing') return { kind: 'none' };
  if (source.kind === 'constant') return { kind: 'constant', value: source.value };
  const node = source.kind === 'componentInput' ? `in:${source.name}` : source.producerTask;
  return {
    kind: 'wired',
    label: readableSource(document, input, place.scope),
    node: childId(place.group, node),
  };
}

function loopOf(document: PipelineDocument, place: Place): NodeView['loop'] {
  const { iterator, inputs } = place.task;
  if (iterator === undefined) return undefined;
  const { items, parallelismLimit } = iterator;
  const parallelism = parallelismLimit;
  if (items.kind === 'input') {
    const input = [...inputs.parameters, ...inputs.artifacts].find(({ name }) => name === items.name);
    return { items: sourceView(document, input, place), parallelism };
  }
  try {
    // JSON is JSON values by what it is.
    const value = JSON.parse(items.json) as Extract<SourceView, { kind: 'constant' }>['value'];
    return { items: { kind: 'constant', value }, parallelism };
  } catch {
    // validate.ts says that it is none.
    return { items: { kind: 'none' }, parallelism };
  }
}

/** What a task waits for without reading it. */
function orderOnly(task: Task): readonly string[] {
  const read = new Set(
    [...task.inputs.parameters, ...task.inputs.artifacts].flatMap(({ source }) =>
      source.kind === 'taskOutput' || source.kind === 'taskFinalStatus' ? [source.producerTask] : [],
    ),
  );
  return task.dependentTasks.map(({ task: upstream }) => upstream).filter((upstream) => !read.has(upstream));
}

function settingsOf(
  document: PipelineDocument,
  task: Task,
  executor: Executor | undefined,
): NodeView['settings'] {
  if (executor?.kind !== 'container') return undefined;
  const { image, command, args, env, resources, python, label } = executor;
  return {
    caching: task.caching.enabled,
    retry: task.retry,
    image,
    command,
    args,
    env,
    cpuRequest: resources?.cpuRequest,
    cpuLimit: resources?.cpuLimit,
    memoryRequest: resources?.memoryRequest,
    memoryLimit: resources?.memoryLimit,
    accelerator: resources?.accelerator,
    kubernetes: document.kubernetes.get(label) ?? {},
    isPython: python !== undefined,
  };
}

/** How many tasks of the file refer to each component. */
function countUses(document: PipelineDocument): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const { implementation } of [document.root, ...document.components.values()]) {
    if (implementation.kind !== 'dag') continue;
    for (const { componentRef } of implementation.dag.tasks) {
      uses.set(componentRef, (uses.get(componentRef) ?? 0) + 1);
    }
  }
  return uses;
}
