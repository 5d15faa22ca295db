/** Run rows: what was asked for, and how far it is. The engine alone moves `state` forward. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { RUN_STATES, type RunState } from '../../../../src/clients/kfp/model.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/base/json.ts';
import { jsonColumn } from './rows.ts';

/** One entry of a state history. `at` in milliseconds since the epoch. */
export interface StateChange<S extends string> {
  readonly state: S;
  readonly at: number;
  readonly error?: string;
}

export function stateHistoryColumn<S extends string>(states: readonly [S, ...S[]]) {
  const entries = z.array(z.object({ state: z.enum(states), at: z.number(), error: z.string().optional() }));
  return z.string().transform((text): StateChange<S>[] =>
    // The parsed enum is S; zod types it by its own literal map.
    entries.parse(JSON.parse(text)).map(({ state, at, error }) => ({
      state: states.find((one) => one === state) ?? states[0],
      at,
      ...(error === undefined ? {} : { error }),
    })),
  );
}

/** Where the steps of a run run; it never changes once the run has begun. */
export type Place = 'process' | 'pod';

export interface RunRow {
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
  readonly experimentId: string;
  readonly storageState: 'AVAILABLE' | 'ARCHIVED';
  readonly state: RunState;
  readonly createdAt: number;
  readonly scheduledAt: number;
  readonly finishedAt: number | null;
  readonly pipelineId: string | null;
  readonly versionId: string | null;
  /** `{"pipeline_spec":…, "platform_spec":…}`. */
  readonly spec: JsonObject;
  readonly parameters: Readonly<Record<string, JsonValue>>;
  readonly pipelineRoot: string;
  readonly serviceAccount: string;
  /** `undefined` until it begins. */
  readonly place: Place | undefined;
  /** By the plugin's name. */
  readonly pluginsInput: JsonObject;
  readonly pluginsOutput: JsonObject;
  readonly error: string | null;
  readonly stateHistory: readonly StateChange<RunState>[];
}

export type NewRunRow = Pick<
  RunRow,
  | 'id'
  | 'displayName'
  | 'description'
  | 'experimentId'
  | 'createdAt'
  | 'pipelineId'
  | 'versionId'
  | 'spec'
  | 'parameters'
  | 'pipelineRoot'
  | 'serviceAccount'
> &
  Partial<Pick<RunRow, 'pluginsInput'>> & { readonly pluginsOutput?: { readonly mlflow?: MlflowOutput } };

export const runRow = z.object({
  id: z.string(),
  displayName: z.string(),
  description: z.string(),
  experimentId: z.string(),
  storageState: z.enum(['AVAILABLE', 'ARCHIVED']),
  state: z.enum(RUN_STATES),
  createdAt: z.number(),
  scheduledAt: z.number(),
  finishedAt: z.number().nullable(),
  pipelineId: z.string().nullable(),
  versionId: z.string().nullable(),
  spec: jsonColumn,
  parameters: jsonColumn,
  pipelineRoot: z.string(),
  serviceAccount: z.string(),
  place: z.enum(['process', 'pod', '']).transform((place) => (place === '' ? undefined : place)),
  pluginsInput: jsonColumn,
  pluginsOutput: jsonColumn,
  error: z.string().nullable(),
  stateHistory: stateHistoryColumn(RUN_STATES),
});

const mlflowOutput = z.object({
  entries: z.record(z.string(), z.object({ value: z.string(), render_type: z.literal('URL').optional() })),
  state: z.enum(['PLUGIN_SUCCEEDED', 'PLUGIN_FAILED']),
  state_message: z.string().optional(),
});
/** `plugins_output.mlflow`, as the plugin of KFP 2.17 fills it. */
export type MlflowOutput = z.infer<typeof mlflowOutput>;

const pluginsOutput = z.object({
  pluginsOutput: z
    .string()
    .transform((text) => z.object({ mlflow: mlflowOutput.optional() }).parse(JSON.parse(text))),
});

