/** Attempt rows: one per start of a step, written before the step starts. Without one nothing may run. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';

/** LOST: the service was stopped before the step had begun, or the step ended without leaving a result. */
const ATTEMPT_STATES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'LOST'] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

export interface AttemptRow {
  /** Unique; what pods[].name shows and the log's address ends with. */
  readonly name: string;
  readonly taskId: string;
  readonly runId: string;
  /** From 1. */
  readonly number: number;
  readonly state: AttemptState;
  readonly pid: number | null;
  /** See processIdentity.ts. */
  readonly pidStarted: string | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Absolute path of the file with both streams. */
  readonly logPath: string;
}

const attemptRow = z.object({
  name: z.string(),
  taskId: z.string(),
  runId: z.string(),
  number: z.number(),
  state: z.enum(ATTEMPT_STATES),
  pid: z.number().nullable(),
  pidStarted: z.string().nullable(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  logPath: z.string(),
});

/** Columns as `attemptRow` reads them. */
const ATTEMPT_COLUMNS = `name, task_id AS taskId, run_id AS runId, number, state, pid,
  pid_started AS pidStarted, started_at AS startedAt, finished_at AS finishedAt, exit_code AS exitCode, signal,
  log_path AS logPath`;

export interface AttemptEnd {
  readonly state: Exclude<AttemptState, 'RUNNING'>;
  readonly finishedAt: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export class AttemptStore {
  readonly #insert: StatementSync;
  readonly #setProcess: StatementSync;
  readonly #finish: StatementSync;
  readonly #get: StatementSync;
  readonly #ofTask: StatementSync;
  readonly #ofRun: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO attempts (name, task_id, run_id, number, state, started_at, log_path)
       VALUES (?, ?, ?, ?, 'RUNNING', ?, ?)`,
    );
    this.#setProcess = db.prepare('UPDATE attempts SET pid = ?, pid_started = ? WHERE name = ?');
    this.#finish = db.prepare(
      'UPDATE attempts SET state = ?, finished_at = ?, exit_code = ?, signal = ? WHERE name = ?',
    );
    this.#get = db.prepare(`SELECT ${ATTEMPT_COLUMNS} FROM attempts WHERE name = ?`);
    this.#ofTask = db.prepare(`SELECT ${ATTEMPT_COLUMNS} FROM attempts WHERE task_id = ? ORDER BY number`);
    this.#ofRun = db.prepare(`SELECT ${ATTEMPT_COLUMNS} FROM attempts WHERE run_id = ? ORDER BY rowid`);
  }

  insert(attempt: Pick<AttemptRow, 'name' | 'taskId' | 'runId' | 'number' | 'startedAt' | 'logPath'>): void {
    this.#insert.run(
      attempt.name,
      attempt.taskId,
      attempt.runId,
      attempt.number,
      attempt.startedAt,
      attempt.logPath,
    );
  }

  setProcess(name: string, pid: number, pidStarted: string): void {
    this.#setProcess.run(pid, pidStarted, name);
  }

  finish(name: string, end: AttemptEnd): void {
    this.#finish.run(end.state, end.finishedAt, end.exitCode, end.signal, name);
  }

  get(name: string): AttemptRow | undefined {
    const row = this.#get.get(name);
    return row && attemptRow.parse(row);
  }

  ofTask(taskId: string): AttemptRow[] {
    return this.#ofTask.all(taskId).map((row) => attemptRow.parse(row));
  }

  /** In the order they started. */
  ofRun(runId: string): AttemptRow[] {
    return this.#ofRun.all(runId).map((row) => attemptRow.parse(row));
  }
}
