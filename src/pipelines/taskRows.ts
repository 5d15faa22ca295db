/** A run's steps as rows: sub-pipelines nested, loops folded. */
import type { RunTask } from '../clients/kfp/model.ts';
import { formatDuration } from '../core/base/duration.ts';
import { message } from '../platform/treeRow.ts';
import { failure, type PipelineNode } from './rows.ts';
import { stateIcon, stateWord } from './stateIcons.ts';
import type { PipelinesState } from './store.ts';

/** Loops show this many rows at once. */
export const foldSize = 20;

/** The steps of a run, nested as its pipeline is. */
export function taskRows(
  parent: PipelineNode,
  runId: string,
  state: PipelinesState,
  now: number,
): readonly PipelineNode[] {
  const tasks = state.tasksOf(runId);
  if (tasks.kind === 'loading') return [message(parent, 'Loading…', 'loading~spin')];
  if (tasks.kind === 'failed') return [failure(parent, tasks.error)];
  const root = tasks.items.find((task) => task.kind === 'ROOT');
  const rows = nested(parent, runId, root?.id, tasks.items, now);
  return rows.length === 0 ? [message(parent, 'No step has started yet', 'info')] : rows;
}

/** Rows under a step: the steps of its sub-pipeline, or its iterations. */
export function childTaskRows(
  parent: PipelineNode & { readonly kind: 'task' },
  state: PipelinesState,
  now: number,
): readonly PipelineNode[] {
  const tasks = state.tasksOf(parent.runId);
  return tasks.kind === 'ready' ? nested(parent, parent.runId, parent.taskId, tasks.items, now) : [];
}

/** Rows under a fold. */
export function foldedRows(
  parent: PipelineNode & { readonly kind: 'fold' },
  state: PipelinesState,
  now: number,
): readonly PipelineNode[] {
  const tasks = state.tasksOf(parent.runId);
  if (tasks.kind !== 'ready') return [];
  // Their states of now: the fold itself was made with those of an earlier refresh.
  const ids = new Set(parent.tasks.map((task) => task.id));
  const fresh = tasks.items.filter((task) => ids.has(task.id)).toSorted(byIteration);
  return iterationRows(parent, parent.runId, fresh, indexChildren(tasks.items), now);
}

function byIteration(a: RunTask, b: RunTask): number {
  return (a.iteration ?? 0) - (b.iteration ?? 0);
}

function nested(
  parent: PipelineNode,
  runId: string,
  parentId: string | undefined,
  all: readonly RunTask[],
  now: number,
): readonly PipelineNode[] {
  const index = indexChildren(all);
  const children = index.get(parentId ?? '') ?? [];
  const iterations = children.filter((task) => task.iteration !== undefined);
  const others = children.filter((task) => task.iteration === undefined);
  return [
    ...others.map((task) => taskRow(parent, runId, task, index, now)),
    ...iterationRows(parent, runId, iterations.toSorted(byIteration), index, now),
  ];
}

/** At most `foldSize` rows and as many folds: longer loops fold into folds. */
function iterationRows(
  parent: PipelineNode,
  runId: string,
  iterations: readonly RunTask[],
  index: ReadonlyMap<string, readonly RunTask[]>,
  now: number,
): readonly PipelineNode[] {
  if (iterations.length <= foldSize)
    return iterations.map((task) => taskRow(parent, runId, task, index, now));
  const isFold = parent.kind === 'fold';
  const open = isFold ? [] : iterations.slice(0, foldSize);
  const folded = isFold ? iterations : iterations.slice(foldSize);
  let size = foldSize;
  while (Math.ceil(folded.length / size) > foldSize) size *= foldSize;
  const rows = open.map((task) => taskRow(parent, runId, task, index, now));
  for (let start = 0; start < folded.length; start += size)
    rows.push(foldRow(parent, runId, folded.slice(start, start + size)));
  return rows;
}

