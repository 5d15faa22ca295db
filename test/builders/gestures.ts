/** Gestures of every kind on a given pipeline, chosen by numbers: the same numbers choose the same gesture. */
import type { JsonValue } from '../../src/core/base/json.ts';
import { copyTasks } from '../../src/core/ir/edit/clipboard.ts';
import { definitionsIn } from '../../src/core/ir/edit/definitions.ts';
import type { Gesture, GestureKind, GesturePort, GestureSource } from '../../src/core/ir/edit/gesture.ts';
import type { Spec } from '../../src/core/ir/edit/spec.ts';
import { buildGraph } from '../../src/core/ir/graph.ts';
import type { GraphNode } from '../../src/core/ir/graphModel.ts';
import type { PipelineDocument } from '../../src/core/ir/model.ts';
import { irTexts } from './pipelineVariants.ts';

export type Numbers = readonly number[];

/** The next of the numbers, as an index below `count`. */
class Chooser {
  readonly #numbers: Numbers;
  #next = 0;

  constructor(numbers: Numbers) {
    this.#numbers = numbers;
  }

  below(count: number): number {
    const number = this.#numbers[this.#next++ % this.#numbers.length] ?? 0;
    return count === 0 ? 0 : number % count;
  }

  of<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  some<T>(items: readonly T[]): readonly T[] {
    const first = this.below(items.length);
    return items.slice(first, first + 1 + this.below(3));
  }
}

const names = ['train', 'New Step', 'prepare-2', 'größe', 'a_b', 'yes', '1', 'x: y #', 'Output', 'text'];
const values: readonly JsonValue[] = [
  'x',
  '',
  'yes',
  'a: b # c',
  ' lead',
  'two\nlines\n',
  '\ttab',
  '{{$.x}}',
  '2024-01-01',
  'é "quoted" \'text\'',
  0,
  1.5,
  -1,
  1e21,
  true,
  null,
  [],
  [1, 'a'],
  {},
  { a: { b: [] } },
];
const types = ['STRING', 'NUMBER_INTEGER', 'NUMBER_DOUBLE', 'BOOLEAN', 'LIST', 'STRUCT'];
const titles = ['system.Dataset', 'system.Model', 'system.Artifact'];

