/**
 * Component files of KFP v1 (`implementation: container`), read as the SDK's `load_component_from_file` reads them: the
 * same IR follows. https://www.kubeflow.org/docs/components/pipelines/legacy-v1/reference/component-spec/
 */
import { isMap, isScalar, parseDocument, type Document } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { systemArtifacts } from '../values.ts';
import { portName } from './portName.ts';
import { commandElement, V1Error, type V1Interface } from './v1Placeholders.ts';

/** What a v1 file defines, in the words of IR. */
export interface V1Component {
  readonly name: string;
  readonly description: string | undefined;
  readonly component: JsonObject;
  readonly executorLabel: string;
  readonly executor: JsonObject;
}

/** Cheap: decides on lists only. */
export function looksLikeV1Component(text: string): boolean {
  return /^implementation:[ \t]*\r?$/m.test(text) && !/^(?:deploymentSpec|pipelineInfo):/m.test(text);
}

/** `undefined`: not a v1 component, or one that the SDK refuses, e.g. `implementation: graph`. */
export function v1Component(text: string): V1Component | undefined {
  if (!looksLikeV1Component(text)) return undefined;
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  try {
    return read(document);
  } catch (error) {
    if (error instanceof V1Error) return undefined;
    throw error;
  }
}

function read(document: Document): V1Component {
  const file = document.toJS() as JsonValue;
  const implementation = isJsonObject(file) ? file['implementation'] : undefined;
  const container = isJsonObject(implementation) ? implementation['container'] : undefined;
  if (!isJsonObject(file) || !isJsonObject(container)) throw new V1Error('There is no container.');
  const inputs = entriesOf(file['inputs']);
  const outputs = entriesOf(file['outputs']);
  const wordsOf = { inputs: inputs.map(nameOf), outputs: typesByName(outputs) } satisfies V1Interface;
  const { image } = container;
  if (typeof image !== 'string') throw new V1Error('The container has no image.');
  const name = kubernetesName(typeof file['name'] === 'string' ? file['name'] : 'name');
  const label = `exec-${name}`;
  const list = (key: 'command' | 'args'): readonly string[] =>
    arrayOf(container[key]).map((one) => commandElement(one, wordsOf));
  const [command, args] = [list('command'), list('args')];
  const env = isJsonObject(container['env']) ? Object.entries(container['env']) : [];
  return {
    name,
    description: typeof file['description'] === 'string' ? file['description'].trim() : undefined,
    executorLabel: label,
    executor: {
      container: {
        ...(args.length === 0 ? {} : { args }),
        ...(command.length === 0 ? {} : { command }),
        ...(env.length === 0
          ? {}
          : { env: env.map(([key, value]) => ({ name: key, value: commandElement(value, wordsOf) })) }),
        image,
      },
    },
    component: {
      executorLabel: label,
      ...section('inputDefinitions', inputs, (input, at) => inputOf(input, sourceOf(document, at))),
      ...section('outputDefinitions', outputs, outputOf),
    },
  };
}

interface Definition {
  readonly kind: 'parameters' | 'artifacts';
  readonly definition: JsonObject;
}

function section(
  key: string,
  entries: readonly JsonObject[],
  define: (entry: JsonObject, at: number) => Definition,
): JsonObject {
  if (entries.length === 0) return {};
  const found: Record<Definition['kind'], Record<string, JsonValue>> = { parameters: {}, artifacts: {} };
  for (const [at, entry] of entries.entries()) {
    const { kind, definition } = define(entry, at);
    found[kind][portName(nameOf(entry))] = definition;
  }
  const filled = Object.entries(found).filter(([, ports]) => Object.keys(ports).length > 0);
  return { [key]: Object.fromEntries(filled) };
}

function inputOf(input: JsonObject, source: string | undefined): Definition {
  const type = outerType(input['type']);
  const isOptional = input['optional'] === true || Object.hasOwn(input, 'default');
  const optional = isOptional ? { isOptional } : {};
  if (type === 'PipelineTaskFinalStatus')
    return { kind: 'parameters', definition: { isOptional: true, parameterType: 'TASK_FINAL_STATUS' } };
  const parameterType = parameterTypes.get(type?.toLowerCase() ?? '');
  if (parameterType === undefined)
    return { kind: 'artifacts', definition: { artifactType: artifactType(type), ...optional } };
  const value = defaultOf(input['default'], parameterType, source);
  return {
    kind: 'parameters',
    definition: { ...(value === undefined ? {} : { defaultValue: value }), ...optional, parameterType },
  };
}

