import { expect, test } from 'vitest';
import { nodeAt } from '../../../../src/pipelines/python/nodeAt.ts';
import type { KfpFunction } from '../../../../src/pipelines/python/outline.ts';

const lines = [
  '@dsl.component', // 1
  'def make(): ...', // 2
  '@dsl.pipeline', // 3
  'def flow():', // 4
  '    made = make(rows=make().output)', // 5
  '    made.set_cpu_limit("2")', // 6
  '    with dsl.If(made.output > 1):', // 7
  '        make(', // 8
  '            rows=1,', // 9
  '        )', // 10
];
const path = '/work/flow.py';
const component = { file: path, line: 1, function: 'make' };
const task = (line: number, column: number, endLine: number, endColumn: number) => ({
  call: [line, column, endLine, endColumn] as [number, number, number, number],
  kind: 'task',
  component,
});
const pipeline = {
  nodes: {
    make: task(5, 22, 5, 28),
    'make-2': task(5, 12, 5, 36),
    'condition-1': { ...task(7, 10, 7, 33), kind: 'If', component: null },
    'condition-1/make-3': task(8, 9, 10, 10),
  },
};
const functions = [
  { kind: 'component', name: 'make', start: 0, end: 30 },
  { kind: 'pipeline', name: 'flow', start: 31, end: 300 },
] as unknown as readonly KfpFunction[];

function at(line: number, text: string): string | undefined {
  const column = (lines[line - 1] ?? '').indexOf(text) + 1;
  const offset = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0) + column - 1;
  return nodeAt(pipeline, { path, functions }, { line, column, offset });
}

test.each([
  ['the innermost call', 5, 'make().', 'make'],
  ['the call around it', 5, 'rows=', 'make-2'],
  ['what its line makes', 5, 'made', 'make-2'],
  ['a group at its head', 7, 'dsl.If', 'condition-1'],
  ['a call of several lines', 9, 'rows', 'condition-1/make-3'],
  ['the first step that runs the function', 2, 'make', 'make'],
  ['nothing on a line of its own', 6, 'set_cpu', undefined],
  ['nothing at the head of the pipeline', 4, 'flow', undefined],
])('the cursor is about %s', (_what, line, text, nodeId) => {
  expect(at(line, text)).toBe(nodeId);
});

test('before Python 3.11 a call is its lines', () => {
  const old = {
    nodes: { make: { call: [5, null, 5, null] as [number, null, number, null], kind: 'task', component } },
  };
  expect(nodeAt(old, { path, functions }, { line: 5, column: 3, offset: 100 })).toBe('make');
});