function foldRow(parent: PipelineNode, runId: string, tasks: readonly RunTask[]): PipelineNode {
  const first = tasks[0]?.iteration ?? 0;
  const last = tasks.at(-1)?.iteration ?? first;
  const worst = (['FAILED', 'RUNNING', 'PENDING'] as const).find((state) =>
    tasks.some((task) => task.state === state),
  );
  const failed = tasks.filter((task) => task.state === 'FAILED').length;
  return {
    kind: 'fold',
    id: `${parent.id}/fold:${first}-${last}`,
    parent,
    runId,
    tasks,
    label: `Iterations ${first}–${last}`,
    description: failed === 0 ? undefined : `${failed} failed`,
    icon: stateIcon(worst ?? 'SUCCEEDED'),
    context: 'fold',
    expansion: 'collapsed',
  };
}

function taskRow(
  parent: PipelineNode,
  runId: string,
  task: RunTask,
  index: ReadonlyMap<string, readonly RunTask[]>,
  now: number,
): PipelineNode {
  const started = task.startedAt ?? (task.state === 'RUNNING' ? task.createdAt : undefined);
  const ended = task.finishedAt?.getTime() ?? (task.state === 'RUNNING' ? now : undefined);
  const parts = [
    ...(started === undefined || ended === undefined || task.state === 'SKIPPED'
      ? []
      : [formatDuration(ended - started.getTime())]),
    ...(task.state === 'CACHED' ? ['from cache'] : []),
    ...(task.attempts.length > 1 ? [`${task.attempts.length} attempts`] : []),
    ...(task.iterationCount === undefined ? [] : [`${task.iterationCount} iterations`]),
    ...Object.values(task.notes),
  ];
  const flags = [
    ...(task.attempts.length > 0 ? ['logs'] : []),
    ...(task.state === 'FAILED' ? ['failed'] : []),
    ...(hasInputs(task) ? ['ran'] : []),
  ];
  return {
    kind: 'task',
    id: `${parent.id}/task:${task.id}`,
    parent,
    runId,
    taskId: task.id,
    task,
    label: taskLabel(task),
    description: parts.join(' · ') || undefined,
    icon: stateIcon(task.state),
    context: ['task', ...flags].join(' '),
    expansion: (index.get(task.id)?.length ?? 0) > 0 ? 'collapsed' : 'leaf',
    spoken: stateWord(task.state),
    command: task.attempts.length > 0 ? 'slipway.task.openLog' : undefined,
  };
}

/** Groups have none that a function could be called with. */
export function hasInputs({ state, attempts }: RunTask): boolean {
  return state === 'CACHED' || attempts.length > 0;
}

/** `inner › score`, with the iteration of each loop around it: which of a step's tasks it is. */
export function taskPath(task: RunTask, byId: ReadonlyMap<string, RunTask>): string {
  const parent = byId.get(task.parentId ?? '');
  const outer = parent === undefined || parent.kind === 'ROOT' ? '' : taskPath(parent, byId);
  // A loop has no more to say than its iteration.
  if (task.iterationCount !== undefined) return outer;
  return outer === '' ? taskLabel(task) : `${outer} › ${taskLabel(task)}`;
}

function taskLabel({ displayName, iteration }: RunTask): string {
  return iteration === undefined ? displayName : `${displayName} [${iteration}]`;
}

/** Children by parent id, oldest first; tasks without a parent under ''. Whole runs are indexed once per refresh. */
const indexes = new WeakMap<readonly RunTask[], ReadonlyMap<string, readonly RunTask[]>>();
function indexChildren(tasks: readonly RunTask[]): ReadonlyMap<string, readonly RunTask[]> {
  const known = indexes.get(tasks);
  if (known !== undefined) return known;
  const index = Map.groupBy(
    tasks
      .filter((task) => task.kind !== 'ROOT')
      .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()),
    (task) => task.parentId ?? '',
  );
  indexes.set(tasks, index);
  return index;
}
