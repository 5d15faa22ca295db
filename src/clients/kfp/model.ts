/** KFP as the rest of Slipway sees it. Wire shapes live in schema.ts; times are Dates, ids are strings. */
import type { JsonObject, JsonValue } from '../../core/base/json.ts';

export const RUN_STATES = [
  'PENDING',
  'RUNNING',
  'SUCCEEDED',
  'SKIPPED',
  'FAILED',
  'CANCELING',
  'CANCELED',
  'PAUSED',
] as const;
export type RunState = (typeof RUN_STATES)[number];

export function isFinal(state: RunState): boolean {
  return state === 'SUCCEEDED' || state === 'SKIPPED' || state === 'FAILED' || state === 'CANCELED';
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly totalSize: number;
  readonly nextPageToken: string | undefined;
}

export interface ListOptions {
  readonly pageSize?: number;
  readonly pageToken?: string | undefined;
  /** e.g. `created_at desc`. */
  readonly sortBy?: string;
  readonly filter?: readonly Predicate[];
}

export interface Predicate {
  readonly operation: 'EQUALS' | 'NOT_EQUALS' | 'GREATER_THAN' | 'LESS_THAN' | 'IN' | 'IS_SUBSTRING';
  readonly key: string;
  readonly value: string | readonly string[];
}

export interface ServerInfo {
  readonly version: string;
  readonly multiUser: boolean;
}

export interface Pipeline {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly createdAt: Date;
}

export interface PipelineVersion {
  readonly id: string;
  readonly pipelineId: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly createdAt: Date;
  /** The IR as JSON: `{pipeline_spec, platform_spec}` unwrapped. */
  readonly spec: SpecDocuments | undefined;
}

/** Both documents of an IR file, as JSON. */
export interface SpecDocuments {
  readonly pipelineSpec: JsonObject;
  readonly platformSpec: JsonObject | undefined;
}

export interface Experiment {
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
  readonly isArchived: boolean;
  readonly createdAt: Date;
}

export interface Run {
  readonly id: string;
  readonly displayName: string;
  readonly experimentId: string;
  readonly state: RunState;
  readonly isArchived: boolean;
  readonly createdAt: Date;
  readonly finishedAt: Date | undefined;
  /** Set when the run was made from an uploaded version. */
  readonly version: { readonly pipelineId: string; readonly versionId: string } | undefined;
  /** Set when the run carries its own spec. */
  readonly spec: SpecDocuments | undefined;
  readonly parameters: Readonly<Record<string, JsonValue>>;
  readonly pipelineRoot: string | undefined;
  readonly error: string | undefined;
}

/** PENDING: ready, waits for a free slot. The wire has no such state: it leaves it unset. */
export const TASK_STATES = ['PENDING', 'RUNNING', 'SUCCEEDED', 'SKIPPED', 'FAILED', 'CACHED'] as const;
export type TaskState = (typeof TASK_STATES)[number];

export const TASK_KINDS = [
  'ROOT',
  'RUNTIME',
  'CONDITION_BRANCH',
  'CONDITION',
  'LOOP',
  'EXIT_HANDLER',
  'IMPORTER',
  'DAG',
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** One node of a run's tree (`/runs/{id}/tasks`). */
export interface RunTask {
  readonly id: string;
  readonly runId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly displayName: string;
  readonly kind: TaskKind;
  readonly state: TaskState;
  /** Scope path in the document with `/` between task keys: the id of its GraphNode. Empty for the root. */
  readonly scopePath: string;
  readonly iteration: number | undefined;
  readonly iterationCount: number | undefined;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** One per executor attempt, oldest first; `name` addresses the log. */
  readonly attempts: readonly { readonly name: string }[];
  readonly error: string | undefined;
  /** Badges and hints of the executor, e.g. `{"image": "not in its image"}`. */
  readonly notes: Readonly<Record<string, string>>;
  readonly inputs: TaskIo;
  readonly outputs: TaskIo;
}

export interface TaskIo {
  readonly parameters: readonly {
    readonly name: string;
    readonly value: JsonValue;
    readonly producer: string | undefined;
  }[];
  readonly artifacts: readonly {
    readonly name: string;
    readonly artifacts: readonly Artifact[];
    readonly producer: string | undefined;
  }[];
}

export interface Artifact {
  readonly id: string;
  readonly name: string;
  /** Schema title without `system.`, e.g. `Dataset`, `ClassificationMetrics`. */
  readonly type: string;
  readonly uri: string;
  readonly metadata: JsonObject;
  readonly createdAt: Date;
}
