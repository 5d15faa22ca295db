/** Pipeline versions: the uploaded documents. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import { KfpError, notFound } from '../errors.ts';
import { textField, timeField, type Listable } from './listable.ts';
import { list, type ListRequest, type ListResult } from './listing.ts';
import { isDuplicate, jsonColumn, tagsColumn } from './rows.ts';

export interface NewVersion {
  readonly pipelineId: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly packageUrl: string;
  readonly codeSourceUrl: string;
  /** `{pipeline_spec, platform_spec?}`. */
  readonly spec: JsonObject;
}

export interface VersionRow extends NewVersion {
  readonly id: string;
  readonly createdAt: number;
}

const row = z.object({
  id: z.string(),
  pipelineId: z.string(),
  name: z.string(),
  displayName: z.string(),
  description: z.string(),
  createdAt: z.number(),
  tags: tagsColumn,
  packageUrl: z.string(),
  codeSourceUrl: z.string(),
  spec: jsonColumn,
});

const SELECT = `id, pipeline_id AS pipelineId, name, display_name AS displayName, description,
  created_at AS createdAt, tags_json AS tags, package_url AS packageUrl, code_source_url AS codeSourceUrl,
  spec_json AS spec`;

const VERSIONS: Listable = {
  name: 'PipelineVersion',
  table: 'pipeline_versions',
  select: SELECT,
  key: 'id',
  tags: 'tags_json',
  fields: new Map([
    ['id', textField('id')],
    ['pipeline_version_id', textField('id')],
    ['name', textField('name')],
    ['display_name', textField('display_name')],
    ['created_at', timeField('created_at')],
    ['status', textField(`'READY'`)],
    ['description', textField('description')],
    ['pipeline_spec', textField('spec_json')],
  ]),
};

export class VersionStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  create(version: NewVersion): VersionRow {
    const id = randomUUID();
    try {
      this.#db
        .prepare(
          `INSERT INTO pipeline_versions (id, pipeline_id, name, display_name, description, created_at, spec_json, tags_json,
             package_url, code_source_url)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          id,
          version.pipelineId,
          version.name,
          version.displayName,
          version.description,
          Date.now(),
          JSON.stringify(version.spec),
          JSON.stringify(version.tags),
          version.packageUrl,
          version.codeSourceUrl,
        );
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new KfpError(
        'alreadyExists',
        `Failed to create a new pipeline version. The name ${version.name} already exists. Specify a new name`,
        { cause: error },
      );
    }
    return this.get(version.pipelineId, id);
  }

  /** Of any pipeline when `pipelineId` is undefined. */
  get(pipelineId: string | undefined, id: string): VersionRow {
    const found = this.#db.prepare(`SELECT ${SELECT} FROM pipeline_versions WHERE id = ?`).get(id);
    const version = found === undefined ? undefined : row.parse(found);
    if (version === undefined || (pipelineId !== undefined && version.pipelineId !== pipelineId))
      throw notFound('PipelineVersion', id);
    return version;
  }

  latest(pipelineId: string): VersionRow {
    const found = this.#db
      .prepare(
        `SELECT ${SELECT} FROM pipeline_versions WHERE pipeline_id = ? ORDER BY created_at DESC, rowid DESC LIMIT 1`,
      )
      .get(pipelineId);
    if (found === undefined) throw notFound('PipelineVersion', pipelineId);
    return row.parse(found);
  }

  list(
    pipelineId: string,
    request: ListRequest,
  ): Omit<ListResult, 'rows'> & { readonly items: readonly VersionRow[] } {
    const { rows, ...page } = list(this.#db, VERSIONS, request, [
      { sql: 'pipeline_id = ?', args: [pipelineId] },
    ]);
    return { items: rows.map((one) => row.parse(one)), ...page };
  }

  update(
    pipelineId: string,
    id: string,
    displayName: string | undefined,
    tags: Readonly<Record<string, string>> | undefined,
  ): VersionRow {
    const old = this.get(pipelineId, id);
    this.#db
      .prepare('UPDATE pipeline_versions SET display_name = ?, tags_json = ? WHERE id = ?')
      .run(displayName ?? old.displayName, JSON.stringify(tags ?? old.tags), id);
    return this.get(pipelineId, id);
  }

  delete(pipelineId: string, id: string): void {
    this.get(pipelineId, id);
    this.#db.prepare('DELETE FROM pipeline_versions WHERE id = ?').run(id);
  }
}
