/** The lists of a run's tree: tasks, artifacts, and the links between them. */
import type { DatabaseSync } from 'node:sqlite';
import type { z } from 'zod';
import { ARTIFACT_COLUMNS, ARTIFACT_TASK_COLUMNS, artifactRow, artifactTaskRow } from './artifacts.ts';
import type { ArtifactRow, ArtifactTaskRow } from './artifacts.ts';
import { textField, timeField, type Listable, type Where } from './listable.ts';
import { list, type ListRequest, type ListResult } from './listing.ts';
import { TASK_COLUMNS, taskRow, type TaskRow } from './tasks.ts';

type Listed<T> = Omit<ListResult, 'rows'> & { readonly items: readonly T[] };

// Rows of one millisecond keep the order they were made in, hence rowid as the key.
const TASKS: Listable = {
  name: 'Task',
  table: 'tasks',
  select: TASK_COLUMNS,
  key: 'rowid',
  fields: new Map([
    ['task_id', textField('id')],
    ['run_id', textField('run_id')],
    ['parent_task_id', textField(`coalesce(parent_id, '')`)],
    ['name', textField('name')],
    ['display_name', textField('display_name')],
    ['type', textField('kind')],
    ['state', textField('state')],
    ['scope_path', textField('scope_path')],
    ['cache_fingerprint', textField(`coalesce(cache_fingerprint, '')`)],
    ['created_at', timeField('created_at')],
    ['create_time', timeField('created_at')],
    ['end_time', timeField('coalesce(finished_at, 0)')],
  ]),
};

export function listTasks(
  db: DatabaseSync,
  request: ListRequest,
  runId: string,
  parentId: string | undefined,
): Listed<TaskRow> {
  const scope: Where[] = [{ sql: 'run_id = ?', args: [runId] }];
  if (parentId !== undefined) scope.push({ sql: 'parent_id = ?', args: [parentId] });
  const { rows, ...page } = list(db, TASKS, request, scope);
  return { items: rows.map((row) => taskRow.parse(row)), ...page };
}

/** What 2.17 tells of a task: without inputs and outputs, which for ten thousand of them would be most of the work. */
const taskDetail = taskRow.pick({
  id: true,
  runId: true,
  displayName: true,
  state: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
  stateHistory: true,
});
export type TaskDetail = z.infer<typeof taskDetail>;

export function listTaskDetails(db: DatabaseSync, runId: string): readonly TaskDetail[] {
  return db
    .prepare(
      `SELECT id, run_id AS runId, display_name AS displayName, state, created_at AS createdAt,
         started_at AS startedAt, finished_at AS finishedAt, state_history_json AS stateHistory
       FROM tasks WHERE run_id = ? ORDER BY rowid`,
    )
    .all(runId)
    .map((row) => taskDetail.parse(row));
}

const ARTIFACTS: Listable = {
  name: 'Artifact',
  table: 'artifacts',
  select: ARTIFACT_COLUMNS,
  key: 'rowid',
  fields: new Map([
    ['artifact_id', textField('id')],
    ['name', textField('name')],
    ['type', textField('type')],
    ['uri', textField('uri')],
    ['namespace', textField(`''`)],
    ['created_at', timeField('created_at')],
  ]),
};

export function listArtifacts(db: DatabaseSync, request: ListRequest): Listed<ArtifactRow> {
  const { rows, ...page } = list(db, ARTIFACTS, request);
  return { items: rows.map((row) => artifactRow.parse(row)), ...page };
}

const ARTIFACT_TASKS: Listable = {
  name: 'ArtifactTask',
  table: 'artifact_tasks',
  select: ARTIFACT_TASK_COLUMNS,
  key: 'rowid',
  fields: new Map([
    ['id', textField('id')],
    ['artifact_id', textField('artifact_id')],
    ['run_id', textField('run_id')],
    ['task_id', textField('task_id')],
    ['type', textField('type')],
    ['key', textField('key')],
    // Links have no time of their own: they are listed in the order they were made.
    ['created_at', textField(`''`)],
  ]),
};

export interface ArtifactTaskScope {
  readonly taskIds: readonly string[];
  readonly runIds: readonly string[];
  readonly artifactIds: readonly string[];
  readonly type: string | undefined;
}

export function listArtifactTasks(
  db: DatabaseSync,
  request: ListRequest,
  scope: ArtifactTaskScope,
): Listed<ArtifactTaskRow> {
  const oneOf = (column: string, ids: readonly string[]): Where[] =>
    ids.length === 0
      ? []
      : [{ sql: `${column} IN (SELECT value FROM json_each(?))`, args: [JSON.stringify(ids)] }];
  const { rows, ...page } = list(db, ARTIFACT_TASKS, request, [
    ...oneOf('task_id', scope.taskIds),
    ...oneOf('run_id', scope.runIds),
    ...oneOf('artifact_id', scope.artifactIds),
    ...(scope.type === undefined ? [] : [{ sql: 'type = ?', args: [scope.type] }]),
  ]);
  return { items: rows.map((row) => artifactTaskRow.parse(row)), ...page };
}
