import { expect, test } from 'vitest';
import { buildGraph } from '../../../src/core/ir/graph.ts';
import { tasksFrom } from '../../../src/core/ir/downstream.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';

const step = (key: string, after: readonly string[] = [], component = 'comp-a'): string =>
  `${key}: { componentRef: { name: ${component} }, dependentTasks: [${after.join(', ')}], taskInfo: { name: ${key} } }`;
const text = `pipelineInfo: { name: p }
schemaVersion: 2.1.0
components:
  comp-a: { executorLabel: exec-a }
  comp-group: { dag: { tasks: { ${step('x')}, ${step('y', ['x'])}, ${step('z')} } } }
deploymentSpec: { executors: { exec-a: { container: { image: alpine, command: ['true'] } } } }
root: { dag: { tasks: { ${step('a')}, ${step('b', ['a'])}, ${step('group', ['b'], 'comp-group')}, ${step('c', ['group'])}, ${step('side', ['a'])} } } }
`;
const parsed = parsePipeline(text);
if (parsed.kind === 'notPipeline') throw new Error(parsed.problem.message);
const graph = buildGraph(parsed.document);

test.each([
  ['a', ['a', 'b', 'group/x', 'group/y', 'group/z', 'c', 'side']],
  ['b', ['b', 'group/x', 'group/y', 'group/z', 'c']],
  ['group/x', ['group/x', 'group/y', 'c']],
  ['group', ['group/x', 'group/y', 'group/z', 'c']],
  ['c', ['c']],
  ['gone', []],
])('from %s on', (nodeId, tasks) => {
  expect([...tasksFrom(graph, nodeId)].sort()).toEqual([...tasks].sort());
});
