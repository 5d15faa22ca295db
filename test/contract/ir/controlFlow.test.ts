/** Control flow made by gestures against the same pipelines written with kfp.dsl and compiled by the SDK. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/base/json.ts';
import { analyse } from '../../../src/core/ir/analyse.ts';
import { diffPipelines } from '../../../src/core/ir/diff.ts';
import { applyGesture } from '../../../src/core/ir/edit/apply.ts';
import { controlFlowEdits } from '../../../src/core/ir/edit/controlFlow/edits.ts';
import { objectAt, textAt, textsAt, valueAt, withoutValue } from '../../../src/core/ir/edit/jsonPath.ts';
import type { Gesture } from '../../../src/core/ir/edit/gesture.ts';
import type { Edited, Refused, Spec } from '../../../src/core/ir/edit/spec.ts';
import type { PipelineDocument } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { parseWithDocuments } from '../../../src/core/ir/specDocuments.ts';
import { gestureFor, Picker, samples } from '../../builders/controlFlowGestures.ts';

type ControlFlow = Extract<Gesture, { kind: keyof typeof controlFlowEdits }>;

const constant = (value: JsonValue) => ({ kind: 'constant' as const, value });
const output = (task: string, name = 'Output') => ({ kind: 'taskOutput' as const, task, output: name });
const input = (name: string) => ({ kind: 'groupInput' as const, group: '', name });
const when = (left: ControlFlowSource, operator: '==' | '!=' | '>' | '>=', right: ControlFlowSource) => ({
  left,
  operator,
  right,
});
type ControlFlowSource = Extract<ControlFlow, { kind: 'wrapInIf' }>['condition']['left'];

const heads = when(output('flip'), '==', constant('heads'));

/** By case of control_flow.py: the gestures that lead from `before` to `after`. */
const cases: Readonly<Record<string, readonly ControlFlow[]>> = {
  if: [{ kind: 'wrapInIf', tasks: ['say', 'say-2'], condition: heads }],
  'if-types': [
    { kind: 'wrapInIf', tasks: ['say'], condition: when(input('number_in'), '>', constant(2)) },
    { kind: 'wrapInIf', tasks: ['say-2'], condition: when(input('flag'), '==', constant(true)) },
    { kind: 'wrapInIf', tasks: ['say-3'], condition: when(output('number'), '!=', input('number_in')) },
    { kind: 'wrapInIf', tasks: ['say-4'], condition: when(output('number'), '>=', constant(3)) },
  ],
  'if-in-loop': [
    {
      kind: 'wrapInIf',
      tasks: ['for-loop-2/say-2', 'for-loop-2/say-3'],
      condition: when(output('for-loop-2/say'), '==', output('flip')),
    },
  ],
  branches: [
    { kind: 'wrapInIf', tasks: ['say', 'make'], condition: heads },
    {
      kind: 'addBranch',
      branch: 'condition-1',
      tasks: ['say-2', 'make-2'],
      condition: when(output('number'), '==', constant(2)),
    },
    { kind: 'addBranch', branch: 'condition-branches-2', tasks: ['say-3', 'make-3'] },
  ],
  loop: [{ kind: 'wrapInLoop', tasks: ['say', 'make', 'use'], items: constant(['x', 'y']), parallelism: 2 }],
  'loop-over': [
    { kind: 'wrapInLoop', tasks: ['say'], items: input('items') },
    { kind: 'wrapInLoop', tasks: ['say-2'], items: output('names') },
  ],
  'loop-artifacts': [{ kind: 'wrapInLoop', tasks: ['say'], items: input('data') }],
  fields: [
    {
      kind: 'wrapInIf',
      tasks: ['for-loop-1/say-2'],
      condition: when({ kind: 'loopItem', group: 'for-loop-1', field: 'a' }, '==', constant('y')),
    },
  ],
  move: [{ kind: 'moveTo', tasks: ['say-2'], group: 'condition-1' }],
  unpack: [{ kind: 'unpack', group: 'part' }],
  exit: [
    { kind: 'unpack', group: 'exit-handler-1' },
    { kind: 'wrapInExitHandler', tasks: ['say', 'say-2', 'say-3'], exitTask: 'notify' },
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'slipway control flow '));
const script = join(import.meta.dirname, 'control_flow.py');
let python: string;
const run = promisify(execFile);

