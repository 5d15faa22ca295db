/**
 * The wire shapes of KFP v2beta1 and their way into model.ts. Servers omit what is unpopulated, write int64 as strings
 * and "not yet" as a zero time (1970 from the gateway, year 1 from Go); upstream up to 2.17 fills few task fields.
 * So only ids are required; anything else may be absent or null.
 */
import { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/base/json.ts';
import {
  RUN_STATES,
  TASK_KINDS,
  TASK_STATES,
  type Artifact,
  type Experiment,
  type Page,
  type Pipeline,
  type PipelineVersion,
  type Run,
  type RunState,
  type RunTask,
  type ServerInfo,
  type SpecDocuments,
  type TaskIo,
  type TaskState,
} from './model.ts';

const json: z.ZodType<JsonValue> = z.json();
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const jsonObject = z
  .record(z.string(), json)
  .nullish()
  .transform((value): JsonObject => value ?? {});
const int64 = z.union([z.int(), z.string().regex(/^-?\d+$/)]).transform(Number);

/** `undefined` for absent, unreadable and zero times. */
export function parseTime(value: string | null | undefined): Date | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) || time.getTime() <= 0 ? undefined : time;
}

const time = z.string().nullish().transform(parseTime);
/** A time that every stored thing has; an absent one sorts first. */
const creationTime = time.transform((value) => value ?? new Date(0));

/** An enum of the server's, tolerant to names of newer servers. */
function enumeration<const T extends string>(names: readonly T[], fallback: T): z.ZodType<T> {
  return z
    .unknown()
    .optional()
    .transform((value) => names.find((name) => name === value) ?? fallback);
}

const status = z
  .object({ message: text })
  .nullish()
  .transform((value) =>
    value === null || value === undefined || value.message === '' ? undefined : value.message,
  );

// --- server

const healthz = z
  .object({ tag_name: text, commit_sha: text, multi_user: z.boolean().nullish() })
  .transform((wire): ServerInfo => ({
    version: wire.tag_name === '' ? wire.commit_sha : wire.tag_name,
    multiUser: wire.multi_user ?? false,
  }));

// --- pipelines and versions

const pipeline = z
  .object({
    pipeline_id: z.string(),
    name: text,
    display_name: text,
    description: text,
    created_at: creationTime,
  })
  .transform((wire): Pipeline => ({
    id: wire.pipeline_id,
    // Before 2.14 there was only display_name.
    name: wire.name || wire.display_name,
    displayName: wire.display_name || wire.name,
    description: wire.description,
    createdAt: wire.created_at,
  }));

/** Both shapes of a stored spec: the bare pipeline spec, or one wrapped together with its platform document. */
export function unwrapSpec(spec: JsonObject): SpecDocuments | undefined {
  const inner = spec['pipeline_spec'];
  if (inner !== undefined && isJsonObject(inner)) {
    const platform = spec['platform_spec'];
    return {
      pipelineSpec: inner,
      platformSpec:
        platform !== undefined && isJsonObject(platform) && Object.keys(platform).length > 0
          ? platform
          : undefined,
    };
  }
  return Object.keys(spec).length === 0 ? undefined : { pipelineSpec: spec, platformSpec: undefined };
}

export function wrapSpec(spec: SpecDocuments): JsonObject {
  return spec.platformSpec === undefined
    ? spec.pipelineSpec
    : { pipeline_spec: spec.pipelineSpec, platform_spec: spec.platformSpec };
}

const spec = jsonObject.transform(unwrapSpec);

const version = z
  .object({
    pipeline_version_id: z.string(),
    pipeline_id: text,
    name: text,
    display_name: text,
    description: text,
    created_at: creationTime,
    pipeline_spec: spec,
  })
  .transform((wire): PipelineVersion => ({
    id: wire.pipeline_version_id,
    pipelineId: wire.pipeline_id,
    name: wire.name || wire.display_name,
    displayName: wire.display_name || wire.name,
    description: wire.description,
    createdAt: wire.created_at,
    spec: wire.pipeline_spec,
  }));

