/** What counts as a difference: texts that mean the same against themselves, and edits whose meaning is known. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { isJsonObject, type JsonValue } from '../../../src/core/base/json.ts';
import { diffPipelines } from '../../../src/core/ir/diff.ts';
import { countMarks, describeLines, shownEdges } from '../../../src/core/ir/diff/summary.ts';
import type { Gesture } from '../../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../../src/core/ir/edit/plan.ts';
import type { PipelineDocument } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import type { DiffView } from '../../../src/core/protocol/graphDiff.ts';

const folder = 'test/fixtures/kfp/samples';
const samples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

function parse(text: string): PipelineDocument {
  const parsed = parsePipeline(text);
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return parsed.document;
}

const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');

/** Keys in the opposite order, components and executors under other names, no comments, other quotes. */
function rewritten(text: string): string {
  return parseAllDocuments(text)
    .map((document) =>
      stringify(reversed(document.toJS() as JsonValue), { defaultStringType: 'QUOTE_DOUBLE' }),
    )
    .join('---\n');
}

function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value === 'string') return value.replace(/^(comp|exec)-/, '$1-other-');
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key.replace(/^(comp|exec)-/, '$1-other-'), reversed(entry)]),
  );
}

describe('nothing has changed', () => {
  test.each(samples)('%s', (name) => {
    const text = read(name);
    const same = diffPipelines(parse(text), parse(text));
    expect(same).toMatchObject({ isSame: true, pipeline: [], nodes: [], edges: [] });
    const other = diffPipelines(parse(text), parse(rewritten(text)));
    expect(other).toMatchObject({ isSame: true, pipeline: [], nodes: [], edges: [] });
  });
});

/** The difference that gestures make to a sample, there and back. */
function difference(name: string, ...gestures: readonly Gesture[]): { there: DiffView; back: DiffView } {
  const text = read(name);
  const edited = gestures.reduce((before, gesture) => {
    const plan = planGesture(before, gesture);
    if (plan.kind === 'refused') throw new Error(plan.reason);
    return applyEdits(before, plan.edits);
  }, text);
  const [before, after] = [parse(text), parse(edited)];
  return { there: diffPipelines(before, after), back: diffPipelines(after, before) };
}

const summary = ({ nodes, edges, pipeline }: DiffView): unknown => ({
  nodes: nodes.map(({ nodeId, mark, changes }) => [mark, nodeId, ...changes.map(({ path }) => path)]),
  edges: edges.map(({ edgeId, mark }) => [mark, edgeId]),
  pipeline: pipeline.map(({ path, before, after }) => [path, before, after]),
});

