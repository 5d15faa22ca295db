/** A run's tree out of its rows, after a restart of the service or for a retry. */
import type { ArtifactRow } from '../store/artifacts.ts';
import type { AttemptRow } from '../store/attempts.ts';
import { StoreError } from '../store/database.ts';
import type { Stores } from '../store/stores.ts';
import type { TaskRow } from '../store/tasks.ts';
import { iterationLimit, loopItems } from './loops.ts';
import type { Plan } from './plan.ts';
import { fromStored } from './taskIo.ts';
import { TaskNode } from './taskNode.ts';

/** `undefined` when the run had not begun. Throws StoreError `corrupt` for rows that don't fit the document. */
export function restoreTree(plan: Plan, stores: Stores, runId: string): TaskNode | undefined {
  const artifacts = new Map(stores.artifacts.ofRun(runId).map((artifact) => [artifact.id, artifact]));
  const attempts = Map.groupBy(stores.attempts.ofRun(runId), ({ taskId }) => taskId);
  const nodes = new Map<string, TaskNode>();
  let root: TaskNode | undefined;
  for (const row of stores.tasks.ofRun(runId)) {
    const parent = row.parentId === null ? undefined : nodes.get(row.parentId);
    const node = place(row, parent, plan);
    nodes.set(row.id, node);
    root ??= node;
    restoreIo(node, row, artifacts);
    restoreAttempts(node, attempts.get(row.id) ?? []);
  }
  return root;
}

function place(row: TaskRow, parent: TaskNode | undefined, plan: Plan): TaskNode {
  if (!parent) return TaskNode.fromRow(row, { parent, plan: undefined, component: plan.document.root });
  if (row.iteration !== null && parent.loop) {
    const node = TaskNode.fromRow(row, { parent, plan: parent.plan, component: parent.component });
    parent.loop.iterations[row.iteration] = node;
    return node;
  }
  const task = plan.dag(parent.component).tasks.get(row.name);
  if (!task) {
    throw new StoreError(
      'corrupt',
      `The run ${row.runId} has a task ${row.name} that its pipeline doesn't have.`,
    );
  }
  const node = TaskNode.fromRow(row, { parent, plan: task, component: task.component });
  parent.dag ??= { children: new Map(), waiting: new Map(), open: 0 };
  parent.dag.children.set(row.name, node);
  return node;
}

function restoreIo(node: TaskNode, row: TaskRow, artifacts: ReadonlyMap<string, ArtifactRow>): void {
  const find = (id: string): ArtifactRow | undefined => artifacts.get(id);
  if (node.hasEnded) node.outputs = fromStored(row.outputs, find);
  // What has ended and is retried is given its inputs again by its parent; the root has none.
  if (!node.hasEnded || !node.parent) node.inputs = fromStored(row.inputs, find);
  if (node.kind !== 'LOOP') return;
  const iterator = node.plan?.task.iterator;
  node.loop = {
    iterations: new Array<undefined>(row.iterationCount ?? 0).fill(undefined),
    queued: [],
    active: 0,
    limit: iterator ? iterationLimit(iterator) : 0,
    // A loop that has ended makes its items again when it is retried.
    items: iterator && !node.hasEnded ? loopItems(iterator, node.inputs) : [],
  };
}

function restoreAttempts(node: TaskNode, attempts: readonly AttemptRow[]): void {
  const since = node.history.findLast(({ state }) => state === 'PENDING')?.at ?? 0;
  node.lastAttempt = attempts.at(-1);
  node.attempts = node.lastAttempt?.number ?? 0;
  node.tries = attempts.filter(({ state, startedAt }) => state !== 'LOST' && startedAt >= since).length;
}
