/**
 * The pipeline service's tables. Times are integer milliseconds since the epoch, NULL for "not yet"; columns named
 * `*_json` hold JSON text. A change to a released table is a new entry in MIGRATIONS, never an edit of an old one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE experiments (
    id TEXT PRIMARY KEY, display_name TEXT NOT NULL UNIQUE, description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL, last_run_created_at INTEGER, storage_state TEXT NOT NULL DEFAULT 'AVAILABLE'
  ) STRICT;
  CREATE TABLE pipelines (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL, tags_json TEXT NOT NULL DEFAULT '{}'
  ) STRICT;
  CREATE TABLE pipeline_versions (
    id TEXT PRIMARY KEY, pipeline_id TEXT NOT NULL REFERENCES pipelines(id) ON DELETE CASCADE, name TEXT NOT NULL,
    display_name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '', created_at INTEGER NOT NULL,
    spec_json TEXT NOT NULL, tags_json TEXT NOT NULL DEFAULT '{}',
    package_url TEXT NOT NULL DEFAULT '', code_source_url TEXT NOT NULL DEFAULT '',
    UNIQUE (pipeline_id, name)
  ) STRICT;
  CREATE TABLE runs (
    id TEXT PRIMARY KEY, display_name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
    experiment_id TEXT NOT NULL, storage_state TEXT NOT NULL DEFAULT 'AVAILABLE', state TEXT NOT NULL,
    created_at INTEGER NOT NULL, scheduled_at INTEGER NOT NULL, finished_at INTEGER,
    pipeline_id TEXT, version_id TEXT,
    -- {"pipeline_spec":…, "platform_spec":…}: what runs, also when it came from a version.
    spec_json TEXT NOT NULL,
    parameters_json TEXT NOT NULL DEFAULT '{}', pipeline_root TEXT NOT NULL DEFAULT '', service_account TEXT NOT NULL DEFAULT '',
    error TEXT, state_history_json TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  -- Holds what lists are filtered by, so that counting 10,000 runs doesn't read their specs.
  CREATE INDEX runs_list ON runs(created_at DESC, id DESC, state, display_name, storage_state, experiment_id);
  CREATE INDEX runs_experiment ON runs(experiment_id, created_at DESC);
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, parent_id TEXT,
    name TEXT NOT NULL, display_name TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
    -- Task keys from the root joined by '.', as the wire has it; iterations share their loop body's path.
    scope_path TEXT NOT NULL, iteration INTEGER, iteration_count INTEGER,
    created_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER, error TEXT,
    cache_fingerprint TEXT, notes_json TEXT NOT NULL DEFAULT '{}',
    inputs_json TEXT NOT NULL DEFAULT '{}', outputs_json TEXT NOT NULL DEFAULT '{}',
    state_history_json TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX tasks_run ON tasks(run_id, created_at);
  CREATE INDEX tasks_cache ON tasks(cache_fingerprint, finished_at DESC) WHERE cache_fingerprint IS NOT NULL;
  -- One row per start of a step: the record without which nothing may run twice.
  CREATE TABLE attempts (
    name TEXT PRIMARY KEY, task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE, run_id TEXT NOT NULL,
    number INTEGER NOT NULL, state TEXT NOT NULL, pid INTEGER, pid_started TEXT,
    started_at INTEGER NOT NULL, finished_at INTEGER, exit_code INTEGER, signal TEXT, log_path TEXT NOT NULL
  ) STRICT;
  CREATE INDEX attempts_task ON attempts(task_id, number);
  CREATE TABLE artifacts (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, uri TEXT NOT NULL,
    metadata_json TEXT NOT NULL DEFAULT '{}', number_value REAL, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE artifact_tasks (
    id TEXT PRIMARY KEY, artifact_id TEXT NOT NULL REFERENCES artifacts(id) ON DELETE CASCADE,
    run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, task_id TEXT NOT NULL,
    type TEXT NOT NULL, key TEXT NOT NULL, producer_json TEXT
  ) STRICT;
  CREATE INDEX artifact_tasks_run ON artifact_tasks(run_id);
  CREATE INDEX artifact_tasks_task ON artifact_tasks(task_id);
  CREATE INDEX artifact_tasks_artifact ON artifact_tasks(artifact_id);
  `,
  `
  -- 'process' or 'pod', decided when the run begins; '' before, and in runs from before there were pods.
  ALTER TABLE runs ADD COLUMN place TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN plugins_input_json TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE runs ADD COLUMN plugins_output_json TEXT NOT NULL DEFAULT '{}';
  `,
];