// --- experiments

/** Proto3 writes an unset string as ''. */
function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

const isArchived = z
  .unknown()
  .optional()
  .transform((value) => value === 'ARCHIVED');

const experiment = z
  .object({
    experiment_id: z.string(),
    display_name: text,
    description: text,
    storage_state: isArchived,
    created_at: creationTime,
  })
  .transform((wire): Experiment => ({
    id: wire.experiment_id,
    displayName: wire.display_name,
    description: wire.description,
    isArchived: wire.storage_state,
    createdAt: wire.created_at,
  }));

// --- runs

/** Why it failed; of what worked after a retry, the wire still tells the failure before. */
function failure(
  state: RunState | TaskState,
  message: string | undefined,
  history: readonly { readonly error?: string | undefined }[],
): string | undefined {
  if (state === 'SUCCEEDED' || state === 'CACHED') return undefined;
  return message ?? history.findLast((entry) => entry.error)?.error;
}

const run = z
  .object({
    run_id: z.string(),
    display_name: text,
    experiment_id: text,
    // Absent until the server's agent has seen the run.
    state: enumeration(RUN_STATES, 'PENDING'),
    storage_state: isArchived,
    created_at: creationTime,
    finished_at: time,
    pipeline_version_reference: z.object({ pipeline_id: text, pipeline_version_id: text }).nullish(),
    pipeline_spec: spec,
    runtime_config: z.object({ parameters: jsonObject, pipeline_root: text }).nullish(),
    error: status,
    state_history: list(z.object({ error: status })),
  })
  .transform((wire): Run => {
    const reference = wire.pipeline_version_reference;
    return {
      id: wire.run_id,
      displayName: wire.display_name,
      experimentId: wire.experiment_id,
      state: wire.state,
      isArchived: wire.storage_state,
      createdAt: wire.created_at,
      finishedAt: wire.finished_at,
      version:
        reference === null || reference === undefined || reference.pipeline_version_id === ''
          ? undefined
          : { pipelineId: reference.pipeline_id, versionId: reference.pipeline_version_id },
      spec: wire.pipeline_spec,
      parameters: wire.runtime_config?.parameters ?? {},
      pipelineRoot: nonEmpty(wire.runtime_config?.pipeline_root),
      // A failed run says why in its history; `error` is for a run that could not be read.
      error: failure(wire.state, wire.error, wire.state_history),
    };
  });

// --- tasks

const artifactTypes: Readonly<Record<string, string>> = {
  Metric: 'Metrics',
  ClassificationMetric: 'ClassificationMetrics',
  SlicedClassificationMetric: 'SlicedClassificationMetrics',
};

const artifact = z
  .object({
    artifact_id: z.string(),
    name: text,
    type: text,
    uri: text,
    metadata: jsonObject,
    number_value: z.number().nullish(),
    created_at: creationTime,
  })
  .transform((wire): Artifact => ({
    id: wire.artifact_id,
    name: wire.name,
    type:
      artifactTypes[wire.type] ??
      (wire.type === '' || wire.type === 'TYPE_UNSPECIFIED' ? 'Artifact' : wire.type),
    uri: wire.uri,
    // A metric on its own is a key with a number; one place to look for metrics is enough.
    metadata:
      typeof wire.number_value === 'number' && !Object.hasOwn(wire.metadata, wire.name)
        ? { ...wire.metadata, [wire.name]: wire.number_value }
        : wire.metadata,
    createdAt: wire.created_at,
  }));

function list<T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

const producer = z
  .object({ task_name: text })
  .nullish()
  .transform((value) => nonEmpty(value?.task_name));

