/**
 * The inputs and outputs of a lightweight component, read from its function's signature as the SDK reads them.
 * Python is not run: what can only be known by running it is refused with the reason.
 */
import type { JsonValue } from '../base/json.ts';
import type { Gesture } from './edit/gesture.ts';
import { PythonLiteralError, pythonLiteral } from './pythonLiteral.ts';
import { matchingBracket, skipString, splitTopLevel } from './pythonBrackets.ts';
import { systemArtifacts } from './values.ts';

type Interface = Extract<Gesture, { kind: 'setPythonSource' }>;
type Port = Interface['inputs'][number];

export type PythonSignature =
  | {
      readonly kind: 'signature';
      readonly functionName: string;
      readonly inputs: readonly Port[];
      readonly outputs: readonly Port[];
    }
  | { readonly kind: 'refused'; readonly reason: string };

class Unreadable extends Error {}

const parameterTypes: Readonly<Record<string, string>> = {
  str: 'STRING',
  Text: 'STRING',
  int: 'NUMBER_INTEGER',
  float: 'NUMBER_DOUBLE',
  bool: 'BOOLEAN',
  list: 'LIST',
  List: 'LIST',
  dict: 'STRUCT',
  Dict: 'STRUCT',
  Mapping: 'STRUCT',
  PipelineTaskFinalStatus: 'TASK_FINAL_STATUS',
  TaskConfig: 'TASK_CONFIG',
};
/** Given by the backend, so that callers need not. */
const injectedTypes = new Set(['TASK_FINAL_STATUS', 'TASK_CONFIG']);

/** `wanted`: the function meant when the source defines several; the last one otherwise, as helpers come first. */
export function readSignature(source: string, wanted?: string): PythonSignature {
  try {
    return read(source, wanted);
  } catch (error) {
    if (error instanceof Unreadable || error instanceof PythonLiteralError)
      return { kind: 'refused', reason: error.message };
    throw error;
  }
}

function read(source: string, wanted: string | undefined): PythonSignature {
  const definitions = topLevelFunctions(source);
  const definition = definitions.find(({ name }) => name === wanted) ?? definitions.at(-1);
  if (definition === undefined) throw new Unreadable('There is no function here: a component is one `def`.');
  const { name, open } = definition;
  const close = matchingBracket(source, open);
  if (close === undefined) throw new Unreadable(`The brackets after \`def ${name}\` are never closed.`);
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  for (const parameter of splitTopLevel(source.slice(open + 1, close), ',')) {
    const port = readParameter(parameter);
    if (port !== undefined) (port.side === 'input' ? inputs : outputs).push(port.port);
  }
  outputs.push(...readReturn(source.slice(close + 1)));
  return { kind: 'signature', functionName: name, inputs, outputs };
}

function topLevelFunctions(source: string): readonly { readonly name: string; readonly open: number }[] {
  const found: { readonly name: string; readonly open: number }[] = [];
  for (let at = 0; at < source.length; at++) {
    const end = skipString(source, at);
    if (end !== undefined) {
      at = end - 1;
      continue;
    }
    if (at > 0 && source.charAt(at - 1) !== '\n') continue;
    const match = /^def[ \t]+([\p{L}_][\p{L}\p{N}_]*)[ \t]*\(/u.exec(source.slice(at, at + 300));
    if (match !== null) found.push({ name: match[1] ?? '', open: at + match[0].length - 1 });
  }
  return found;
}

function readParameter(text: string): { readonly side: 'input' | 'output'; readonly port: Port } | undefined {
  const [declaration = '', value] = splitOnce(text, '=');
  const [rawName = '', annotation] = splitOnce(declaration, ':');
  const name = rawName.trim();
  if (name === '') return undefined;
  if (/^[*/]/.test(name)) throw new Unreadable(`\`${name}\` cannot be an input: KFP needs each by its name.`);
  if (annotation === undefined || annotation.trim() === '')
    throw new Unreadable(`The input \`${name}\` needs a type, e.g. \`${name}: str\`.`);
  const { marker, type } = unwrap(annotation);
  if (marker === 'EmbeddedInput') return undefined;
  if (marker === 'Output' || marker === 'OutputPath')
    return { side: 'output', port: { name, ...portType(type, marker, name) } };
  const port = { name, ...portType(type, marker, name) };
  if (value === undefined)
    return { side: 'input', port: injectedTypes.has(port.type) ? { ...port, isOptional: true } : port };
  const defaultValue = pythonLiteral(value.trim());
  if (port.kind === 'artifact' && defaultValue !== null)
    throw new Unreadable(`The artifact \`${name}\` can only have the default None.`);
  return { side: 'input', port: { ...port, isOptional: true, ...defaultOf(defaultValue) } };
}

/** None is the absence of a default in the format. */
function defaultOf(value: JsonValue): { readonly defaultValue?: JsonValue } {
  return value === null ? {} : { defaultValue: value };
}

function readReturn(after: string): readonly Port[] {
  const arrow = /^\s*->/.exec(after);
  if (arrow === null) return [];
  const [annotation = ''] = splitOnce(after.slice(arrow[0].length), ':');
  const text = stripQuotes(annotation.trim());
  if (text === 'None') return [];
  const tuple = /^(?:typing\.)?NamedTuple\s*\(/.exec(text);
  if (tuple === null) {
    const { marker, type } = unwrap(text);
    return [{ name: 'Output', ...portType(type, marker, 'Output') }];
  }
  const close = matchingBracket(text, tuple[0].length - 1);
  const [, ...parts] = splitTopLevel(text.slice(tuple[0].length, close), ',');
  const [fields] = parts;
  if (fields?.trim().startsWith('[') === true) {
    const items = splitTopLevel(fields.trim().slice(1, -1), ',').filter((item) => item.trim() !== '');
    return items.map((item) => {
      const [name = '', type = ''] = splitTopLevel(item.trim().slice(1, -1), ',');
      return namedOutput(stripQuotes(name.trim()), type);
    });
  }
  return parts
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [name = '', type = ''] = splitOnce(part, '=');
      return namedOutput(name.trim(), type);
    });
}