function outputOf(output: JsonObject): Definition {
  const type = outerType(output['type']);
  const parameterType = parameterTypes.get(type?.toLowerCase() ?? '');
  return parameterType === undefined
    ? { kind: 'artifacts', definition: { artifactType: artifactType(type) } }
    : { kind: 'parameters', definition: { parameterType } };
}

const parameterTypes: ReadonlyMap<string, string> = new Map([
  ['integer', 'NUMBER_INTEGER'],
  ['int', 'NUMBER_INTEGER'],
  ['double', 'NUMBER_DOUBLE'],
  ['float', 'NUMBER_DOUBLE'],
  ['string', 'STRING'],
  ['str', 'STRING'],
  ['text', 'STRING'],
  ['bool', 'BOOLEAN'],
  ['boolean', 'BOOLEAN'],
  ['dict', 'STRUCT'],
  ['list', 'LIST'],
  ['jsonobject', 'STRUCT'],
  ['jsonarray', 'LIST'],
]);

const artifactNames: ReadonlyMap<string, string> = new Map(
  [...systemArtifacts].map((name) => [name.toLowerCase(), name]),
);

/** Types that KFP v2 does not know are artifacts like any. */
function artifactType(type: string | undefined): JsonObject {
  const isGoogle = type !== undefined && /^google.[A-Za-z]+$/.test(type);
  const known = artifactNames.get(type?.toLowerCase() ?? '') ?? 'Artifact';
  return { schemaTitle: isGoogle ? type : `system.${known}`, schemaVersion: '0.0.1' };
}

/** `List[str]` is a `List`; a type with properties (`{GCSPath: …}`) is none that v2 knows. */
function outerType(type: JsonValue | undefined): string | undefined {
  if (typeof type !== 'string') return undefined;
  const text = type.replace(/^typing\./, '');
  return /^(?:list|dict)/i.test(text) ? text.split('[')[0] : text;
}

const trues = new Set(['y', 'yes', 't', 'true', 'on', '1']);
const falses = new Set(['n', 'no', 'f', 'false', 'off', '0']);

/** v1 writes defaults as texts. */
function defaultOf(
  value: JsonValue | undefined,
  type: string,
  source: string | undefined,
): JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  switch (type) {
    case 'STRING':
      if (typeof value === 'boolean') return value ? 'True' : 'False';
      return typeof value === 'string' ? value : (source ?? JSON.stringify(value));
    case 'NUMBER_INTEGER':
    case 'NUMBER_DOUBLE': {
      const number = Number(value);
      const isWrong = typeof value === 'string' && (value.trim() === '' || /[xob]/i.test(value));
      if (Number.isNaN(number) || isWrong) throw new V1Error('A default is no number.');
      return type === 'NUMBER_INTEGER' ? Math.trunc(number) : number;
    }
    case 'BOOLEAN': {
      if (typeof value !== 'string') return value;
      const word = value.toLowerCase();
      if (!trues.has(word) && !falses.has(word)) throw new V1Error('A default is neither true nor false.');
      return trues.has(word);
    }
    default:
      if (typeof value !== 'string') return value;
      try {
        return JSON.parse(value) as JsonValue;
      } catch {
        throw new V1Error('A default is no JSON.');
      }
  }
}

/** How the default of an input is written: `1.0` as a text is not `1`. */
function sourceOf(document: Document, at: number): string | undefined {
  const input = document.getIn(['inputs', at], true);
  const node = isMap(input) ? input.get('default', true) : undefined;
  return isScalar(node) ? node.source : undefined;
}

function entriesOf(value: JsonValue | undefined): readonly JsonObject[] {
  return arrayOf(value).map((entry) => {
    if (!isJsonObject(entry)) throw new V1Error('An input or output is no object.');
    return entry;
  });
}

function arrayOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function nameOf({ name }: JsonObject): string {
  if (typeof name !== 'string') throw new V1Error('An input or output has no name.');
  return name;
}

function typesByName(outputs: readonly JsonObject[]): ReadonlyMap<string, 'parameter' | 'artifact'> {
  return new Map(
    outputs.map((output) => {
      const type = output['type'];
      const word = isJsonObject(type) ? Object.keys(type)[0] : outerType(type);
      return [nameOf(output), parameterTypes.has(word?.toLowerCase() ?? '') ? 'parameter' : 'artifact'];
    }),
  );
}

function kubernetesName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^-0-9a-z]+/g, '-')
    .replaceAll(/-+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}
