/** Placeholders in commands of KFP v1 components (`{inputPath: Table}`) as the strings that IR has for them. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { portName } from './portName.ts';

/** What is no component for the SDK either. */
export class V1Error extends Error {}

/** Names as the file writes them. */
export interface V1Interface {
  readonly inputs: readonly string[];
  readonly outputs: ReadonlyMap<string, 'parameter' | 'artifact'>;
}

/** An element of `command` or `args`; structures are JSON in Python's spelling, as the SDK writes them. */
export function commandElement(value: JsonValue, known: V1Interface): string {
  const element = convert(value, known);
  return typeof element === 'string' ? element : pythonJson(element);
}

/** Strings, or the structures `Concat` and `IfPresent`. */
function convert(value: JsonValue, known: V1Interface): string | JsonObject {
  if (typeof value === 'string') return value;
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1)
    throw new V1Error('A command is made of texts and placeholders of one key.');
  const [kind, argument] = entry;
  switch (kind) {
    case 'inputValue':
      return `{{$.inputs.parameters['${inputOf(argument, known)}']}}`;
    case 'inputPath':
      return `{{$.inputs.artifacts['${inputOf(argument, known)}'].path}}`;
    case 'inputUri':
      return `{{$.inputs.artifacts['${inputOf(argument, known)}'].uri}}`;
    case 'outputPath': {
      const { name, kind: portKind } = outputOf(argument, known);
      return portKind === 'parameter'
        ? `{{$.outputs.parameters['${name}'].output_file}}`
        : `{{$.outputs.artifacts['${name}'].path}}`;
    }
    case 'outputUri':
      return `{{$.outputs.artifacts['${outputOf(argument, known).name}'].uri}}`;
    case 'executorInput':
      return '{{$}}';
    case 'concat':
      return { Concat: list(argument).map((item) => convert(item, known)) };
    case 'if':
      return ifPresent(argument, known);
    default:
      throw new V1Error(`There is no placeholder ${kind}.`);
  }
}

function ifPresent(argument: JsonValue, known: V1Interface): JsonObject {
  const condition = isJsonObject(argument) ? argument['cond'] : undefined;
  const input = isJsonObject(condition) ? condition['isPresent'] : undefined;
  if (!isJsonObject(argument) || input === undefined)
    throw new V1Error('An if asks whether an input is present.');
  const side = (value: JsonValue): JsonValue =>
    Array.isArray(value) ? list(value).map((item) => convert(item, known)) : convert(value, known);
  const { then, else: otherwise } = argument;
  if (then === undefined) throw new V1Error('An if has no then.');
  const isEmpty =
    otherwise === undefined || otherwise === null || (Array.isArray(otherwise) && otherwise.length === 0);
  return {
    IfPresent: {
      InputName: inputOf(input, known),
      Then: side(then),
      ...(isEmpty ? {} : { Else: side(otherwise) }),
    },
  };
}

function list(value: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new V1Error('There is no list where one is needed.');
  return value as readonly JsonValue[];
}

function inputOf(name: JsonValue, { inputs }: V1Interface): string {
  if (typeof name !== 'string' || !inputs.some((one) => portName(one) === portName(name)))
    throw new V1Error(`There is no input ${JSON.stringify(name)}.`);
  return portName(name);
}

function outputOf(
  name: JsonValue,
  { outputs }: V1Interface,
): { readonly name: string; readonly kind: 'parameter' | 'artifact' } {
  const kind = typeof name === 'string' ? outputs.get(name) : undefined;
  if (typeof name !== 'string' || kind === undefined)
    throw new V1Error(`There is no output ${JSON.stringify(name)}.`);
  return { name: portName(name), kind };
}

/** As Python's json.dumps writes it: blanks after commas and colons, and ASCII alone. */
function pythonJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${list(value).map(pythonJson).join(', ')}]`;
  if (isJsonObject(value))
    return `{${Object.entries(value)
      .map(([key, one]) => `${pythonJson(key)}: ${pythonJson(one)}`)
      .join(', ')}}`;
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
