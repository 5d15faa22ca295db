import type { JsonValue } from '../../base/json.ts';
import type { Task } from '../model.ts';
import { selectedField } from '../readable.ts';
import { UnsayableError, type Value } from './program.ts';

export const turned = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

export const anyArtifact = {
  schemaTitle: 'system.Artifact',
  schemaVersion: undefined,
  instanceSchema: undefined,
};

/** A value that is written down. */
export function constant(value: JsonValue): Value {
  return { kind: 'constant', value, parts: new Map() };
}

/** A loop's items, which IR has as JSON text. */
export function parseItems(json: string, key: string): JsonValue {
  try {
    return JSON.parse(json) as JsonValue;
  } catch {
    throw new UnsayableError(`The items of ${key} are not a JSON list.`);
  }
}

/** The part of a value that a `parameterExpressionSelector` means. */
export function select(value: Value, selector: string | undefined, task: Task): Value {
  if (selector === undefined) return value;
  const field = selectedField(selector);
  if (field === undefined || value.kind !== 'item' || value.field !== undefined)
    throw new UnsayableError(
      `${task.key} picks \`${selector}\` out of a value: Python can only pick a field of a loop's item.`,
    );
  return { ...value, field };
}

/** For conditions that no single dsl.If can say. */
export function notTwoValues(task: Task): UnsayableError {
  return new UnsayableError(
    `The condition of ${task.name} is more than two values compared, which is all that dsl.If takes: nest one If in another.`,
  );
}
