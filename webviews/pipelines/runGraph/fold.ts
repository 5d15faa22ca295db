/** Folds a run's tasks into one status per node of the drawing. Pure; the canvas, the list and the timeline share it. */
import type { GraphNode } from '../../../src/core/ir/graphModel.ts';
import type { TaskRow, TaskRowState } from '../../../src/core/protocol/runGraph.ts';

export interface StateCounts {
  readonly total: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
}

export interface NodeStatus {
  readonly state: TaskRowState;
  /** The task behind the node, when it is one. */
  readonly taskId: string | undefined;
  /** How many tasks stand behind the node: more than one inside a loop with no iteration chosen. */
  readonly tasks: StateCounts;
  /** Set on loops. */
  readonly iterations: StateCounts | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** The most that one task needed. */
  readonly attempts: number;
  readonly notes: readonly string[];
}

/** The chosen iteration by loop node id; absent: all of them together. */
export type IterationChoice = Readonly<Record<string, number>>;

/** It stays so, unless the run is retried. */
export function isFinalState(state: TaskRowState): boolean {
  return state !== 'PENDING' && state !== 'RUNNING';
}

/** The state that a person should see first when several tasks stand behind one node. */
export function combineStates(states: readonly TaskRowState[]): TaskRowState {
  const has = (state: TaskRowState): boolean => states.includes(state);
  if (has('FAILED')) return 'FAILED';
  if (has('RUNNING')) return 'RUNNING';
  const final = states.filter(isFinalState);
  if (final.length < states.length) return final.length === 0 ? 'PENDING' : 'RUNNING';
  if (has('SUCCEEDED')) return 'SUCCEEDED';
  return has('CACHED') ? 'CACHED' : 'SKIPPED';
}

function count(states: readonly TaskRowState[], total = states.length): StateCounts {
  return {
    total: Math.max(total, states.length),
    done: states.filter(isFinalState).length,
    running: states.filter((state) => state === 'RUNNING').length,
    failed: states.filter((state) => state === 'FAILED').length,
  };
}

/** Rows by id and by parent, with what the iteration choice leaves visible. */
export class TaskIndex {
  readonly #byId = new Map<string, TaskRow>();
  readonly #children = new Map<string, TaskRow[]>();
  readonly #visible = new Map<string, boolean>();
  readonly #choice: IterationChoice;
  readonly rows: readonly TaskRow[];

  constructor(rows: readonly TaskRow[], choice: IterationChoice) {
    this.rows = rows;
    this.#choice = choice;
    for (const row of rows) this.#byId.set(row.id, row);
    for (const row of rows) {
      if (row.parentId === undefined) continue;
      const siblings = this.#children.get(row.parentId);
      if (siblings === undefined) this.#children.set(row.parentId, [row]);
      else siblings.push(row);
    }
  }

  get root(): TaskRow | undefined {
    return this.rows.find((row) => row.parentId === undefined);
  }

  byId(id: string): TaskRow | undefined {
    return this.#byId.get(id);
  }

  childrenOf(row: TaskRow): readonly TaskRow[] {
    return this.#children.get(row.id) ?? [];
  }

  /** The iterations of one loop task, by index. */
  iterationsOf(loop: TaskRow): readonly TaskRow[] {
    return this.childrenOf(loop)
      .filter((row) => row.iteration !== undefined)
      .sort((a, b) => (a.iteration ?? 0) - (b.iteration ?? 0));
  }

  /** The node whose loop this row is an iteration of. */
  loopOf(row: TaskRow): string | undefined {
    if (row.iteration === undefined) return undefined;
    const parent = row.parentId === undefined ? undefined : this.#byId.get(row.parentId);
    return parent?.path ?? row.path;
  }

