/** Experiments: names are unique, one is the default. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { KfpError, notFound } from '../errors.ts';
import { textField, timeField, type Listable } from './listable.ts';
import { list, type ListRequest, type ListResult } from './listing.ts';
import { isDuplicate } from './rows.ts';

export interface ExperimentRow {
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
  readonly createdAt: number;
  readonly lastRunCreatedAt: number | null;
  readonly storageState: 'AVAILABLE' | 'ARCHIVED';
}

const row = z.object({
  id: z.string(),
  displayName: z.string(),
  description: z.string(),
  createdAt: z.number(),
  lastRunCreatedAt: z.number().nullable(),
  storageState: z.enum(['AVAILABLE', 'ARCHIVED']),
});

const SELECT = `id, display_name AS displayName, description, created_at AS createdAt,
  last_run_created_at AS lastRunCreatedAt, storage_state AS storageState`;

const EXPERIMENTS: Listable = {
  name: 'Experiment',
  table: 'experiments',
  select: SELECT,
  key: 'id',
  fields: new Map([
    ['id', textField('id')],
    ['experiment_id', textField('id')],
    ['name', textField('display_name')],
    ['display_name', textField('display_name')],
    ['created_at', timeField('created_at')],
    ['last_run_created_at', timeField('coalesce(last_run_created_at, 0)')],
    ['description', textField('description')],
    ['namespace', textField(`''`)],
    ['storage_state', textField('storage_state')],
  ]),
};

export class ExperimentStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  create(displayName: string, description: string): ExperimentRow {
    const id = randomUUID();
    try {
      this.#db
        .prepare('INSERT INTO experiments (id, display_name, description, created_at) VALUES (?, ?, ?, ?)')
        .run(id, displayName, description, Date.now());
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new KfpError(
        'alreadyExists',
        `Failed to create a new experiment. The name ${displayName} already exists. Please specify a new name`,
        { cause: error },
      );
    }
    return this.get(id);
  }

  get(id: string): ExperimentRow {
    const found = this.#db.prepare(`SELECT ${SELECT} FROM experiments WHERE id = ?`).get(id);
    if (found === undefined) throw notFound('Experiment', id);
    return row.parse(found);
  }

  /** Made on first use, as upstream does; made again when somebody deleted it. */
  getDefault(): ExperimentRow {
    const found = this.#db.prepare(`SELECT ${SELECT} FROM experiments WHERE display_name = 'Default'`).get();
    return found === undefined
      ? this.create('Default', 'All runs created without specifying an experiment will be grouped here.')
      : row.parse(found);
  }

  list(request: ListRequest): Omit<ListResult, 'rows'> & { readonly items: readonly ExperimentRow[] } {
    const { rows, ...page } = list(this.#db, EXPERIMENTS, request);
    return { items: rows.map((one) => row.parse(one)), ...page };
  }

  /** Archiving an experiment archives its runs; restoring it leaves them archived. */
  setStorageState(id: string, state: 'AVAILABLE' | 'ARCHIVED'): void {
    this.get(id);
    this.#db.prepare('UPDATE experiments SET storage_state = ? WHERE id = ?').run(state, id);
    if (state === 'ARCHIVED') {
      this.#db.prepare(`UPDATE runs SET storage_state = 'ARCHIVED' WHERE experiment_id = ?`).run(id);
    }
  }

  /** Its runs stay. */
  delete(id: string): void {
    const { displayName } = this.get(id);
    if (displayName === 'Default') {
      throw new KfpError(
        'aborted',
        `Failed to delete experiment ${id}. The default experiment cannot be deleted`,
      );
    }
    this.#db.prepare('DELETE FROM experiments WHERE id = ?').run(id);
  }

  /** Called when a run was made in it. */
  touch(id: string, runCreatedAt: number): void {
    this.#db.prepare('UPDATE experiments SET last_run_created_at = ? WHERE id = ?').run(runCreatedAt, id);
  }
}
