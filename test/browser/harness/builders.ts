/** Drawings, tasks and states for the canvas tests: a test names only what matters to it. */
import type { GraphEdge, GraphNode, PipelineGraph } from '../../../src/core/ir/graphModel.ts';
import type { RunGraphState, RunView, TaskDetail, TaskRow } from '../../../src/core/protocol/runGraph.ts';

export const T0 = Date.UTC(2026, 10, 24, 9, 30, 0);

export function node(id: string, change: Partial<GraphNode> = {}): GraphNode {
  const keys = id.split('/');
  return {
    id,
    parent: keys.length === 1 ? undefined : keys.slice(0, -1).join('/'),
    kind: 'task',
    label: keys.at(-1) ?? id,
    detail: '',
    component: `comp-${keys.at(-1) ?? id}`,
    inputs: [],
    outputs: [],
    range: { start: 0, end: 0 },
    ...change,
  };
}

export function edge(
  from: string,
  to: string,
  kind: GraphEdge['kind'] = 'parameter',
  binding = { output: 'Output', input: 'value', type: 'STRING' },
): GraphEdge {
  return { id: `${from}->${to}`, from, to, kind, bindings: kind === 'order' ? [] : [binding] };
}

const data = { output: 'dataset', input: 'dataset', type: 'system.Dataset' };
const model = { output: 'model', input: 'model', type: 'system.Model' };

/** Like the seed: every kind of node that a small training pipeline has. */
export const churnGraph: PipelineGraph = {
  pipelineName: 'churn',
  nodes: [
    node('make-data', { detail: 'rows = 4000' }),
    node('split', { detail: 'test_share = 0.25' }),
    node('for-loop-1', { kind: 'loop', label: 'For each max_depth', detail: '[2, 4, 8]' }),
    node('for-loop-1/train', { detail: 'scikit-learn' }),
    node('for-loop-1/score', { detail: 'accuracy' }),
    node('pick-best', { detail: 'Collected(score)' }),
    node('evaluate', { detail: 'test data' }),
    node('condition-branches-1', { kind: 'branches', label: 'Good enough?' }),
    node('condition-branches-1/condition-2', {
      kind: 'condition',
      label: 'If',
      detail: 'evaluate.accuracy >= 0.8',
    }),
    node('condition-branches-1/condition-2/package-model', { detail: 'model card' }),
    node('condition-branches-1/condition-3', { kind: 'condition', label: 'Else' }),
    node('condition-branches-1/condition-3/report-miss', { detail: 'why not' }),
    node('notify', { kind: 'task', detail: 'runs after failure, too' }),
  ],
  edges: [
    edge('make-data', 'split', 'artifact', data),
    edge('split', 'for-loop-1', 'artifact', data),
    edge('for-loop-1/train', 'for-loop-1/score', 'artifact', model),
    edge('for-loop-1', 'pick-best', 'artifact', model),
    edge('pick-best', 'evaluate', 'artifact', model),
    edge('split', 'evaluate', 'artifact', data),
    edge('evaluate', 'condition-branches-1', 'parameter', {
      output: 'accuracy',
      input: 'accuracy',
      type: 'NUMBER_DOUBLE',
    }),
    edge('condition-branches-1', 'notify', 'order'),
  ],
};

export function row(id: string, change: Partial<TaskRow> = {}): TaskRow {
  return {
    id,
    parentId: 'root',
    path: id,
    name: id.split('/').at(-1) ?? id,
    kind: 'RUNTIME',
    state: 'SUCCEEDED',
    iteration: undefined,
    iterationCount: undefined,
    createdAt: T0,
    startedAt: T0 + 200,
    finishedAt: T0 + 2_000,
    attempts: 1,
    notes: [],
    ...change,
  };
}

export const rootRow = row('root', { parentId: undefined, path: '', kind: 'ROOT', attempts: 0 });

/** A loop of `count` iterations with the steps of `body` in each. */
export function loopRows(
  loop: string,
  body: readonly string[],
  count: number,
  stateOf: (iteration: number) => TaskRow['state'] = () => 'SUCCEEDED',
): readonly TaskRow[] {
  const rows: TaskRow[] = [
    row(loop, {
      kind: 'LOOP',
      iterationCount: count,
      attempts: 0,
      state: 'SUCCEEDED',
      finishedAt: T0 + 20_000,
    }),
  ];
  for (let iteration = 0; iteration < count; iteration++) {
    const id = `${loop}#${iteration}`;
    const state = stateOf(iteration);
    const start = T0 + 2_000 + iteration * 40;
    const finishedAt = state === 'RUNNING' || state === 'PENDING' ? undefined : start + 3_000;
    const startedAt = state === 'PENDING' ? undefined : start;
    rows.push(
      row(id, {
        parentId: loop,
        path: loop,
        kind: 'DAG',
        iteration,
        state,
        startedAt,
        finishedAt,
        attempts: 0,
        createdAt: start - 300,
      }),
    );
    for (const step of body)
      rows.push(
        row(`${id}/${step}`, {
          parentId: id,
          path: `${loop}/${step}`,
          state,
          startedAt,
          finishedAt,
          createdAt: start - 200,
        }),
      );
  }
  return rows;
}

export function runView(change: Partial<RunView> = {}): RunView {
  return {
    id: 'run-1',
    name: 'churn 2026-11-24 09-30-00',
    state: 'RUNNING',
    createdAt: T0,
    finishedAt: undefined,
    error: undefined,
    connection: 'live',
    tasksRevision: 1,
    isEdited: false,
    ...change,
  };
}

export function graphState(change: Partial<RunGraphState> = {}): RunGraphState {
  return {
    target: { uri: 'file:///work/churn.pipeline.yaml' },
    title: 'churn',
    environment: { name: 'Embedded cluster', status: 'ready', message: undefined },
    document: { kind: 'drawn', revision: 1, isStale: false, problem: undefined, problemCount: 0 },
    canRun: true,
    run: undefined,
    runs: [],
    busy: undefined,
    editing: { kind: 'readOnly', reason: undefined },
    paletteRevision: 0,
    reveal: undefined,
    ...change,
  };
}

export function taskDetail(nodeId: string, change: Partial<TaskDetail> = {}): TaskDetail {
  return {
    nodeId,
    taskId: undefined,
    title: nodeId,
    state: undefined,
    error: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    attempts: [],
    notes: [],
    definition: [],
    inputs: [],
    outputs: [],
    hasSource: true,
    ...change,
  };
}
