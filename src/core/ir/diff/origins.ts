/**
 * Where values really come from: through all that the compiler passes in and out of its groups under names of its
 * own, to the task, the input or the item that people mean.
 */
import { canonicalJson } from '../../base/canonicalJson.ts';
import { isJsonObject, type JsonValue } from '../../base/json.ts';
import { parseCondition } from '../conditions.ts';
import { childId } from '../graph.ts';
import type { ArtifactSource, ParameterSource, TaskArtifact, TaskParameter } from '../model.ts';
import { isChannel } from '../readable.ts';
import type { Group } from './groups.ts';

export interface Origin {
  readonly kind: 'constant' | 'input' | 'item' | 'output' | 'status' | 'none';
  /** The task or group that it belongs to, by node id. */
  readonly node: string;
  /** Name of the input or output, or the constant as JSON. */
  readonly name: string;
  /** Which part of the value. */
  readonly selector: string;
}

/** More than one where branches are joined. */
export type Origins = readonly Origin[];

const none: Origins = [{ kind: 'none', node: '', name: '', selector: '' }];

/** Where the value of a task's input comes from. */
export function originsOf(group: Group, input: TaskParameter | TaskArtifact): Origins {
  const selector = 'selector' in input ? (input.selector ?? '') : '';
  return sourceOrigins(group, input.source).map((origin) => ({
    ...origin,
    selector: origin.selector + selector.replaceAll("'", '"'),
  }));
}

function sourceOrigins(group: Group, source: ParameterSource | ArtifactSource): Origins {
  switch (source.kind) {
    case 'constant':
      return [{ kind: 'constant', node: '', name: canonicalJson(source.value), selector: '' }];
    case 'componentInput':
      return inputOrigins(group, source.name);
    case 'taskOutput':
      return outputOrigins(group, source.producerTask, source.outputKey);
    case 'taskFinalStatus':
      return [{ kind: 'status', node: childId(group.id, source.producerTask), name: '', selector: '' }];
    case 'missing':
      return none;
  }
}

/** Of an input of a group, seen inside it. */
export function inputOrigins(group: Group, name: string): Origins {
  const { opener } = group;
  if (opener === undefined) return [{ kind: 'input', node: '', name, selector: '' }];
  const { task } = opener;
  if (task.iterator?.itemInput === name) return [{ kind: 'item', node: group.id, name: '', selector: '' }];
  if (!isChannel(name)) return [{ kind: 'input', node: group.id, name, selector: '' }];
  const given = [...task.inputs.parameters, ...task.inputs.artifacts].find((input) => input.name === name);
  return given === undefined ? none : originsOf(opener.group, given);
}

/** Of an output of a task of a group, followed into what only passes it on. */
export function outputOrigins(group: Group, task: string, output: string): Origins {
  const inner = group.inner.get(task);
  const made =
    inner &&
    [...inner.dag.outputs.parameters, ...inner.dag.outputs.artifacts].find(({ name }) => name === output);
  const node = childId(group.id, task);
  if (inner === undefined || made === undefined || !isCompilers(output)) {
    return [{ kind: 'output', node, name: output, selector: '' }];
  }
  return made.selectors.flatMap(({ producerTask, outputKey }) =>
    outputOrigins(inner, producerTask, outputKey),
  );
}

function isCompilers(output: string): boolean {
  return isChannel(output);
}

/** A condition with where its operands come from in place of their names. */
export function canonicalCondition(
  group: Group,
  task: {
    readonly trigger: { readonly condition: string | undefined };
    readonly inputs: { readonly parameters: readonly TaskParameter[] };
  },
  describe: (origins: Origins) => string,
): string {
  const { condition } = task.trigger;
  if (condition === undefined) return '';
  const parsed = parseCondition(condition);
  if (parsed.kind === 'error') return condition;
  return parsed.parameters
    .reduce((text, name) => {
      const input = task.inputs.parameters.find((one) => one.name === name);
      const origin = input === undefined ? name : describe(originsOf(group, input));
      return text.replaceAll(`'${name}'`, origin).replaceAll(`"${name}"`, origin);
    }, condition)
    .replace(/\s+/g, ' ')
    .trim();
}

/** Platform settings with where what they read comes from. */
export function withOrigins(
  group: Group,
  value: JsonValue,
  describe: (origins: Origins) => string,
): JsonValue {
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((item) => withOrigins(group, item, describe));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]): [string, JsonValue] => {
      if (key === 'componentInputParameter' && typeof entry === 'string') {
        return ['from', describe(inputOrigins(group, entry))];
      }
      if (key === 'taskOutputParameter' && isJsonObject(entry)) {
        const { producerTask, outputParameterKey } = entry;
        if (typeof producerTask === 'string' && typeof outputParameterKey === 'string') {
          return ['from', describe(outputOrigins(group, producerTask, outputParameterKey))];
        }
      }
      return [key, withOrigins(group, entry, describe)];
    }),
  );
}

/** As text for comparing; `idOf` says what a node is called in the other version. */
export function originsText(origins: Origins, idOf: (node: string) => string): string {
  return origins
    .map(({ kind, node, name, selector }) => `${kind}:${idOf(node)}:${name}${selector}`)
    .sort()
    .join(' | ');
}
