/** Conditions as the KFP compiler writes them: CEL over `inputs.parameter_values`, with casts where types differ. */
import type { JsonValue } from '../../../base/json.ts';
import { channelName, declare, route, type Route } from '../channels.ts';
import type { Draft } from '../draft.ts';
import type { Comparison, GestureSource } from '../gesture.ts';
import { inputNames } from '../draft.ts';
import { describePort } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { freeName } from '../scope.ts';
import { inputOf, inputsOf, writeSource } from '../sources.ts';
import { isEqual } from '../jsonPath.ts';

type Primitive = 'STRING' | 'BOOLEAN' | 'NUMBER_DOUBLE' | 'NUMBER_INTEGER';

interface Operand {
  readonly text: string;
  readonly type: Primitive;
  readonly isConstant: boolean;
  /** How people would call it in a refusal. */
  readonly label: string;
}

/** The CEL of a comparison for the condition that a task has; its operands become inputs of that task. */
export function conditionOf(draft: Draft, branch: string, { left, operator, right }: Comparison): string {
  if (left.kind === 'constant' && right.kind === 'constant') {
    refuse('A condition compares an output, an input or the item of a loop: at least one side must be one.');
  }
  const operands = [operandOf(draft, branch, left), operandOf(draft, branch, right)] as const;
  const type = commonType(operands[0], operands[1]);
  const [a, b] = operands.map((operand) => cast(operand, type));
  return `${a ?? ''} ${operator} ${b ?? ''}`;
}

function operandOf(draft: Draft, branch: string, source: GestureSource): Operand {
  if (source.kind === 'constant') return constantOperand(source.value);
  const name = addConditionInput(draft, branch, source, route(draft, branch, source));
  const { parent, key } = draft.place(branch);
  const input = inputOf(draft.task(parent, key), name);
  const port = draft.inputOf(parent, key, name);
  if (port?.kind !== 'parameter' || input === undefined) {
    refuse('A condition cannot look into an artifact: compare a parameter.');
  }
  const { type } = port;
  if (!isPrimitive(type)) {
    refuse(`A condition compares text, numbers and true or false, but this is ${describePort(port)}.`);
  }
  const text = `inputs.parameter_values['${name}']`;
  return {
    text: type === 'NUMBER_INTEGER' ? `int(${text})` : text,
    type,
    isConstant: false,
    label: name.replace(/^pipelinechannel--/, ''),
  };
}

function constantOperand(value: JsonValue): Operand {
  const label = JSON.stringify(value);
  switch (typeof value) {
    case 'string':
      return { text: celText(value), type: 'STRING', isConstant: true, label };
    case 'boolean':
      return { text: String(value), type: 'BOOLEAN', isConstant: true, label };
    case 'number':
      return Number.isInteger(value)
        ? { text: String(value), type: 'NUMBER_INTEGER', isConstant: true, label }
        : { text: celNumber(value), type: 'NUMBER_DOUBLE', isConstant: true, label };
    default:
      return refuse('A condition compares text, numbers and true or false.');
  }
}

/** The condition's own input for an operand, declared by its component too, as the compiler does. */
function addConditionInput(draft: Draft, branch: string, source: GestureSource, routed: Route): string {
  const { parent, key } = draft.place(branch);
  if (routed.port === undefined) refuse('What this would compare is not there any more.');
  const json = writeSource(routed.port.kind, routed.source, routed.selector);
  const known = inputsOf(draft.task(parent, key)).find((input) =>
    isEqual(writeSource(input.port, input.source, input.selector), json),
  );
  if (known !== undefined) return known.name;
  const inside = draft.componentOfTask(parent, key);
  const field = source.kind === 'loopItem' ? source.field : undefined;
  const wish =
    channelName(routed.source) + (field === undefined ? '' : `-subvar-${field.replace(/[^\w-]/g, '_')}`);
  const name = freeName(wish, (candidate) => inputNames(draft.component(inside)).has(candidate));
  declare(draft, inside, 'inputDefinitions', name, routed.port);
  // A field of an item may be anything; the compiler takes it for text.
  if (field !== undefined) {
    const text = { ...routed.port, type: 'STRING', definition: {} };
    declare(draft, inside, 'inputDefinitions', name, text);
  }
  draft.putInput(parent, key, name, routed.port.kind, json);
  return name;
}

/** The compiler's order of precedence, without the casts that could only be wrong. */
function commonType(a: Operand, b: Operand): Primitive {
  if (a.type === b.type) return a.type;
  const types: readonly Primitive[] = [a.type, b.type];
  const isNumbers = types.every((type) => type === 'NUMBER_DOUBLE' || type === 'NUMBER_INTEGER');
  if (isNumbers) return 'NUMBER_DOUBLE';
  // Text may be compared with a constant, which is then written as text.
  const text = a.type === 'STRING' ? a : b.type === 'STRING' ? b : undefined;
  const other = text === a ? b : a;
  if (text !== undefined && !text.isConstant && other.isConstant) return 'STRING';
  return refuse(
    `${a.label} is ${describeType(a.type)} and ${b.label} is ${describeType(b.type)}: they can never be equal.`,
  );
}

function describeType(type: Primitive): string {
  return describePort({ kind: 'parameter', type, isList: false, definition: {} });
}

function cast(operand: Operand, type: Primitive): string {
  if (operand.type === type) return operand.text;
  return type === 'STRING' ? `'${operand.text}'` : `double(${operand.text})`;
}

function isPrimitive(type: string): type is Primitive {
  return type === 'STRING' || type === 'BOOLEAN' || type === 'NUMBER_DOUBLE' || type === 'NUMBER_INTEGER';
}

function celText(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `'${escaped}'`;
}

/** CEL has no `1e21`. */
function celNumber(value: number): string {
  return Math.abs(value) >= 1e21 || Math.abs(value) < 1e-6 ? value.toFixed(20) : String(value);
}

/** The parts of a CEL expression that `&&` joins, outside of parentheses and quotes. */
export function conjuncts(cel: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let i = 0; i < cel.length; i++) {
    const char = cel.charAt(i);
    if (quote !== '') {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === "'" || char === '"') quote = char;
    else if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    else if (depth === 0 && cel.startsWith('&&', i)) {
      parts.push(cel.slice(start, i).trim());
      start = i + 2;
      i++;
    }
  }
  parts.push(cel.slice(start).trim());
  return parts;
}

/** `!(…)` as the compiler writes the conditions of earlier branches. */
export function negated(cel: string): string {
  return `!(${cel})`;
}
