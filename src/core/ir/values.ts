import { isJsonObject, type JsonValue } from '../base/json.ts';
import type { ParameterType } from './model.ts';

/** A type as people call it. */
export const typeNames: Readonly<Record<ParameterType, string>> = {
  NUMBER_DOUBLE: 'a number',
  NUMBER_INTEGER: 'a whole number',
  STRING: 'text',
  BOOLEAN: 'true or false',
  LIST: 'a list',
  STRUCT: 'a mapping',
  TASK_FINAL_STATUS: "a task's final status",
  TASK_CONFIG: "the task's configuration",
};

/** The types of what people can give; the others are given by the backend. */
export const givenTypes = [
  'STRING',
  'NUMBER_INTEGER',
  'NUMBER_DOUBLE',
  'BOOLEAN',
  'LIST',
  'STRUCT',
] as const satisfies readonly ParameterType[];

/** Classes of `kfp.dsl` whose artifacts are `system.<class>`. */
export const systemArtifacts: ReadonlySet<string> = new Set([
  'Artifact',
  'ClassificationMetrics',
  'Dataset',
  'HTML',
  'Markdown',
  'Metrics',
  'Model',
  'SlicedClassificationMetrics',
]);

/** True when a parameter of that type may have that value. `null` stands for "none", which every type allows. */
export function isOfType(value: JsonValue, type: ParameterType): boolean {
  if (value === null) return true;
  switch (type) {
    case 'NUMBER_DOUBLE':
      return typeof value === 'number';
    case 'NUMBER_INTEGER':
      return typeof value === 'number' && Number.isInteger(value);
    case 'STRING':
      return typeof value === 'string';
    case 'BOOLEAN':
      return typeof value === 'boolean';
    case 'LIST':
      return Array.isArray(value) || (typeof value === 'string' && Array.isArray(parseJson(value)));
    case 'STRUCT':
      return isJsonObject(value) || (typeof value === 'string' && isJsonObject(parseJson(value)));
    case 'TASK_FINAL_STATUS':
    case 'TASK_CONFIG':
      return true;
  }
}

/** True when a parameter that lists its `literals` may have that value; without a list it may have any. */
export function isAllowed(value: JsonValue, literals: readonly JsonValue[]): boolean {
  return literals.length === 0 || literals.some((one) => JSON.stringify(one) === JSON.stringify(value));
}

/** True when an output of type `from` may be passed to an input of type `to`. */
export function isPassable(from: ParameterType, to: ParameterType): boolean {
  return from === to || (from === 'NUMBER_INTEGER' && to === 'NUMBER_DOUBLE');
}

/** True when either is the type that stands for any artifact, or both are the same. */
export function isArtifactPassable(from: string, to: string): boolean {
  return from === to || from === 'system.Artifact' || to === 'system.Artifact';
}

/** The value, or undefined for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