beforeAll(async () => {
  ({ python } = await new PythonEnvironments().sdk(new AbortController().signal));
  await run(python, [script, 'compile', folder]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The SDK numbers a wrapper before its branches; here the If was there first. */
const otherNumbers: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  branches: [
    ['condition-branches-2', 'condition-branches-1'],
    ['condition-1', 'condition-2'],
  ],
};

const made = new Map<string, Spec>();

describe('the same meaning as the SDK compiles', () => {
  test.each(Object.keys(cases))('%s', (name) => {
    const spec = (cases[name] ?? []).reduce(apply, read(name, 'before'));
    made.set(name, spec);
    expectValid(spec);
    const renamed = (otherNumbers[name] ?? []).reduce(
      (text, [from, to]) => text.replaceAll(`"${from}"`, `"${to}"`),
      JSON.stringify(meaning(spec)),
    );
    expect(JSON.parse(renamed)).toEqual(meaning(read(name, 'after')));
  });

  test('one-of', () => {
    const joined = ['say', 'make'].reduce<Spec>(
      (spec, task, i) =>
        apply(spec, {
          kind: 'addOneOf',
          branches: 'condition-branches-1',
          name: `pipelinechannel--condition-branches-1-oneof-${i + 1}`,
          from: [
            { task: `condition-branches-1/condition-2/${task}`, output: i === 0 ? 'Output' : 'data' },
            { task: `condition-branches-1/condition-3/${task}-2`, output: i === 0 ? 'Output' : 'data' },
          ],
        }),
      read('one-of', 'before'),
    );
    made.set('one-of', joined);
    expectValid(joined);
    expect(tasksOf(joined)['condition-branches-1']).toEqual(
      tasksOf(read('one-of', 'after'))['condition-branches-1'],
    );
  });
});

describe('unpacked, what was wrapped is as before', () => {
  test.each(['if', 'loop', 'loop-over', 'loop-artifacts', 'fields', 'if-types'])('%s', (name) => {
    const before = read(name, 'before');
    const [gesture] = cases[name] ?? [];
    if (gesture === undefined) throw new Error(name);
    const wrapped = attempt(before, gesture);
    if (wrapped.kind === 'refused') throw new Error(wrapped.reason);
    const [group = ''] = wrapped.selection;
    expect(meaning(apply(wrapped.spec, { kind: 'unpack', group }))).toEqual(meaning(before));
  });

  test('moved in and out again', () => {
    const moved = (cases['move'] ?? []).reduce(apply, read('move', 'before'));
    const back = apply(moved, { kind: 'moveTo', tasks: ['condition-1/say-2'], group: '' });
    expect(meaning(back)).toEqual(meaning(read('move', 'before')));
  });

  test('but for the order of what nobody wrote down whether it was meant', () => {
    const before = read('if-in-loop', 'before');
    const wrapped = (cases['if-in-loop'] ?? []).reduce(apply, before);
    const unpacked = apply(wrapped, { kind: 'unpack', group: 'for-loop-2/condition-3' });
    // `say-3` did not read `say`, but the If that it was in did.
    const path = ['components', 'comp-for-loop-2', 'dag', 'tasks', 'say-3', 'dependentTasks'];
    expect(valueAt(unpacked.pipeline, ...path)).toEqual(['say']);
    const pipeline = withoutValue(unpacked.pipeline, path);
    expect(meaning({ ...unpacked, pipeline })).toEqual(meaning(before));
  });

  test('a sub-pipeline', () => {
    const before = read('loop', 'before');
    const wrapped = apply(before, { kind: 'groupAsSubPipeline', tasks: ['make', 'use'], name: 'The rest' });
    made.set('sub-pipeline', wrapped);
    expectValid(wrapped);
    expect(Object.keys(tasksOf(wrapped)).sort()).toEqual(['say', 'the-rest']);
    expect(meaning(apply(wrapped, { kind: 'unpack', group: 'the-rest' }))).toEqual(meaning(before));
  });
});

test('a loop more before all others: all names of the compiler shift, and nothing else is different', () => {
  const [before, after] = [document('shift', 'before'), document('shift', 'after')];
  const { nodes, pipeline, edges } = diffPipelines(before, after);
  expect(pipeline).toEqual([]);
  expect(nodes.map(({ mark, nodeId, changes }) => [mark, nodeId, changes])).toEqual([
    ['added', 'for-loop-2', []],
    ['added', 'for-loop-2/make', []],
    ['added', 'for-loop-2/say', []],
  ]);
  expect(edges.filter(({ from }) => !from.startsWith('for-loop-2/'))).toEqual([]);
  const back = diffPipelines(after, before);
  expect(back.nodes.map(({ mark }) => mark)).toEqual(['removed', 'removed', 'removed']);
});

test('the SDK loads all of them', async () => {
  expect(made.size).toBe(Object.keys(cases).length + 2);
  const files = [...made].map(([name, { pipeline }]) => {
    const file = join(folder, `${name}.made.yaml`);
    writeFileSync(file, stringify(pipeline));
    return file;
  });
  await run(python, [script, 'load', ...files]);
});

test('the SDK loads what random gestures make', async () => {
  const numbers = fc.array(fc.nat(1_000_000), { minLength: 40, maxLength: 40 });
  const sequences = fc.sample(fc.tuple(fc.nat(1_000), fc.array(numbers, { minLength: 3, maxLength: 6 })), 60);
  const files = sequences.flatMap(([which, steps], i) => {
    const sample = samples[which % samples.length];
    if (sample === undefined) return [];
    const spec = steps.reduce<Spec>((before, step) => {
      const gesture = gestureFor(before, new Picker(step));
      const edited = gesture === undefined ? undefined : applyGesture(before, gesture);
      return edited?.kind === 'edited' ? edited.spec : before;
    }, sample.spec);
    if (spec === sample.spec) return [];
    const file = join(folder, `random-${i}.yaml`);
    const documents =
      spec.platforms === undefined ? [spec.pipeline] : [spec.pipeline, { platforms: spec.platforms }];
    writeFileSync(file, documents.map((one) => stringify(one)).join('---\n'));
    return [file];
  });
  expect(files.length).toBeGreaterThan(20);
  await run(python, [script, 'load', ...files]);
});

test('what the SDK refuses to compile is refused', () => {
  const exit = read('exit', 'after');
  const inIf: ControlFlow = {
    kind: 'wrapInIf',
    tasks: ['exit-handler-1', 'notify'],
    condition: when(input('greeting'), '==', constant('x')),
  };
  expect(attempt(exit, inIf)).toMatchObject({
    kind: 'refused',
    reason: 'An exit handler stands in a pipeline or sub-pipeline itself, not in a loop or a condition.',
  });
  const branches = read('one-of', 'before');
  const from = [{ task: 'condition-branches-1/condition-2/say', output: 'Output' }];
  expect(
    attempt(branches, { kind: 'addOneOf', branches: 'condition-branches-1', name: 'said', from }),
  ).toMatchObject({ kind: 'refused', reason: "Choose an output of a task in 'condition-3', too." });
  const self: ControlFlow = { kind: 'wrapInIf', tasks: ['flip'], condition: heads };
  expect(attempt(read('if', 'before'), self)).toMatchObject({
    kind: 'refused',
    reason: "'flip' cannot decide whether it runs itself.",
  });
});

function tasksOf(spec: Spec): JsonObject {
  return objectAt(meaning(spec), 'dag', 'tasks');
}

function read(name: string, which: 'before' | 'after'): Spec {
  const parsed = parseWithDocuments(readFileSync(join(folder, `${name}.${which}.yaml`), 'utf8'));
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return { pipeline: parsed.documents.pipelineSpec, platforms: undefined };
}

function document(name: string, which: 'before' | 'after'): PipelineDocument {
  const parsed = parsePipeline(readFileSync(join(folder, `${name}.${which}.yaml`), 'utf8'));
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return parsed.document;
}

function apply(spec: Spec, gesture: ControlFlow): Spec {
  const edited = attempt(spec, gesture);
  if (edited.kind === 'refused') throw new Error(`${gesture.kind}: ${edited.reason}`);
  return edited.spec;
}

function attempt(spec: Spec, gesture: ControlFlow): Edited | Refused {
  // Each edit takes the gesture of its own kind, which the compiler cannot follow through the index.
  const edit = controlFlowEdits[gesture.kind] as (spec: Spec, gesture: ControlFlow) => Edited | Refused;
  return edit(spec, gesture);
}

function expectValid(spec: Spec): void {
  const analysis = analyse({ text: stringify(spec.pipeline), withoutLayout: true });
  expect(analysis.kind).toBe('pipeline');
  if (analysis.kind !== 'pipeline') return;
  expect(analysis.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
}

/** A pipeline without the names of its components and executors: each opened where it is used. */
function meaning({ pipeline }: Spec): JsonValue {
  const components = objectAt(pipeline, 'components');
  const executors = objectAt(pipeline, 'deploymentSpec', 'executors');
  const open = (value: JsonValue): JsonValue => {
    if (!isJsonObject(value)) return value;
    const entries = Object.entries(value).map(([key, entry]): [string, JsonValue] => {
      if (key === 'dependentTasks') return [key, [...textsAt(entry)].sort()];
      if (key === 'componentRef') return [key, open(objectAt(components, textAt(entry, 'name') ?? ''))];
      if (key === 'executorLabel' && typeof entry === 'string') return [key, objectAt(executors, entry)];
      return [key, open(entry)];
    });
    return Object.fromEntries(entries);
  };
  return open(objectAt(pipeline, 'root'));
}
