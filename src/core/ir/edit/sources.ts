/** Where a task's inputs come from, as the spec's JSON says it. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { sectionOf, type PortKind } from './ports.ts';
import { objectAt, textAt, valueAt } from './jsonPath.ts';

export type InputSource =
  | { readonly kind: 'constant'; readonly value: JsonValue }
  /** An input of the dag that the task stands in. */
  | { readonly kind: 'componentInput'; readonly name: string }
  /** An output of another task of the same dag. */
  | { readonly kind: 'taskOutput'; readonly task: string; readonly output: string }
  | { readonly kind: 'finalStatus'; readonly task: string }
  | { readonly kind: 'none' };

export interface TaskInput {
  readonly name: string;
  readonly port: PortKind;
  readonly source: InputSource;
  /** `parseJson(string_value)["a"]`: which part of the source's value is meant. */
  readonly selector: string | undefined;
}

/** What the task is given, parameters first; optional inputs that are left out are not among them. */
export function inputsOf(task: JsonObject): readonly TaskInput[] {
  return (['parameter', 'artifact'] as const).flatMap((port) =>
    Object.entries(objectAt(task, 'inputs', sectionOf(port))).map(([name, json]) => ({
      name,
      port,
      source: readSource(json),
      selector: textAt(json, 'parameterExpressionSelector'),
    })),
  );
}

/** Undefined when the task is not given it. */
export function inputOf(task: JsonObject, name: string): TaskInput | undefined {
  return inputsOf(task).find((input) => input.name === name);
}

/** Of an entry in `inputs.parameters` or `inputs.artifacts`; constants also as older SDKs wrote them. */
export function readSource(json: JsonValue | undefined): InputSource {
  const runtime = objectAt(json, 'runtimeValue');
  if (Object.hasOwn(runtime, 'constant')) return { kind: 'constant', value: runtime['constant'] ?? null };
  const old = objectAt(runtime, 'constantValue');
  for (const key of ['stringValue', 'doubleValue', 'intValue']) {
    const value = old[key];
    if (value !== undefined) return { kind: 'constant', value: key === 'intValue' ? Number(value) : value };
  }
  const input =
    textAt(json, 'componentInputParameter') ??
    textAt(json, 'componentInputArtifact') ??
    textAt(runtime, 'runtimeParameter');
  if (input !== undefined) return { kind: 'componentInput', name: input };
  for (const [field, key] of [
    ['taskOutputParameter', 'outputParameterKey'],
    ['taskOutputArtifact', 'outputArtifactKey'],
  ] as const) {
    const output = valueAt(json, field);
    if (!isJsonObject(output)) continue;
    return {
      kind: 'taskOutput',
      task: textAt(output, 'producerTask') ?? '',
      output: textAt(output, key) ?? '',
    };
  }
  const status = textAt(json, 'taskFinalStatus', 'producerTask');
  return status === undefined ? { kind: 'none' } : { kind: 'finalStatus', task: status };
}

/** The entry in `inputs.parameters` or `inputs.artifacts`: the reverse of readSource. */
export function writeSource(port: PortKind, source: InputSource, selector?: string): JsonObject {
  const selected: JsonObject = selector === undefined ? {} : { parameterExpressionSelector: selector };
  const isParameter = port === 'parameter';
  switch (source.kind) {
    case 'constant':
      return { runtimeValue: { constant: source.value }, ...selected };
    case 'componentInput':
      return {
        [isParameter ? 'componentInputParameter' : 'componentInputArtifact']: source.name,
        ...selected,
      };
    case 'taskOutput':
      return isParameter
        ? {
            taskOutputParameter: { outputParameterKey: source.output, producerTask: source.task },
            ...selected,
          }
        : { taskOutputArtifact: { outputArtifactKey: source.output, producerTask: source.task } };
    case 'finalStatus':
      return { taskFinalStatus: { producerTask: source.task } };
    case 'none':
      return {};
  }
}
