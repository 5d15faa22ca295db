/** Everything the side panel shows of one node, from the document and, in a run, from its task. Pure. */
import { isFinal, type Run, type RunTask, type TaskIo } from '../../clients/kfp/model.ts';
import type { GraphNode, Port } from '../../core/ir/graphModel.ts';
import type { Executor, PipelineDocument } from '../../core/ir/model.ts';
import type { IoView, TaskDetail } from '../../core/protocol/runGraph.ts';
import { artifactView } from './metrics.ts';

type Fact = TaskDetail['definition'][number];

/** Artifacts of one output shown in the panel; a Collected list may have thousands. */
const MOST_ARTIFACTS = 50;

export function taskDetail(
  node: GraphNode | undefined,
  task: RunTask | undefined,
  document: PipelineDocument | undefined,
  hasSource: boolean,
): TaskDetail {
  return {
    nodeId: node?.id ?? task?.scopePath ?? '',
    taskId: task?.id,
    title:
      task?.iteration === undefined
        ? (node?.label ?? task?.displayName ?? '')
        : `${node?.label ?? task.displayName} [${task.iteration}]`,
    state: task?.state,
    error: task?.error,
    startedAt: task?.startedAt?.getTime(),
    finishedAt: task?.finishedAt?.getTime(),
    attempts: task?.attempts.map((attempt) => attempt.name) ?? [],
    notes: Object.entries(task?.notes ?? {}).map(([name, value]) => ({ name, value })),
    definition: node === undefined ? [] : definition(node, document),
    inputs: ios(task?.inputs, node?.inputs ?? []),
    outputs: ios(task?.outputs, node?.outputs ?? []),
    hasSource,
  };
}

/** The run as a whole: its parameters, and every metric and report that any of its steps made. */
export function runDetail(run: Run, tasks: readonly RunTask[]): TaskDetail {
  const root = tasks.find((task) => task.parentId === undefined);
  const results = tasks.flatMap((task) =>
    task.kind === 'ROOT'
      ? []
      : ios(task.outputs, [])
          .map((io) => ({ ...io, producer: task.displayName, artifacts: io.artifacts.filter(isResult) }))
          .filter((io) => io.artifacts.length > 0),
  );
  return {
    nodeId: '',
    taskId: root?.id,
    title: run.displayName,
    state: root?.state,
    error: run.error,
    startedAt: run.createdAt.getTime(),
    finishedAt: isFinal(run.state) ? run.finishedAt?.getTime() : undefined,
    attempts: [],
    notes: [],
    definition: [
      { name: 'Run id', value: run.id },
      ...(run.pipelineRoot === undefined || run.pipelineRoot === ''
        ? []
        : [{ name: 'Pipeline root', value: run.pipelineRoot }]),
    ],
    inputs: Object.entries(run.parameters).map(([name, value]) => ({
      name,
      kind: 'parameter',
      type: '',
      value,
      producer: undefined,
      artifacts: [],
    })),
    outputs: [...ios(root?.outputs, []), ...results.slice(0, MOST_ARTIFACTS)],
    hasSource: false,
  };
}

function isResult(artifact: IoView['artifacts'][number]): boolean {
  return artifact.metrics !== undefined || artifact.type === 'HTML' || artifact.type === 'Markdown';
}

/** What the task says, in the order of the document's ports; ports the task does not mention come without a value. */
function ios(io: TaskIo | undefined, ports: readonly Port[]): readonly IoView[] {
  const typeOf = (name: string): string | undefined => ports.find((port) => port.name === name)?.type;
  const known: IoView[] = [
    ...(io?.parameters ?? []).map((parameter): IoView => ({
      name: parameter.name,
      kind: 'parameter',
      type: typeText(typeOf(parameter.name) ?? ''),
      value: parameter.value,
      producer: parameter.producer,
      artifacts: [],
    })),
    ...(io?.artifacts ?? []).map((entry): IoView => ({
      name: entry.name,
      kind: 'artifact',
      type: typeText(typeOf(entry.name) ?? entry.artifacts[0]?.type ?? ''),
      value: undefined,
      producer: entry.producer,
      artifacts: entry.artifacts.slice(0, MOST_ARTIFACTS).map(artifactView),
    })),
  ];
  const place = new Map(ports.map((port, index) => [port.name, index]));
  const missing = ports
    .filter((port) => !known.some((one) => one.name === port.name))
    .map((port): IoView => ({
      name: port.name,
      kind: port.kind,
      type: `${typeText(port.type)}${port.isOptional ? ', optional' : ''}`,
      value: undefined,
      producer: undefined,
      artifacts: [],
    }));
  return [...known, ...missing].sort(
    (a, b) => (place.get(a.name) ?? ports.length) - (place.get(b.name) ?? ports.length),
  );
}

/** `NUMBER_DOUBLE` → `number`; `system.Dataset` → `Dataset`. */
function typeText(type: string): string {
  const parameters: Readonly<Record<string, string>> = {
    NUMBER_DOUBLE: 'number',
    NUMBER_INTEGER: 'integer',
    STRING: 'string',
    BOOLEAN: 'boolean',
    LIST: 'list',
    STRUCT: 'struct',
    TASK_FINAL_STATUS: 'final status',
    TASK_CONFIG: 'task config',
  };
  return (Object.hasOwn(parameters, type) ? parameters[type] : undefined) ?? type.replace(/^system\./, '');
}

function definition(node: GraphNode, document: PipelineDocument | undefined): readonly Fact[] {
  const facts: Fact[] = [];
  if (node.component !== undefined) facts.push({ name: 'Component', value: node.component });
  if (node.detail !== '') facts.push({ name: detailName(node), value: node.detail });
  const component = node.component === undefined ? undefined : document?.components.get(node.component);
  if (component?.implementation.kind === 'executor') {
    const executor = document?.executors.get(component.implementation.label);
    if (executor !== undefined) facts.push(...executorFacts(executor));
  }
  return facts;
}

function detailName(node: GraphNode): string {
  if (node.kind === 'condition') return 'Condition';
  return node.kind === 'loop' ? 'Items' : 'Detail';
}

function executorFacts(executor: Executor): readonly Fact[] {
  if (executor.kind === 'importer') {
    const { artifactUri } = executor;
    return [
      {
        name: 'Imports',
        value: artifactUri.kind === 'constant' ? artifactUri.value : `input ${artifactUri.name}`,
      },
      { name: 'Type', value: typeText(executor.type.schemaTitle) },
    ];
  }
  if (executor.kind === 'unsupported') return [{ name: 'Executor', value: executor.spec }];
  const { python, resources } = executor;
  return [
    { name: 'Image', value: executor.image },
    ...(python === undefined
      ? [{ name: 'Command', value: [...executor.command, ...executor.args].join(' ').slice(0, 500) }]
      : [{ name: 'Function', value: python.functionName }]),
    ...(python === undefined || python.packages.length === 0
      ? []
      : [{ name: 'Packages', value: python.packages.join(', ') }]),
    ...(resources?.cpuLimit === undefined ? [] : [{ name: 'CPU limit', value: resources.cpuLimit }]),
    ...(resources?.memoryLimit === undefined ? [] : [{ name: 'Memory limit', value: resources.memoryLimit }]),
    ...(resources?.accelerator === undefined
      ? []
      : [{ name: 'Accelerator', value: `${resources.accelerator.count} × ${resources.accelerator.type}` }]),
  ];
}