/** Undefined when the pipeline has nothing that the gesture could be made on. */
export function gestureOf(
  document: PipelineDocument,
  spec: Spec,
  kinds: readonly GestureKind[],
  numbers: Numbers,
): Gesture | undefined {
  const choose = new Chooser(numbers);
  const kind = choose.of(kinds);
  const { nodes, edges } = buildGraph(document);
  const tasks = nodes.filter(({ kind: one }) => one !== 'input' && one !== 'output');
  const groups = [
    '',
    ...tasks.filter(({ kind: one }) => one !== 'task' && one !== 'importer').map(({ id }) => id),
  ];
  const task = choose.of(tasks);
  if (kind === undefined || task === undefined) return undefined;
  const group = choose.of(groups) ?? '';
  const siblings = tasks.filter(({ parent }) => parent === task.parent);
  const chosen = choose.some(siblings).map(({ id }) => id);
  const [firstChosen] = chosen;
  const name = choose.of(names) ?? 'x';
  const source = sourceOf(choose, document, tasks);
  const of = (...wanted: readonly GraphNode['kind'][]): string =>
    choose.of(tasks.filter((node) => wanted.includes(node.kind)))?.id ?? task.id;
  const port = portOf(choose, name);
  const input = choose.of([...task.inputs.map((one) => one.name), 'no-such']) ?? '';
  const output = choose.of(task.outputs.map((one) => one.name)) ?? 'Output';
  const other = choose.of(tasks) ?? task;
  const otherOutput = choose.of(other.outputs.map((one) => one.name)) ?? 'Output';
  const inside = ioOf(document, group);
  const condition = {
    left: source,
    operator: choose.of(['==', '!=', '<', '>='] as const) ?? '==',
    right: likeOf(choose, source, tasks),
  };
  switch (kind) {
    case 'addTask': {
      const isOwn = choose.below(2) === 0;
      const definition = choose.of(definitionsIn(choose.of([...irTexts.values()]) ?? ''))?.definition;
      const existing = choose.of([...document.components.keys()]);
      if (definition === undefined || existing === undefined) return undefined;
      return {
        kind,
        group,
        component: isOwn ? { existing } : { definition },
        ...(choose.below(2) === 0 ? { name } : {}),
      };
    }
    case 'rename':
      return { kind, task: task.id, name };
    case 'delete':
    case 'duplicate':
      return firstChosen === undefined ? undefined : { kind, tasks: [...chosen] };
    case 'paste': {
      const clipboard = copyTasks(spec, chosen);
      return clipboard === undefined ? undefined : { kind, group, clipboard };
    }
    case 'moveTo':
      return { kind, tasks: [...chosen], group };
    case 'connect':
      return { kind, task: task.id, input, source: fitting(choose, task, input, tasks) ?? source };
    case 'disconnect':
      return { kind, task: task.id, input };
    case 'runAfter':
      return { kind, task: task.id, after: other.id };
    case 'removeRunAfter': {
      const edge = choose.of(edges.filter((one) => one.kind === 'order'));
      return { kind, task: edge?.to ?? task.id, after: edge?.from ?? other.id };
    }
    case 'addInput':
      return { kind, group, port };
    case 'changeInput': {
      const old = choose.of(inside.ports);
      const isSame = old !== undefined && choose.below(2) === 0;
      return {
        kind,
        group,
        name: old?.name ?? name,
        port: isSame ? { ...old, name: choose.below(2) === 0 ? name : old.name } : port,
      };
    }
    case 'createInput':
      return { kind, task: task.id, input };
    case 'removeComponent': {
      const used = new Set(nodes.map(({ component }) => component));
      const unused = [...document.components.keys()].filter((one) => !used.has(one));
      return { kind, component: choose.of(unused) ?? task.component ?? '' };
    }
    case 'removeInput':
      return { kind, group, name: choose.of(inside.inputs) ?? name };
    case 'addOutput':
      return { kind, group, name, from: { task: other.id, output: otherOutput } };
    case 'renameOutput':
      return { kind, group, name: choose.of(inside.outputs) ?? name, newName: name };
    case 'removeOutput':
      return { kind, group, name: choose.of(inside.outputs) ?? name };
    case 'wrapInIf':
      return { kind, tasks: [...chosen], condition };
    case 'addBranch': {
      const branch = of('branches', 'condition');
      const beside = tasks.filter(({ parent }) => parent === nodes.find(({ id }) => id === branch)?.parent);
      return {
        kind,
        branch,
        ...(choose.below(2) === 0 ? { condition } : {}),
        ...(choose.below(3) === 0 ? { tasks: choose.some(beside).map(({ id }) => id) } : {}),
      };
    }
    case 'setCondition':
      return { kind, branch: of('condition'), condition };
    case 'addOneOf': {
      const branches = of('branches');
      const from = tasks
        .filter(({ parent }) => parent === branches)
        .flatMap(
          (branch) =>
            choose.of(tasks.filter(({ parent, outputs }) => parent === branch.id && outputs.length > 0)) ??
            [],
        )
        .map(({ id, outputs }) => ({ task: id, output: choose.of(outputs)?.name ?? 'Output' }));
      return { kind, branches, name, from: from.length > 0 ? from : [{ task: task.id, output }] };
    }
    case 'wrapInLoop':
      return { kind, tasks: [...chosen], items: source, parallelism: choose.below(3) };
    case 'setLoop':
      return { kind, loop: of('loop'), items: source };
    case 'wrapInExitHandler':
      return { kind, tasks: [...chosen], exitTask: other.id };
    case 'groupAsSubPipeline':
      return { kind, tasks: [...chosen], name };
    case 'unpack':
      return { kind, group: of('loop', 'condition', 'branches', 'exitHandler', 'dag') };
    case 'renameComponent':
      return { kind, component: task.component ?? '', name };
    case 'setCaching':
      return { kind, tasks: [...chosen], enabled: choose.below(2) === 0 };
    case 'setRetry':
      return {
        kind,
        tasks: [...chosen],
        retry:
          choose.below(3) === 0
            ? null
            : { maxRetryCount: choose.below(4), backoffSeconds: choose.below(100) / 8 },
      };
    case 'setResources':
      return {
        kind,
        tasks: [...chosen],
        resources:
          choose.below(3) === 0
            ? null
            : {
                cpuLimit: choose.of(['500m', '2', '0.5', 'x']) ?? '1',
                memoryRequest: choose.of(['1Gi', '512M', '100']) ?? '1Gi',
                accelerator: { type: 'nvidia.com/gpu', count: '1' },
              },
      };
    case 'setContainer':
      return {
        kind,
        tasks: [...chosen],
        image: name,
        env: [{ name: 'A', value: JSON.stringify(choose.of(values)) }],
      };
    case 'setKubernetes':
      return {
        kind,
        tasks: [...chosen],
        fields:
          choose.below(3) === 0
            ? { nodeSelector: null, tolerations: null }
            : { nodeSelector: { labels: { disk: name } }, tolerations: [{ key: name, operator: 'Exists' }] },
      };
    case 'setPipelineInfo':
      return {
        kind,
        name: choose.of(['new-name', 'Bad Name']) ?? '',
        description: choose.of(['text\nof two', null]) ?? null,
      };
    case 'setPythonSource': {
      const component = choose.of([...document.components.keys()]) ?? '';
      return {
        kind,
        component,
        functionName: 'changed',
        source:
          choose.of(['\nimport kfp\n\ndef changed(a: int):\n    pass\n\n', 'def changed(): pass']) ?? '',
        inputs: [port],
        outputs: [{ name: 'made', kind: 'parameter', type: choose.of(types) ?? 'STRING' }],
        ...(choose.below(2) === 0 ? { packages: ['numpy>=1', 'pandas'] } : {}),
      };
    }
  }
}

