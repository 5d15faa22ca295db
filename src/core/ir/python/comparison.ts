import { parse, serialize, type ASTNode } from '@marcbachmann/cel-js';
import type { JsonValue } from '../../base/json.ts';
import type { Comparison } from './program.ts';

export type Operand =
  { readonly kind: 'input'; readonly name: string } | { readonly kind: 'literal'; readonly value: JsonValue };

export interface ParsedComparison {
  readonly operator: Comparison['operator'];
  readonly left: Operand;
  readonly right: Operand;
}

/** One conjunct of a condition, with its text in one spelling so that two can be compared. */
export interface Conjunct {
  readonly text: string;
  /** undefined: something that is more than two values compared. */
  readonly comparison: ParsedComparison | undefined;
  /** Of `!(…)`: what is negated. */
  readonly negated: Conjunct | undefined;
}

/** The parts that `&&` joins; undefined when the text is no CEL. */
export function conjuncts(condition: string): readonly Conjunct[] | undefined {
  try {
    return split(parse(condition).ast).map(conjunct);
  } catch {
    return undefined;
  }
}

function split(node: ASTNode): readonly ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(split) : [node];
}

function conjunct(node: ASTNode): Conjunct {
  return {
    text: serialize(node),
    comparison: comparison(node),
    negated: node.op === '!_' ? conjunct(node.args) : undefined,
  };
}

function comparison(node: ASTNode): ParsedComparison | undefined {
  switch (node.op) {
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const left = operand(node.args[0]);
      const right = operand(node.args[1]);
      return left === undefined || right === undefined ? undefined : { operator: node.op, left, right };
    }
    default:
      return undefined;
  }
}

const casts = new Set(['int', 'double', 'string', 'bool']);

/** `inputs.parameter_values['x']`, bare or in the cast that its type asks for, or a literal. */
function operand(node: ASTNode): Operand | undefined {
  if (node.op === 'call') {
    const [name, [argument, ...more]] = node.args;
    return casts.has(name) && argument !== undefined && more.length === 0 ? operand(argument) : undefined;
  }
  if (node.op === 'value') return literal(node.args);
  if (node.op === '-_') {
    const inner = operand(node.args);
    return inner?.kind === 'literal' && typeof inner.value === 'number'
      ? { kind: 'literal', value: -inner.value }
      : undefined;
  }
  if (node.op !== '[]') return undefined;
  const [object, key] = node.args;
  const isInputs =
    object.op === '.' &&
    object.args[0].op === 'id' &&
    object.args[0].args === 'inputs' &&
    (object.args[1] === 'parameter_values' || object.args[1] === 'parameters');
  return isInputs && key.op === 'value' && typeof key.args === 'string'
    ? { kind: 'input', name: key.args }
    : undefined;
}

function literal(value: unknown): Operand | undefined {
  if (typeof value === 'bigint') return { kind: 'literal', value: Number(value) };
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'literal', value };
  return undefined;
}