  isVisible(row: TaskRow): boolean {
    const known = this.#visible.get(row.id);
    if (known !== undefined) return known;
    // Guards against a cycle in what the server says.
    this.#visible.set(row.id, true);
    const loop = this.loopOf(row);
    const chosen = loop === undefined ? undefined : this.#choice[loop];
    const parent = row.parentId === undefined ? undefined : this.#byId.get(row.parentId);
    const visible =
      (chosen === undefined || chosen === row.iteration) && (parent === undefined || this.isVisible(parent));
    this.#visible.set(row.id, visible);
    return visible;
  }

  /** Loop tasks behind a node. */
  loopsAt(path: string): readonly TaskRow[] {
    return this.rows.filter((row) => row.path === path && row.iteration === undefined && this.isVisible(row));
  }
}

/** One status per node id that has a task. Statuses equal to those in `previous` keep their identity. */
export function foldTasks(
  index: TaskIndex,
  previous: ReadonlyMap<string, NodeStatus> = new Map(),
): ReadonlyMap<string, NodeStatus> {
  const own = new Map<string, TaskRow[]>();
  const iterations = new Map<string, TaskRow[]>();
  const put = (map: Map<string, TaskRow[]>, path: string, row: TaskRow): void => {
    const rows = map.get(path);
    if (rows === undefined) map.set(path, [row]);
    else rows.push(row);
  };
  for (const row of index.rows) {
    const loop = index.loopOf(row);
    // The strip over a loop always tells of all its iterations.
    if (loop !== undefined) put(iterations, loop, row);
    if (!index.isVisible(row)) continue;
    if (loop !== row.path) put(own, row.path, row);
  }
  const folded = new Map<string, NodeStatus>();
  for (const [path, rows] of own) {
    const status = toStatus(rows, iterations.get(path));
    const before = previous.get(path);
    folded.set(path, before !== undefined && sameStatus(before, status) ? before : status);
  }
  return folded;
}

function toStatus(rows: readonly TaskRow[], iterations: readonly TaskRow[] | undefined): NodeStatus {
  const states = rows.map((row) => row.state);
  const state = combineStates(states);
  const starts = rows.map((row) => row.startedAt).filter((time) => time !== undefined);
  const ends = rows.map((row) => row.finishedAt).filter((time) => time !== undefined);
  const announced = rows.reduce((sum, row) => sum + (row.iterationCount ?? 0), 0);
  return {
    state,
    taskId: rows.length === 1 ? rows[0]?.id : undefined,
    tasks: count(states),
    iterations:
      iterations !== undefined || announced > 0
        ? count(iterations?.map((row) => row.state) ?? [], announced)
        : undefined,
    startedAt: starts.length === 0 ? undefined : Math.min(...starts),
    finishedAt: isFinalState(state) && ends.length > 0 ? Math.max(...ends) : undefined,
    attempts: rows.reduce((most, row) => Math.max(most, row.attempts), 0),
    notes: [...new Set(rows.flatMap((row) => row.notes))],
  };
}

function sameStatus(a: NodeStatus, b: NodeStatus): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * The status to draw for a node without a task: nodes under a skipped group, and nodes that a finished run never
 * reached, count as skipped; before that they have none.
 */
export function statusOf(
  statuses: ReadonlyMap<string, NodeStatus>,
  nodes: ReadonlyMap<string, GraphNode>,
  id: string,
  isRunFinal: boolean,
): NodeStatus | undefined {
  const own = statuses.get(id);
  const node = nodes.get(id);
  if (own !== undefined || node === undefined || node.kind === 'input' || node.kind === 'output') return own;
  let parent = node.parent;
  let isSkipped = isRunFinal;
  while (!isSkipped && parent !== undefined) {
    const status = statuses.get(parent);
    if (status !== undefined) isSkipped = status.state === 'SKIPPED';
    parent = nodes.get(parent)?.parent;
  }
  return isSkipped ? NEVER_RAN : undefined;
}

const NEVER_RAN: NodeStatus = {
  state: 'SKIPPED',
  taskId: undefined,
  tasks: { total: 0, done: 0, running: 0, failed: 0 },
  iterations: undefined,
  startedAt: undefined,
  finishedAt: undefined,
  attempts: 0,
  notes: [],
};
