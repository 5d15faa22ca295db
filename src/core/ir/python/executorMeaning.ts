/** What an executor does, without the words in which different SDKs say it. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import type { Executor } from '../model.ts';
import { splitPlaceholders, type Reference } from './program.ts';
import { readLightweight } from './lightweight.ts';

interface Names {
  /** True for inputs that the component declares: those are part of the executor itself. */
  readonly isOwnInput: (name: string) => boolean;
  /** What a task's reference stands for. */
  readonly value: (reference: Reference) => JsonValue;
}

/** Equal for executors that do the same, whichever SDK compiled them. */
export function executorMeaning(
  executor: Exclude<Executor, { kind: 'unsupported' }>,
  names: Names,
): JsonObject {
  if (executor.kind === 'importer') {
    const { artifactUri, metadata, reimport, type } = executor;
    const input = (name: string): JsonValue => names.value({ kind: 'taskInput', name });
    return {
      importer: {
        uri: artifactUri.kind === 'input' ? input(artifactUri.name) : { constant: artifactUri.value },
        type: `${type.schemaTitle}@${type.schemaVersion ?? '0.0.1'}`,
        reimport,
        metadata: withInputs(metadata, input),
      },
    };
  }
  const text = (written: string): JsonValue =>
    withInputs(written, (name) =>
      names.isOwnInput(name)
        ? `{{$.inputs.parameters['${name}']}}`
        : names.value({ kind: 'taskInput', name }),
    );
  const { image, command, args, env, resources } = executor;
  const python = readLightweight(executor);
  return {
    image: text(image),
    code:
      python === undefined
        ? { command: command.map(oneSpelling), args: args.map(oneSpelling) }
        : {
            function: python.functionName,
            source: python.definition.trim(),
            packages: [...python.packages].sort(),
            indexUrls: python.pipIndexUrls,
            trustedHosts: python.pipTrustedHosts,
            installsKfp: python.kfpVersion !== undefined,
            usesVenv: python.usesVenv,
          },
    env: Object.fromEntries(env.map(({ name, value }) => [name, text(value)] as const)),
    resources: {
      cpuRequest: optional(resources?.cpuRequest, text),
      cpuLimit: optional(resources?.cpuLimit, text),
      memoryRequest: optional(resources?.memoryRequest, text),
      memoryLimit: optional(resources?.memoryLimit, text),
      acceleratorType: optional(resources?.accelerator?.type, text),
      acceleratorCount: optional(resources?.accelerator?.count, text),
    },
  };
}

function optional(written: string | undefined, text: (written: string) => JsonValue): JsonValue {
  return written === undefined ? null : text(written);
}

/** `{"Concat": […]}` and `{"IfPresent": …}` are JSON in a text: the order of their keys says nothing. */
function oneSpelling(written: string): JsonValue {
  if (!/^\{\s*"(Concat|IfPresent)"/.test(written)) return written;
  try {
    return sortKeys(JSON.parse(written) as JsonValue);
  } catch {
    return written;
  }
}

function withInputs(value: JsonValue, input: (name: string) => JsonValue): JsonValue {
  if (typeof value === 'string') {
    const parts = splitPlaceholders(value).map((part) =>
      part.kind === 'text' ? part.text : input(part.name),
    );
    if (parts.every((part) => typeof part === 'string')) return parts.join('');
    return parts;
  }
  if (isJsonObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, withInputs(one, input)] as const),
    );
  return Array.isArray(value) ? value.map((one: JsonValue) => withInputs(one, input)) : value;
}

function sortKeys(value: JsonValue): JsonValue {
  if (isJsonObject(value))
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, sortKeys(value[key] ?? null)] as const),
    );
  return Array.isArray(value) ? value.map(sortKeys) : value;
}

/** Old spellings beside, or instead of, `…Parameter`. */
const oldNames: Readonly<Record<string, string>> = {
  secretName: 'secretNameParameter',
  configMapName: 'configMapNameParameter',
};
const oldReferences = ['taskOutputParameter', 'constant', 'componentInputParameter'];

/** KubernetesExecutorConfig with values for references, and one spelling for what has two. */
export function kubernetesMeaning(
  config: JsonObject | undefined,
  value: (reference: Reference) => JsonValue,
): JsonValue {
  const visit = (one: JsonValue): JsonValue => {
    if (Array.isArray(one)) return one.map(visit);
    if (!isJsonObject(one)) return one;
    const reference = readReference(one);
    if (reference !== undefined) return value(reference);
    const constant = isJsonObject(one['runtimeValue']) ? one['runtimeValue']['constant'] : undefined;
    if (constant !== undefined) return { constant };
    const result = new Map<string, JsonValue>();
    const isMount = 'mountPath' in one && oldReferences.some((name) => name in one);
    for (const [key, inner] of Object.entries(one)) {
      const current = oldNames[key];
      if (isMount && oldReferences.includes(key)) {
        if (!('pvcNameParameter' in one))
          result.set(
            'pvcNameParameter',
            visit(key === 'constant' ? { runtimeValue: { constant: inner } } : { [key]: inner }),
          );
      } else if (current !== undefined && typeof inner === 'string') {
        if (!(current in one)) result.set(current, { constant: inner });
      } else if (!isDefault(inner)) result.set(key, visit(inner));
    }
    return Object.fromEntries([...result].sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return visit(config ?? {});
}

/** protobuf leaves these out when it writes. */
function isDefault(value: JsonValue): boolean {
  return value === '' || value === false || value === 0 || (Array.isArray(value) && value.length === 0);
}

/** `{taskOutputParameter: …}` or `{componentInputParameter: …}`, as InputParameterSpec writes them. */
export function readReference(value: JsonObject): Reference | undefined {
  const output = value['taskOutputParameter'];
  if (isJsonObject(output) && !('mountPath' in value)) {
    const { producerTask, outputParameterKey } = output;
    if (typeof producerTask === 'string' && typeof outputParameterKey === 'string')
      return { kind: 'taskOutput', task: producerTask, output: outputParameterKey };
  }
  const input = value['componentInputParameter'];
  if (typeof input === 'string' && !('mountPath' in value)) return { kind: 'groupInput', name: input };
  return undefined;
}