describe('one thing has changed', () => {
  test('a task is gone', () => {
    const { there, back } = difference('two_step_pipeline.yaml', {
      kind: 'delete',
      tasks: ['read-from-gcs'],
    });
    expect(summary(there)).toEqual({
      nodes: [['removed', 'read-from-gcs']],
      edges: [['removed', 'write-to-gcs->read-from-gcs:artifact']],
      pipeline: [],
    });
    expect(summary(back)).toEqual({
      nodes: [['added', 'read-from-gcs']],
      edges: [['added', 'write-to-gcs->read-from-gcs:artifact']],
      pipeline: [],
    });
    // Drawn are the nodes of both.
    expect(there.graph.nodes.map(({ id }) => id).sort()).toEqual([
      'in:text',
      'read-from-gcs',
      'write-to-gcs',
    ]);
    expect(there.graph.edges.map(({ id }) => id)).toContain('write-to-gcs->read-from-gcs:artifact');
  });

  test('a task has another name, and who reads it is the same', () => {
    const { there } = difference('two_step_pipeline.yaml', {
      kind: 'rename',
      task: 'write-to-gcs',
      name: 'upload',
    });
    expect(there.nodes).toHaveLength(1);
    expect(there.nodes[0]).toMatchObject({
      mark: 'changed',
      before: 'write-to-gcs',
      after: 'upload',
      changes: [{ path: 'name', before: 'Producer', after: 'upload' }],
    });
    expect(there.edges).toEqual([]);
  });

  test('a value, a setting, an order', () => {
    const { there } = difference(
      'two_step_pipeline.yaml',
      { kind: 'connect', task: 'write-to-gcs', input: 'text', source: { kind: 'constant', value: 'hello' } },
      { kind: 'setCaching', tasks: ['read-from-gcs'], enabled: false },
      { kind: 'setContainer', tasks: ['read-from-gcs'], image: 'alpine:3' },
    );
    const changes = Object.fromEntries(there.nodes.map((node) => [node.nodeId, node.changes]));
    expect(changes).toEqual({
      'write-to-gcs': [{ path: 'inputs.text', before: 'text', after: "'hello'" }],
      'read-from-gcs': [
        { path: 'caching', before: 'true', after: 'false' },
        { path: 'image', before: 'google/cloud-sdk:slim', after: 'alpine:3' },
      ],
    });
    expect(there.edges).toEqual([
      {
        edgeId: 'in:text->write-to-gcs:parameter',
        mark: 'removed',
        from: 'in:text',
        to: 'write-to-gcs',
        label: 'text → text',
      },
    ]);
  });

  test('a task is in an If now: it has moved, and reads what it read', () => {
    const { there, back } = difference('pipeline_with_retry.yaml', {
      kind: 'wrapInIf',
      tasks: ['add'],
      condition: {
        left: { kind: 'groupInput', group: '', name: 'a' },
        operator: '>',
        right: { kind: 'constant', value: 2 },
      },
    });
    expect(there.nodes.map(({ mark, nodeId, changes }) => [mark, nodeId, changes])).toEqual([
      ['added', 'condition-1', []],
      ['changed', 'condition-1/add', [{ path: 'group', before: 'the pipeline', after: 'condition-1' }]],
    ]);
    expect(back.nodes.map(({ mark, nodeId, changes }) => [mark, nodeId, changes])).toEqual([
      ['changed', 'add', [{ path: 'group', before: 'condition-1', after: 'the pipeline' }]],
      ['removed', 'condition-1', []],
    ]);
  });

  test('a condition, a loop', () => {
    const branch = 'condition-branches-1/condition-2';
    const { there } = difference('if_else_with_oneof_parameters.yaml', {
      kind: 'setCondition',
      branch,
      condition: {
        left: { kind: 'taskOutput', task: 'flip-coin', output: 'Output' },
        operator: '!=',
        right: { kind: 'constant', value: 'tails' },
      },
    });
    expect(there.nodes.map(({ nodeId, changes }) => [nodeId, changes.map(({ after }) => after)])).toEqual([
      [branch, ["flip-coin.Output != 'tails'"]],
      ['condition-branches-1/condition-3', ["not (flip-coin.Output != 'tails')"]],
    ]);
    const loops = difference('pipeline_with_loops.yaml', {
      kind: 'setLoop',
      loop: 'for-loop-1',
      items: { kind: 'constant', value: ['a', 'b'] },
      parallelism: 3,
    });
    expect(loops.there.nodes[0]?.changes).toEqual([
      { path: 'items', before: 'loop_parameter', after: '["a","b"]' },
      { path: 'parallelism', before: undefined, after: '3' },
    ]);
  });

  test('the pipeline itself', () => {
    const { there } = difference(
      'two_step_pipeline.yaml',
      { kind: 'setPipelineInfo', name: 'other-name' },
      {
        kind: 'addInput',
        group: '',
        port: { name: 'rate', kind: 'parameter', type: 'NUMBER_DOUBLE', defaultValue: 0.5 },
      },
    );
    expect(there.pipeline).toEqual([
      { path: 'name', before: 'simple-two-step-pipeline', after: 'other-name' },
      { path: 'input rate.type', before: undefined, after: 'NUMBER_DOUBLE' },
      { path: 'input rate.default', before: undefined, after: '0.5' },
    ]);
    expect(there.nodes).toEqual([]);
  });
});

describe('inputs and outputs in the drawing', () => {
  const ports = (view: DiffView): unknown => view.ports.map(({ nodeId, mark }) => `${mark} ${nodeId}`);

  test('added, removed, and changed in their type or default', () => {
    const port = { name: 'text', kind: 'parameter', type: 'STRING' } as const;
    const { there, back } = difference(
      'two_step_pipeline.yaml',
      { kind: 'addInput', group: '', port: { ...port, name: 'more' } },
      { kind: 'changeInput', group: '', name: 'text', port: { ...port, defaultValue: 'other' } },
    );
    expect(ports(there)).toEqual(['added in:more', 'changed in:text']);
    expect(ports(back)).toEqual(['changed in:text', 'removed in:more']);
  });

  test('what the compiler passes in under another name is the same', () => {
    const text = read('pipeline_with_loops.yaml');
    const same = diffPipelines(parse(text), parse(text));
    expect(same.ports).toEqual([]);
  });
});

test('counted for people: the pipeline as one, without what the compiler passes through groups', () => {
  const { there } = difference(
    'two_step_pipeline.yaml',
    { kind: 'setPipelineInfo', description: 'More', name: 'other' },
    { kind: 'delete', tasks: ['read-from-gcs'] },
  );
  expect(countMarks(there)).toEqual({ added: 0, removed: 2, changed: 1 });
  const passed = { edgeId: 'x', mark: 'added', from: 'in:pipelinechannel--a-b', to: 'c', label: '' } as const;
  expect(shownEdges([passed, { ...passed, from: 'loop/in:pipelinechannel--a-b' }])).toEqual([]);
  expect(describeLines('a\nb\nc', 'a\nx\nc\ny')).toBe('1 line gone, 2 new');
});