/** Columns as `runRow` reads them. */
export const RUN_COLUMNS = `id, display_name AS displayName, description, experiment_id AS experimentId,
  storage_state AS storageState, state, created_at AS createdAt, scheduled_at AS scheduledAt,
  finished_at AS finishedAt, pipeline_id AS pipelineId, version_id AS versionId, spec_json AS spec,
  parameters_json AS parameters, pipeline_root AS pipelineRoot, service_account AS serviceAccount, place,
  plugins_input_json AS pluginsInput, plugins_output_json AS pluginsOutput, error,
  state_history_json AS stateHistory`;

export class RunStore {
  readonly #insert: StatementSync;
  readonly #get: StatementSync;
  readonly #state: StatementSync;
  readonly #setState: StatementSync;
  readonly #setStorageState: StatementSync;
  readonly #setPlace: StatementSync;
  readonly #plugins: StatementSync;
  readonly #delete: StatementSync;
  readonly #unfinished: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO runs (id, display_name, description, experiment_id, state, created_at, scheduled_at, pipeline_id,
         version_id, spec_json, parameters_json, pipeline_root, service_account, plugins_input_json, plugins_output_json,
         state_history_json)
       VALUES (?, ?, ?, ?, 'PENDING', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#get = db.prepare(`SELECT ${RUN_COLUMNS} FROM runs WHERE id = ?`);
    this.#state = db.prepare('SELECT state FROM runs WHERE id = ?');
    this.#setState = db.prepare(
      `UPDATE runs SET state = ?1, finished_at = ?2, error = ?3,
         state_history_json = json_insert(state_history_json, '$[#]', json(?4)) WHERE id = ?5`,
    );
    this.#setStorageState = db.prepare('UPDATE runs SET storage_state = ? WHERE id = ?');
    this.#plugins = db.prepare('SELECT plugins_output_json AS pluginsOutput FROM runs WHERE id = ?');
    this.#setPlace = db.prepare('UPDATE runs SET place = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM runs WHERE id = ?');
    this.#unfinished = db.prepare(
      `SELECT id FROM runs WHERE state IN ('PENDING', 'RUNNING', 'CANCELING') ORDER BY created_at, rowid`,
    );
  }

  insert(run: NewRunRow): void {
    const history: StateChange<RunState>[] = [{ state: 'PENDING', at: run.createdAt }];
    this.#insert.run(
      run.id,
      run.displayName,
      run.description,
      run.experimentId,
      run.createdAt,
      run.createdAt,
      run.pipelineId,
      run.versionId,
      JSON.stringify(run.spec),
      JSON.stringify(run.parameters),
      run.pipelineRoot,
      run.serviceAccount,
      JSON.stringify(run.pluginsInput ?? {}),
      JSON.stringify(run.pluginsOutput ?? {}),
      JSON.stringify(history),
    );
  }

  get(id: string): RunRow | undefined {
    const row = this.#get.get(id);
    return row && runRow.parse(row);
  }

  /** Without reading the rest of the row, which may be big. */
  state(id: string): RunState | undefined {
    const row = this.#state.get(id);
    return row && z.object({ state: z.enum(RUN_STATES) }).parse(row).state;
  }

  /** Sets the state, its time and its error, and appends to the history. */
  setState(id: string, change: StateChange<RunState> & { readonly finishedAt: number | null }): void {
    const { finishedAt, ...entry } = change;
    this.#setState.run(change.state, finishedAt, change.error ?? null, JSON.stringify(entry), id);
  }

  setStorageState(id: string, state: 'AVAILABLE' | 'ARCHIVED'): void {
    this.#setStorageState.run(state, id);
  }

  /** `undefined` for a run that isn't in MLflow. */
  mlflowOutput(id: string): MlflowOutput | undefined {
    const row = this.#plugins.get(id);
    return row && pluginsOutput.parse(row).pluginsOutput.mlflow;
  }

  setPlace(id: string, place: Place): void {
    this.#setPlace.run(place, id);
  }

  /** Its tasks, attempts and artifact links go with it. */
  delete(id: string): void {
    this.#delete.run(id);
  }

  /** What a new start of the service has to take up again, oldest first. */
  unfinished(): string[] {
    return this.#unfinished.all().map((row) => z.object({ id: z.string() }).parse(row).id);
  }
}
