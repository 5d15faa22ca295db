/** Pipelines: a name and its versions. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { KfpError, notFound } from '../errors.ts';
import { textField, timeField, type Listable } from './listable.ts';
import { list, type ListRequest, type ListResult } from './listing.ts';
import { isDuplicate, tagsColumn } from './rows.ts';

export interface NewPipeline {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface PipelineRow extends NewPipeline {
  readonly id: string;
  readonly createdAt: number;
}

const row = z.object({
  id: z.string(),
  name: z.string(),
  displayName: z.string(),
  description: z.string(),
  createdAt: z.number(),
  tags: tagsColumn,
});

const SELECT =
  'id, name, display_name AS displayName, description, created_at AS createdAt, tags_json AS tags';

const PIPELINES: Listable = {
  name: 'Pipeline',
  table: 'pipelines',
  select: SELECT,
  key: 'id',
  tags: 'tags_json',
  fields: new Map([
    ['id', textField('id')],
    ['pipeline_id', textField('id')],
    ['name', textField('name')],
    ['display_name', textField('display_name')],
    ['created_at', timeField('created_at')],
    ['description', textField('description')],
    ['namespace', textField(`''`)],
  ]),
};

export class PipelineStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  create(pipeline: NewPipeline): PipelineRow {
    const id = randomUUID();
    try {
      this.#db
        .prepare(
          'INSERT INTO pipelines (id, name, display_name, description, created_at, tags_json) VALUES (?, ?, ?, ?, ?, ?)',
        )
        .run(
          id,
          pipeline.name,
          pipeline.displayName,
          pipeline.description,
          Date.now(),
          JSON.stringify(pipeline.tags),
        );
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new KfpError(
        'alreadyExists',
        `Failed to create a new pipeline. The name ${pipeline.name} already exists. Please specify a new name`,
        { cause: error },
      );
    }
    return this.get(id);
  }

  get(id: string): PipelineRow {
    const found = this.#db.prepare(`SELECT ${SELECT} FROM pipelines WHERE id = ?`).get(id);
    if (found === undefined) throw notFound('Pipeline', id);
    return row.parse(found);
  }

  getByName(name: string): PipelineRow {
    const found = this.#db.prepare(`SELECT ${SELECT} FROM pipelines WHERE name = ?`).get(name);
    if (found === undefined) throw notFound('Namespace/Pipeline', `/${name}`);
    return row.parse(found);
  }

  list(request: ListRequest): Omit<ListResult, 'rows'> & { readonly items: readonly PipelineRow[] } {
    const { rows, ...page } = list(this.#db, PIPELINES, request);
    return { items: rows.map((one) => row.parse(one)), ...page };
  }

  update(
    id: string,
    displayName: string | undefined,
    tags: Readonly<Record<string, string>> | undefined,
  ): PipelineRow {
    const old = this.get(id);
    this.#db
      .prepare('UPDATE pipelines SET display_name = ?, tags_json = ? WHERE id = ?')
      .run(displayName ?? old.displayName, JSON.stringify(tags ?? old.tags), id);
    return this.get(id);
  }

  /** Without `cascade` a pipeline that has versions is refused. Runs keep the spec they ran. */
  delete(id: string, cascade: boolean): void {
    this.get(id);
    const version = this.#db
      .prepare('SELECT id FROM pipeline_versions WHERE pipeline_id = ? LIMIT 1')
      .get(id);
    if (version !== undefined && !cascade) {
      throw new KfpError(
        'invalidArgument',
        `Failed to delete pipeline with id ${id} as it has existing pipeline versions (e.g. ${String(version['id'])}). Set cascade=true to delete all versions`,
      );
    }
    this.#db.prepare('DELETE FROM pipelines WHERE id = ?').run(id);
  }
}
