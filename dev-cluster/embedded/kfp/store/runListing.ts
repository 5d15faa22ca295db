/** Runs as the api reads them: one row of one SELECT each, without tasks. */
import type { DatabaseSync } from 'node:sqlite';
import type { z } from 'zod';
import { notFound } from '../errors.ts';
import { textField, timeField, type Listable } from './listable.ts';
import { list, type ListRequest, type ListResult } from './listing.ts';
import { jsonColumn } from './rows.ts';
import { RUN_COLUMNS, runRow } from './runs.ts';

/** `spec` is `null` for a run made from a version: upstream doesn't echo it then, so it isn't read either. */
const row = runRow.extend({ spec: jsonColumn.nullable() });

export type ListedRun = z.infer<typeof row>;

const SELECT = RUN_COLUMNS.replace(
  'spec_json AS spec',
  'CASE WHEN version_id IS NULL THEN spec_json END AS spec',
);

const RUNS: Listable = {
  name: 'Run',
  table: 'runs',
  select: SELECT,
  key: 'id',
  fields: new Map([
    ['run_id', textField('id')],
    ['id', textField('id')],
    ['display_name', textField('display_name')],
    ['name', textField('display_name')],
    ['created_at', timeField('created_at')],
    ['finished_at', timeField('coalesce(finished_at, 0)')],
    ['scheduled_at', timeField('scheduled_at')],
    ['description', textField('description')],
    ['storage_state', textField('storage_state')],
    ['status', textField('state')],
    ['state', textField('state')],
    ['namespace', textField(`''`)],
    ['experiment_id', textField('experiment_id')],
    ['recurring_run_id', textField(`''`)],
    // Metrics of v1 runs: v2 runs have none, so such a sort leaves the order to the id.
    ['metric:', textField(`''`)],
  ]),
};

export function getRun(db: DatabaseSync, id: string): ListedRun {
  const found = db.prepare(`SELECT ${SELECT} FROM runs WHERE id = ?`).get(id);
  if (found === undefined) throw notFound('Run', id);
  return row.parse(found);
}

/** Throws when there is no such run. */
export function checkRun(db: DatabaseSync, id: string): void {
  if (db.prepare('SELECT 1 FROM runs WHERE id = ?').get(id) === undefined) throw notFound('Run', id);
}

export function listRuns(
  db: DatabaseSync,
  request: ListRequest,
  experimentId: string | undefined,
): Omit<ListResult, 'rows'> & { readonly items: readonly ListedRun[] } {
  const scope = experimentId === undefined ? [] : [{ sql: 'experiment_id = ?', args: [experimentId] }];
  const { rows, ...page } = list(db, RUNS, request, scope);
  return { items: rows.map((one) => row.parse(one)), ...page };
}