function sourceOf(choose: Chooser, document: PipelineDocument, tasks: readonly GraphNode[]): GestureSource {
  const producer = choose.of(tasks);
  const output = choose.of(producer?.outputs.map(({ name }) => name) ?? []);
  const input = choose.of([...document.root.inputs.parameters, ...document.root.inputs.artifacts]);
  const loop = choose.of(tasks.filter(({ kind }) => kind === 'loop'));
  const sources: GestureSource[] = [constantOf(choose)];
  if (producer !== undefined && output !== undefined)
    sources.push({ kind: 'taskOutput', task: producer.id, output });
  if (input !== undefined) sources.push({ kind: 'groupInput', group: '', name: input.name });
  if (loop !== undefined) sources.push({ kind: 'loopItem', group: loop.id });
  if (loop !== undefined) sources.push({ kind: 'loopItem', group: loop.id, field: 'a' });
  return choose.of(sources) ?? constantOf(choose);
}

/** An output of the type that an input takes. */
function fitting(
  choose: Chooser,
  task: GraphNode,
  input: string,
  tasks: readonly GraphNode[],
): GestureSource | undefined {
  const type = task.inputs.find(({ name }) => name === input)?.type;
  const outputs = tasks.flatMap(({ id, outputs: made }) =>
    made.filter((one) => one.type === type).map(({ name }) => ({ id, name })),
  );
  const chosen = choose.below(3) === 0 ? undefined : choose.of(outputs);
  return chosen === undefined ? undefined : { kind: 'taskOutput', task: chosen.id, output: chosen.name };
}

function constantOf(choose: Chooser): GestureSource {
  return { kind: 'constant', value: choose.of(values) ?? null };
}

/** A constant that can be compared with what a source gives. */
function likeOf(choose: Chooser, source: GestureSource, tasks: readonly GraphNode[]): GestureSource {
  const port =
    source.kind === 'taskOutput'
      ? tasks.find(({ id }) => id === source.task)?.outputs.find(({ name }) => name === source.output)
      : undefined;
  const value = new Map<string, JsonValue>([
    ['NUMBER_INTEGER', 3],
    ['NUMBER_DOUBLE', 0.5],
    ['BOOLEAN', true],
  ]).get(port?.type ?? '');
  return choose.below(4) === 0 || value === undefined ? constantOf(choose) : { kind: 'constant', value };
}

function portOf(choose: Chooser, name: string): Extract<Gesture, { kind: 'addInput' }>['port'] {
  if (choose.below(3) === 0) return { name, kind: 'artifact', type: choose.of(titles) ?? 'system.Artifact' };
  const type = choose.of(types) ?? 'STRING';
  const defaultValue = choose.of(values);
  return { name, kind: 'parameter', type, ...(defaultValue === undefined ? {} : { defaultValue }) };
}

function ioOf(
  document: PipelineDocument,
  group: string,
): {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly ports: readonly GesturePort[];
} {
  let { root: component } = document;
  for (const key of group === '' ? [] : group.split('/')) {
    const tasks = component.implementation.kind === 'dag' ? component.implementation.dag.tasks : [];
    const task = tasks.find((one) => one.key === key);
    component = document.components.get(task?.componentRef ?? '') ?? component;
  }
  const { inputs, outputs } = component;
  return {
    inputs: [...inputs.parameters, ...inputs.artifacts].map(({ name }) => name),
    outputs: [...outputs.parameters, ...outputs.artifacts].map(({ name }) => name),
    ports: [
      ...inputs.parameters.map((one) => ({ name: one.name, kind: 'parameter' as const, type: one.type })),
      ...inputs.artifacts.map((one) => ({
        name: one.name,
        kind: 'artifact' as const,
        type: one.type.schemaTitle,
      })),
    ],
  };
}
