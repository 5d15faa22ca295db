/** Tasks and artifacts on the wire: 2.17's flat task details, and the run's tree of the next release. */
import type { JsonObject } from '../../../../src/core/base/json.ts';
import type { ArtifactRow, ArtifactTaskRow } from '../store/artifacts.ts';
import type { AttemptRow } from '../store/attempts.ts';
import type { StateChange } from '../store/runs.ts';
import type { Producer, StoredIo, TaskRow } from '../store/tasks.ts';
import type { TaskDetail } from '../store/treeListing.ts';
import { GO_ZERO_TIME, populated, timestamp } from './wire.ts';

/** gRPC's UNKNOWN: a step's failure has no better code. */
const UNKNOWN = 2;

export function stateHistoryToWire(history: readonly StateChange<string>[]): readonly JsonObject[] {
  return history.map(({ state, at, error }) =>
    populated({
      update_time: timestamp(at),
      state,
      error: error === undefined ? undefined : { code: UNKNOWN, message: error },
    }),
  );
}

/** One of `run_details.task_details`, with what 2.17 fills and no more. */
export function taskDetailToWire(task: TaskDetail): JsonObject {
  return populated({
    run_id: task.runId,
    task_id: task.id,
    display_name: task.displayName,
    create_time: timestamp(task.createdAt),
    start_time: task.startedAt === null ? GO_ZERO_TIME : timestamp(task.startedAt),
    end_time: task.finishedAt === null ? GO_ZERO_TIME : timestamp(task.finishedAt),
    // Runs' states have no CACHED: upstream says SKIPPED for a step that the cache answered.
    state: task.state === 'CACHED' ? 'SKIPPED' : task.state,
    state_history: stateHistoryToWire(task.stateHistory).map((entry) =>
      entry['state'] === 'CACHED' ? { ...entry, state: 'SKIPPED' } : entry,
    ),
  });
}

export interface TaskContext {
  readonly attempts: readonly AttemptRow[];
  readonly artifact: (id: string) => ArtifactRow | undefined;
}

/** A PipelineTask. The state PENDING has no name there: it is left unset, and out of the history. */
export function taskToWire(task: TaskRow, { attempts, artifact }: TaskContext): JsonObject {
  return populated({
    name: task.name,
    display_name: task.displayName,
    task_id: task.id,
    run_id: task.runId,
    pods: attempts.map(({ name }) => ({ name, type: 'EXECUTOR' })),
    cache_fingerprint: task.cacheFingerprint ?? undefined,
    create_time: timestamp(task.createdAt),
    end_time: task.finishedAt === null ? undefined : timestamp(task.finishedAt),
    state: task.state === 'PENDING' ? undefined : task.state,
    status_metadata: populated({ message: task.error ?? undefined, custom_properties: task.notes }),
    state_history: stateHistoryToWire(task.stateHistory.filter(({ state }) => state !== 'PENDING')),
    type: task.kind,
    type_attributes: populated({
      iteration_index: int64(task.iteration),
      iteration_count: int64(task.iterationCount),
    }),
    parent_task_id: task.parentId ?? undefined,
    inputs: ioToWire(task.inputs, artifact),
    outputs: ioToWire(task.outputs, artifact),
    scope_path: task.scopePath,
  });
}

function ioToWire(io: StoredIo, artifact: TaskContext['artifact']): JsonObject {
  return populated({
    parameters: io.parameters.map(({ key, value, type, producer }) => ({
      // Kept when it is empty, too: `""` and `0` are values here.
      value,
      type,
      parameter_key: key,
      ...producerField(producer),
    })),
    artifacts: io.artifacts.map(({ key, ids, type, producer }) => ({
      artifacts: ids.map(artifact).flatMap((one) => (one === undefined ? [] : [artifactToWire(one)])),
      type,
      artifact_key: key,
      ...producerField(producer),
    })),
  });
}

function producerField(producer: Producer | null | undefined): { readonly producer?: JsonObject } {
  return producer ? { producer: producerToWire(producer) } : {};
}

function producerToWire({ taskName, iteration }: Producer): JsonObject {
  return populated({ task_name: taskName, iteration: int64(iteration) });
}

/** int64 is a string on the wire; a present zero stays. */
function int64(value: number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

const ARTIFACT_TYPES: Readonly<Record<string, string>> = {
  'system.Artifact': 'Artifact',
  'system.Model': 'Model',
  'system.Dataset': 'Dataset',
  'system.HTML': 'HTML',
  'system.Markdown': 'Markdown',
  'system.Metrics': 'Metric',
  'system.ClassificationMetrics': 'ClassificationMetric',
  'system.SlicedClassificationMetrics': 'SlicedClassificationMetric',
};

export function artifactToWire(artifact: ArtifactRow): JsonObject {
  const fields = populated({
    artifact_id: artifact.id,
    name: artifact.name,
    // Types of others (google.VertexModel, instance schemas) have no name on the wire.
    type: ARTIFACT_TYPES[artifact.type] ?? 'Artifact',
    uri: artifact.uri,
    metadata: artifact.metadata,
    created_at: timestamp(artifact.createdAt),
  });
  // A metric of zero is still a value.
  return artifact.numberValue === null ? fields : { ...fields, number_value: artifact.numberValue };
}

export function artifactTaskToWire(link: ArtifactTaskRow): JsonObject {
  return populated({
    id: link.id,
    artifact_id: link.artifactId,
    run_id: link.runId,
    task_id: link.taskId,
    type: link.type,
    key: link.key,
    ...producerField(link.producer),
  });
}
