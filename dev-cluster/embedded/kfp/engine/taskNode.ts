/** One node of a run's tree in memory: its row, and while it is open, what it waits for. */
import type { TaskKind, TaskState } from '../../../../src/clients/kfp/model.ts';
import type { JsonValue } from '../../../../src/core/base/json.ts';
import type { Component } from '../../../../src/core/ir/model.ts';
import type { ArtifactRow } from '../store/artifacts.ts';
import type { AttemptRow } from '../store/attempts.ts';
import type { StateChange } from '../store/runs.ts';
import type { TaskRow } from '../store/tasks.ts';
import type { TaskPlan } from './plan.ts';
import type { EndedTask, Scope } from './resolve.ts';
import { NOTHING, toStored, type TaskIo } from './taskIo.ts';

/** Why a task was skipped; the value of the note `skipped`. */
export type SkipReason = 'condition' | 'upstream' | 'canceled';

/** What an open DAG knows of its tasks. */
export interface DagProgress {
  readonly children: Map<string, TaskNode>;
  /** Needs that haven't ended yet, by task key. */
  readonly waiting: Map<string, number>;
  /** Tasks that haven't ended. */
  open: number;
}

/** What an open loop knows of its iterations. */
export interface LoopProgress {
  readonly iterations: (TaskNode | undefined)[];
  /** Indexes that haven't started, the next one last. */
  queued: number[];
  active: number;
  readonly limit: number;
  readonly items: readonly LoopItem[];
}

/** What one iteration gets: a value, or an artifact. */
export type LoopItem =
  | { readonly kind: 'parameter'; readonly value: JsonValue }
  | { readonly kind: 'artifact'; readonly artifact: ArtifactRow };

export interface NewNode {
  readonly id: string;
  readonly runId: string;
  readonly parent: TaskNode | undefined;
  /** `undefined` for the root. */
  readonly plan: TaskPlan | undefined;
  readonly component: Component;
  readonly kind: TaskKind;
  readonly iteration: number | null;
  readonly createdAt: number;
}

export class TaskNode implements Scope {
  readonly id: string;
  readonly runId: string;
  readonly parent: TaskNode | undefined;
  readonly plan: TaskPlan | undefined;
  readonly component: Component;
  readonly kind: TaskKind;
  readonly iteration: number | null;
  readonly createdAt: number;
  state: TaskState = 'PENDING';
  startedAt: number | null = null;
  finishedAt: number | null = null;
  error: string | null = null;
  fingerprint: string | null = null;
  notes: Readonly<Record<string, string>> = {};
  history: StateChange<TaskState>[] = [];
  inputs: TaskIo = NOTHING;
  outputs: TaskIo = NOTHING;
  dag: DagProgress | undefined;
  loop: LoopProgress | undefined;
  iterationCount: number | null = null;
  lastAttempt: Pick<AttemptRow, 'name' | 'number' | 'state' | 'finishedAt'> | undefined;
  /** Attempts there have been: the next one's number is one more. */
  attempts = 0;
  /** Those that count against the retry policy. */
  tries = 0;
  /** True once there is a row. */
  isStored = false;

  constructor(node: NewNode) {
    this.id = node.id;
    this.runId = node.runId;
    this.parent = node.parent;
    this.plan = node.plan;
    this.component = node.component;
    this.kind = node.kind;
    this.iteration = node.iteration;
    this.createdAt = node.createdAt;
  }

  static fromRow(row: TaskRow, tree: Pick<NewNode, 'parent' | 'plan' | 'component'>): TaskNode {
    const node = new TaskNode({ ...row, ...tree });
    node.state = row.state;
    node.startedAt = row.startedAt;
    node.finishedAt = row.finishedAt;
    node.error = row.error;
    node.fingerprint = row.cacheFingerprint;
    node.notes = row.notes;
    node.iterationCount = row.iterationCount;
    node.history = [...row.stateHistory];
    node.isStored = true;
    return node;
  }

  /** The key in the parent's DAG; `root` for the root. */
  get key(): string {
    return this.plan?.task.key ?? 'root';
  }

  /** Iterations have their loop's path. */
  get scopePath(): string {
    if (!this.parent) return 'root';
    return this.iteration === null ? `${this.parent.scopePath}.${this.key}` : this.parent.scopePath;
  }

  get isDag(): boolean {
    return this.kind !== 'LOOP' && this.component.implementation.kind === 'dag';
  }

  get hasEnded(): boolean {
    return this.state !== 'PENDING' && this.state !== 'RUNNING';
  }

  /** Ended in a way that a retry leaves alone. */
  get isSettledWell(): boolean {
    if (this.state === 'SKIPPED') return this.notes['skipped'] === 'condition';
    return this.state === 'SUCCEEDED' || this.state === 'CACHED';
  }

  /** A task that needs this one has to be skipped, unless it runs after failures. */
  get blocksOthers(): boolean {
    return this.hasEnded && !this.isSettledWell;
  }

  ended(key: string): EndedTask | undefined {
    const child = this.dag?.children.get(key);
    if (!child || child.state === 'PENDING' || child.state === 'RUNNING') return undefined;
    return {
      name: key,
      iteration: this.iteration,
      isLoop: child.kind === 'LOOP',
      state: child.state,
      error: child.error,
      outputs: child.outputs,
    };
  }

  /** Moves to a state; `at` in milliseconds. */
  enter(state: TaskState, at: number, error: string | null = null): void {
    this.state = state;
    this.error = error;
    if (state === 'RUNNING') this.startedAt ??= at;
    this.finishedAt = this.hasEnded ? at : null;
    this.history.push({ state, at, ...(error === null ? {} : { error }) });
  }

  /** Lets go of the nodes in it, once it has ended well. */
  forgetInside(): void {
    if (!this.isSettledWell) return;
    this.inputs = NOTHING;
    this.dag = undefined;
    this.loop = undefined;
  }

  /** Tries of a DAG since the last PENDING: how often it was opened. */
  get openings(): number {
    const since = this.history.findLastIndex(({ state }) => state === 'PENDING');
    return this.history.slice(since + 1).filter(({ state }) => state === 'RUNNING').length;
  }

  toRow(): TaskRow {
    return {
      id: this.id,
      runId: this.runId,
      parentId: this.parent?.id ?? null,
      name: this.key,
      displayName: this.plan?.task.name ?? this.key,
      kind: this.kind,
      state: this.state,
      scopePath: this.scopePath,
      iteration: this.iteration,
      iterationCount: this.iterationCount,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      finishedAt: this.finishedAt,
      error: this.error,
      cacheFingerprint: this.fingerprint,
      notes: this.notes,
      inputs: toStored(this.inputs),
      outputs: toStored(this.outputs),
      stateHistory: this.history,
    };
  }
}

/** The first failure's sentence, which names the step that failed. */
export function failureOf(nodes: readonly TaskNode[]): string | undefined {
  const failed = nodes.find(({ state }) => state === 'FAILED');
  if (!failed) return undefined;
  const error = failed.error ?? '';
  // A group's error already names the step in it.
  if (failed.dag || failed.loop) return error;
  const iteration = failed.iteration === null ? '' : ` (iteration ${failed.iteration})`;
  return `Task ${failed.scopePath.replace(/^root\./, '')}${iteration} failed. ${error}`;
}
