/** What goes into and comes out of a task while its run is in memory; store/tasks.ts has the same at rest. */
import type { JsonValue } from '../../../../src/core/base/json.ts';
import type { ArtifactRow } from '../store/artifacts.ts';
import type { IoType, Producer, StoredIo } from '../store/tasks.ts';

export interface BoundParameter {
  readonly value: JsonValue;
  readonly type: IoType;
  readonly producer?: Producer;
}

export interface BoundArtifacts {
  readonly items: readonly ArtifactRow[];
  readonly type: IoType;
  readonly producer?: Producer;
}

export interface TaskIo {
  readonly parameters: ReadonlyMap<string, BoundParameter>;
  readonly artifacts: ReadonlyMap<string, BoundArtifacts>;
}

export const NOTHING: TaskIo = { parameters: new Map(), artifacts: new Map() };

export function parameterValues(io: TaskIo): Map<string, JsonValue> {
  return new Map([...io.parameters].map(([name, { value }]) => [name, value]));
}

export function toStored(io: TaskIo): StoredIo {
  return {
    parameters: [...io.parameters].map(([key, bound]) => ({ key, ...bound })),
    artifacts: [...io.artifacts].map(([key, { items, ...rest }]) => ({
      key,
      ids: items.map(({ id }) => id),
      ...rest,
    })),
  };
}

/** `find` answers from the run's artifacts; one that is gone is left out. */
export function fromStored(stored: StoredIo, find: (id: string) => ArtifactRow | undefined): TaskIo {
  return {
    parameters: new Map(stored.parameters.map(({ key, ...bound }) => [key, bound])),
    artifacts: new Map(
      stored.artifacts.map(({ key, ids, ...rest }) => [
        key,
        { items: ids.map(find).filter((artifact) => artifact !== undefined), ...rest },
      ]),
    ),
  };
}
