/** Task rows: one node of a run's tree each. A row is made when the task's turn has come, not before. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { TASK_KINDS, TASK_STATES, type TaskKind, type TaskState } from '../../../../src/clients/kfp/model.ts';
import type { JsonValue } from '../../../../src/core/base/json.ts';
import { stateHistoryColumn, type StateChange } from './runs.ts';

export const IO_TYPES = [
  'COMPONENT_DEFAULT_INPUT',
  'TASK_OUTPUT_INPUT',
  'COMPONENT_INPUT',
  'RUNTIME_VALUE_INPUT',
  'COLLECTED_INPUTS',
  'ITERATOR_INPUT',
  'ITERATOR_INPUT_RAW',
  'ITERATOR_OUTPUT',
  'OUTPUT',
  'ONE_OF_OUTPUT',
  'TASK_FINAL_STATUS_OUTPUT',
] as const;
export type IoType = (typeof IO_TYPES)[number];

export interface Producer {
  readonly taskName: string;
  readonly iteration?: number;
}

/** `inputs_json` and `outputs_json`. Artifacts by id, see artifacts.ts. */
export interface StoredIo {
  readonly parameters: readonly {
    readonly key: string;
    readonly value: JsonValue;
    readonly type: IoType;
    readonly producer?: Producer;
  }[];
  readonly artifacts: readonly {
    readonly key: string;
    readonly ids: readonly string[];
    readonly type: IoType;
    readonly producer?: Producer;
  }[];
}

const EMPTY_IO: StoredIo = { parameters: [], artifacts: [] };

export interface TaskRow {
  readonly id: string;
  readonly runId: string;
  readonly parentId: string | null;
  /** The task's key in its DAG. */
  readonly name: string;
  readonly displayName: string;
  readonly kind: TaskKind;
  readonly state: TaskState;
  /** `root`, `root.train`, `root.for-loop-1.train` … */
  readonly scopePath: string;
  /** Set on an iteration of a loop, whose row is the parent. */
  readonly iteration: number | null;
  /** Set on a LOOP. */
  readonly iterationCount: number | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: string | null;
  readonly cacheFingerprint: string | null;
  /** Badges and hints; `skipped` says why: `condition`, `upstream` or `canceled`. */
  readonly notes: Readonly<Record<string, string>>;
  readonly inputs: StoredIo;
  readonly outputs: StoredIo;
  readonly stateHistory: readonly StateChange<TaskState>[];
}

const producer = z
  .object({ taskName: z.string(), iteration: z.number().optional() })
  .transform(({ taskName, iteration }): Producer =>
    iteration === undefined ? { taskName } : { taskName, iteration },
  )
  .optional();

const storedIo = z.object({
  parameters: z.array(z.object({ key: z.string(), value: z.json(), type: z.enum(IO_TYPES), producer })),
  artifacts: z.array(
    z.object({ key: z.string(), ids: z.array(z.string()), type: z.enum(IO_TYPES), producer }),
  ),
});

const ioColumn = z.string().transform((text): StoredIo => {
  const json: unknown = JSON.parse(text);
  // The column's default.
  if (text === '{}') return EMPTY_IO;
  const io = storedIo.parse(json);
  return {
    parameters: io.parameters.map(({ producer: from, ...rest }) =>
      from ? { ...rest, producer: from } : rest,
    ),
    artifacts: io.artifacts.map(({ producer: from, ...rest }) => (from ? { ...rest, producer: from } : rest)),
  };
});

const notesColumn = z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text)));

export const taskRow = z.object({
  id: z.string(),
  runId: z.string(),
  parentId: z.string().nullable(),
  name: z.string(),
  displayName: z.string(),
  kind: z.enum(TASK_KINDS),
  state: z.enum(TASK_STATES),
  scopePath: z.string(),
  iteration: z.number().nullable(),
  iterationCount: z.number().nullable(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
  error: z.string().nullable(),
  cacheFingerprint: z.string().nullable(),
  notes: notesColumn,
  inputs: ioColumn,
  outputs: ioColumn,
  stateHistory: stateHistoryColumn(TASK_STATES),
});

/** Columns as `taskRow` reads them. */
export const TASK_COLUMNS = `id, run_id AS runId, parent_id AS parentId, name, display_name AS displayName, kind, state,
  scope_path AS scopePath, iteration, iteration_count AS iterationCount, created_at AS createdAt,
  started_at AS startedAt, finished_at AS finishedAt, error, cache_fingerprint AS cacheFingerprint,
  notes_json AS notes, inputs_json AS inputs, outputs_json AS outputs, state_history_json AS stateHistory`;

export class TaskStore {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #get: StatementSync;
  readonly #ofRun: StatementSync;
  readonly #cached: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO tasks (id, run_id, parent_id, name, display_name, kind, state, scope_path, iteration,
         iteration_count, created_at, started_at, finished_at, error, cache_fingerprint, notes_json, inputs_json,
         outputs_json, state_history_json)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE tasks SET state = ?, iteration_count = ?, started_at = ?, finished_at = ?, error = ?,
         cache_fingerprint = ?, notes_json = ?, inputs_json = ?, outputs_json = ?, state_history_json = ? WHERE id = ?`,
    );
    this.#get = db.prepare(`SELECT ${TASK_COLUMNS} FROM tasks WHERE id = ?`);
    this.#ofRun = db.prepare(`SELECT ${TASK_COLUMNS} FROM tasks WHERE run_id = ? ORDER BY rowid`);
    this.#cached = db.prepare(
      `SELECT ${TASK_COLUMNS} FROM tasks WHERE cache_fingerprint = ? AND state = 'SUCCEEDED'
       ORDER BY finished_at DESC LIMIT 1`,
    );
  }

  insert(task: TaskRow): void {
    this.#insert.run(
      task.id,
      task.runId,
      task.parentId,
      task.name,
      task.displayName,
      task.kind,
      task.state,
      task.scopePath,
      task.iteration,
      task.iterationCount,
      task.createdAt,
      task.startedAt,
      task.finishedAt,
      task.error,
      task.cacheFingerprint,
      JSON.stringify(task.notes),
      JSON.stringify(task.inputs),
      JSON.stringify(task.outputs),
      JSON.stringify(task.stateHistory),
    );
  }

  /** Writes everything that can change in a task's life. */
  update(task: TaskRow): void {
    this.#update.run(
      task.state,
      task.iterationCount,
      task.startedAt,
      task.finishedAt,
      task.error,
      task.cacheFingerprint,
      JSON.stringify(task.notes),
      JSON.stringify(task.inputs),
      JSON.stringify(task.outputs),
      JSON.stringify(task.stateHistory),
      task.id,
    );
  }

  get(id: string): TaskRow | undefined {
    const row = this.#get.get(id);
    return row && taskRow.parse(row);
  }

  /** Parents before their children. */
  ofRun(runId: string): TaskRow[] {
    return this.#ofRun.all(runId).map((row) => taskRow.parse(row));
  }

  /** The newest task that really ran, and succeeded, with this fingerprint. */
  findCached(fingerprint: string): TaskRow | undefined {
    const row = this.#cached.get(fingerprint);
    return row && taskRow.parse(row);
  }
}