function namedOutput(name: string, annotation: string): Port {
  const { marker, type } = unwrap(annotation);
  return { name, ...portType(type, marker, name) };
}

type Marker = 'Input' | 'Output' | 'InputPath' | 'OutputPath' | 'EmbeddedInput' | undefined;

/** Takes `Optional`, `Annotated` and the markers of KFP off an annotation. */
function unwrap(annotation: string): { readonly marker: Marker; readonly type: string } {
  const text = withoutModule(stripQuotes(annotation.trim()));
  const union = splitTopLevel(text, '|').map((part) => part.trim());
  if (union.length === 2 && union.includes('None'))
    return unwrap(union.find((part) => part !== 'None') ?? '');
  const wrapped = /^(Optional|Annotated|Input|Output|EmbeddedInput)\s*\[([\s\S]*)\]$/.exec(text);
  if (wrapped !== null) {
    const [, wrapper, inner = ''] = wrapped;
    const type = splitTopLevel(inner, ',')[0] ?? '';
    if (wrapper === 'Optional' || wrapper === 'Annotated') return unwrap(type);
    return { marker: wrapper as Marker, type: type.trim() };
  }
  const path = /^(InputPath|OutputPath)\s*(?:\(([\s\S]*)\))?$/.exec(text);
  if (path !== null) return { marker: path[1] as Marker, type: path[2]?.trim() ?? '' };
  return { marker: undefined, type: text };
}

function portType(annotation: string, marker: Marker, name: string): Pick<Port, 'kind' | 'type'> {
  const text = withoutModule(stripQuotes(annotation.trim()));
  const base = withoutModule(text.replace(/\s*\[[\s\S]*\]$/, ''));
  const inner = /\[([\s\S]*)\]$/.exec(text)?.[1];
  if (
    (base === 'List' || base === 'list') &&
    inner !== undefined &&
    systemArtifacts.has(withoutModule(inner.trim()))
  )
    throw new Unreadable(`\`${name}\` is a list of artifacts, which can only be given by a Collected loop.`);
  if (base === 'Literal') return { kind: 'parameter', type: literalType(inner ?? '') };
  const parameter = Object.hasOwn(parameterTypes, base) ? parameterTypes[base] : undefined;
  if (parameter !== undefined && marker !== 'Input' && marker !== 'Output')
    return { kind: 'parameter', type: parameter };
  if (systemArtifacts.has(base)) return { kind: 'artifact', type: `system.${base}` };
  // `InputPath()` without a type is any artifact's.
  if (text === '' && marker !== undefined) return { kind: 'artifact', type: 'system.Artifact' };
  throw new Unreadable(`\`${name}\` has the type \`${text}\`, which is none that KFP passes between steps.`);
}

function literalType(values: string): string {
  const [first] = splitTopLevel(values, ',');
  const value = pythonLiteral((first ?? '').trim());
  if (typeof value === 'string') return 'STRING';
  if (typeof value === 'boolean') return 'BOOLEAN';
  return Number.isInteger(value) ? 'NUMBER_INTEGER' : 'NUMBER_DOUBLE';
}

function splitOnce(text: string, separator: string): readonly string[] {
  const [first = '', ...rest] = splitTopLevel(text, separator);
  return rest.length === 0 ? [first] : [first, rest.join(separator)];
}

function withoutModule(text: string): string {
  return text.replace(/^(?:kfp\.dsl\.|dsl\.|typing\.|kfp\.)/, '');
}

function stripQuotes(text: string): string {
  return /^(['"])[^'"\\]*\1$/.test(text) ? text.slice(1, -1) : text;
}
