/** Artifacts, and which task made or read them. An artifact outlives its run: cached tasks of later runs refer to it. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import { jsonColumn } from './rows.ts';
import { IO_TYPES, type IoType, type Producer } from './tasks.ts';

export interface ArtifactRow {
  readonly id: string;
  /** The producer's output key. */
  readonly name: string;
  /** `schemaTitle`, e.g. `system.Dataset`; for an `instanceSchema` its text. */
  readonly type: string;
  /** An absolute path for what steps wrote here; an importer's uri as it was given. */
  readonly uri: string;
  readonly metadata: JsonObject;
  readonly numberValue: number | null;
  readonly createdAt: number;
}

export const artifactRow = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  uri: z.string(),
  metadata: jsonColumn,
  numberValue: z.number().nullable(),
  createdAt: z.number(),
});

/** Columns as `artifactRow` reads them. */
export const ARTIFACT_COLUMNS =
  'id, name, type, uri, metadata_json AS metadata, number_value AS numberValue, created_at AS createdAt';

export interface ArtifactTaskRow {
  readonly id: string;
  readonly artifactId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly type: IoType;
  readonly key: string;
  readonly producer: Producer | null;
}

export const artifactTaskRow = z.object({
  id: z.string(),
  artifactId: z.string(),
  runId: z.string(),
  taskId: z.string(),
  type: z.enum(IO_TYPES),
  key: z.string(),
  producer: z
    .string()
    .nullable()
    .transform((text): Producer | null => {
      if (text === null) return null;
      const parsed = z
        .object({ taskName: z.string(), iteration: z.number().optional() })
        .parse(JSON.parse(text));
      return parsed.iteration === undefined
        ? { taskName: parsed.taskName }
        : { taskName: parsed.taskName, iteration: parsed.iteration };
    }),
});

/** Columns as `artifactTaskRow` reads them. */
export const ARTIFACT_TASK_COLUMNS = `id, artifact_id AS artifactId, run_id AS runId, task_id AS taskId, type, key,
  producer_json AS producer`;

export class ArtifactStore {
  readonly #insert: StatementSync;
  readonly #link: StatementSync;
  readonly #unlink: StatementSync;
  readonly #get: StatementSync;
  readonly #same: StatementSync;
  readonly #ofRun: StatementSync;
  readonly #shared: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO artifacts (id, name, type, uri, metadata_json, number_value, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#link = db.prepare(
      `INSERT INTO artifact_tasks (id, artifact_id, run_id, task_id, type, key, producer_json)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#unlink = db.prepare('DELETE FROM artifact_tasks WHERE task_id = ?');
    this.#get = db.prepare(`SELECT ${ARTIFACT_COLUMNS} FROM artifacts WHERE id = ?`);
    this.#same = db.prepare(
      `SELECT ${ARTIFACT_COLUMNS} FROM artifacts WHERE uri = ? AND type = ? AND metadata_json = ?
       ORDER BY created_at DESC LIMIT 1`,
    );
    this.#ofRun = db.prepare(
      `SELECT DISTINCT ${ARTIFACT_COLUMNS.split(', ')
        .map((column) => `artifacts.${column}`)
        .join(', ')}
       FROM artifact_tasks JOIN artifacts ON artifacts.id = artifact_id WHERE run_id = ?`,
    );
    this.#shared = db.prepare(
      `SELECT 1 FROM artifact_tasks AS own JOIN artifact_tasks AS other ON other.artifact_id = own.artifact_id
       WHERE own.run_id = ?1 AND other.run_id <> ?1 LIMIT 1`,
    );
  }

  insert(artifact: ArtifactRow): void {
    this.#insert.run(
      artifact.id,
      artifact.name,
      artifact.type,
      artifact.uri,
      JSON.stringify(artifact.metadata),
      artifact.numberValue,
      artifact.createdAt,
    );
  }

  link(link: Omit<ArtifactTaskRow, 'id'>): void {
    const producer = link.producer === null ? null : JSON.stringify(link.producer);
    this.#link.run(randomUUID(), link.artifactId, link.runId, link.taskId, link.type, link.key, producer);
  }

  /** For a task that is run again. */
  unlink(taskId: string): void {
    this.#unlink.run(taskId);
  }

  get(id: string): ArtifactRow | undefined {
    const row = this.#get.get(id);
    return row && artifactRow.parse(row);
  }

  /** What an importer without `reimport` may use again. */
  findSame(uri: string, type: string, metadata: JsonObject): ArtifactRow | undefined {
    const row = this.#same.get(uri, type, JSON.stringify(metadata));
    return row && artifactRow.parse(row);
  }

  /** Everything that the run's tasks made or read. */
  ofRun(runId: string): ArtifactRow[] {
    return this.#ofRun.all(runId).map((row) => artifactRow.parse(row));
  }

  /** Whether another run made or read any of them. */
  areShared(runId: string): boolean {
    return this.#shared.get(runId) !== undefined;
  }
}