const io = z
  .object({
    parameters: list(
      z.object({ parameter_key: text, value: json.nullish(), producer }).transform((wire) => ({
        name: wire.parameter_key,
        value: wire.value ?? null,
        producer: wire.producer,
      })),
    ),
    artifacts: list(
      z.object({ artifact_key: text, artifacts: list(artifact), producer }).transform((wire) => ({
        name: wire.artifact_key,
        artifacts: wire.artifacts,
        producer: wire.producer,
      })),
    ),
  })
  .nullish()
  .transform((value): TaskIo => value ?? { parameters: [], artifacts: [] });

/** Values of `custom_properties` as text, so that a badge never has to know their types. */
const notes = jsonObject.transform((values) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ),
);

const task = z
  .object({
    task_id: z.string(),
    run_id: text,
    parent_task_id: text,
    name: text,
    display_name: text,
    type: enumeration(TASK_KINDS, 'RUNTIME'),
    state: enumeration(TASK_STATES, 'PENDING'),
    scope_path: text,
    type_attributes: z
      .object({ iteration_index: int64.nullish(), iteration_count: int64.nullish() })
      .nullish(),
    create_time: creationTime,
    end_time: time,
    state_history: list(z.object({ update_time: time, state: text, error: status })),
    pods: list(z.object({ name: text, type: text })),
    status_metadata: z.object({ message: text, custom_properties: notes }).nullish(),
    inputs: io,
    outputs: io,
  })
  .transform((wire): RunTask => {
    const said = failure(wire.state, nonEmpty(wire.status_metadata?.message), wire.state_history);
    return {
      id: wire.task_id,
      runId: wire.run_id,
      parentId: wire.parent_task_id || undefined,
      name: wire.name,
      displayName: wire.display_name || wire.name,
      kind: wire.type,
      state: wire.state,
      scopePath: wire.scope_path.replaceAll('.', '/'),
      iteration: wire.type_attributes?.iteration_index ?? undefined,
      iterationCount: wire.type_attributes?.iteration_count ?? undefined,
      createdAt: wire.create_time,
      startedAt: wire.state_history.find((entry) => entry.state === 'RUNNING')?.update_time,
      finishedAt: wire.end_time,
      attempts: wire.pods
        .filter((pod) => pod.type !== 'DRIVER' && pod.name !== '')
        .map(({ name }) => ({ name })),
      error: said === undefined || said === '' ? undefined : said,
      notes: wire.status_metadata?.custom_properties ?? {},
      inputs: wire.inputs,
      outputs: wire.outputs,
    };
  });

/** Upstream starts every path with the root's own name; GraphNode ids don't have it. */
export function withoutRootScope(tasks: readonly RunTask[]): readonly RunTask[] {
  const root = tasks.find((one) => one.kind === 'ROOT')?.scopePath ?? '';
  if (root === '') return tasks;
  return tasks.map((one) =>
    one.scopePath === root
      ? { ...one, scopePath: '' }
      : one.scopePath.startsWith(`${root}/`)
        ? { ...one, scopePath: one.scopePath.slice(root.length + 1) }
        : one,
  );
}

// --- pages

function page<T extends z.ZodType>(key: string, item: T): z.ZodType<Page<z.output<T>>> {
  return z
    .object({ total_size: int64.nullish(), next_page_token: text })
    .loose()
    .transform((wire, context): Page<z.output<T>> => {
      const items = list(item).safeParse(wire[key]);
      if (!items.success) {
        context.addIssue({ code: 'custom', message: z.prettifyError(items.error), path: [key] });
        return z.NEVER;
      }
      return {
        items: items.data,
        totalSize: wire.total_size ?? items.data.length,
        nextPageToken: wire.next_page_token === '' ? undefined : wire.next_page_token,
      };
    });
}

export const wire = {
  healthz,
  pipeline,
  version,
  experiment,
  run,
  task,
  pipelines: page('pipelines', pipeline),
  versions: page('pipeline_versions', version),
  experiments: page('experiments', experiment),
  runs: page('runs', run),
  tasks: page('tasks', task),
};
