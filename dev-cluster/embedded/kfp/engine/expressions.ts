/** Conditions and parameter selectors: CEL, evaluated by a CEL library, with KFP's one extra function `parseJson`. */
import { Environment } from '@marcbachmann/cel-js';
import { isJsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import { TaskError } from './errors.ts';
import { toText } from './values.ts';

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
  .registerVariable('inputs', 'dyn')
  .registerFunction('parseJson(string): dyn', (text: string): unknown => JSON.parse(text));

const programs = new Map<string, ReturnType<Environment['parse']>>();
const MAX_PROGRAMS = 1_000;

/** `triggerPolicy.condition` over the task's own inputs. Throws TaskError `expression`. */
export function evaluateCondition(condition: string, parameters: ReadonlyMap<string, JsonValue>): boolean {
  const result = evaluate(condition, { inputs: { parameter_values: Object.fromEntries(parameters) } });
  if (typeof result !== 'boolean') {
    throw new TaskError(
      'expression',
      `Its condition ${condition} gives ${String(result)}, not true or false.`,
    );
  }
  return result;
}

/** `parameterExpressionSelector`, e.g. `parseJson(string_value)["a"]`. Throws TaskError `expression`. */
export function selectValue(selector: string, value: JsonValue): JsonValue {
  // As in KFP: every value can be read as string_value, and by the name of its own type.
  const variables: Record<string, JsonValue> = { string_value: toText(value) };
  if (typeof value === 'number') variables['number_value'] = value;
  else if (typeof value === 'boolean') variables['bool_value'] = value;
  else if (Array.isArray(value)) variables['list_value'] = value;
  else if (isJsonObject(value)) variables['struct_value'] = value;
  return toJson(evaluate(selector, variables), selector);
}

function evaluate(expression: string, variables: Record<string, unknown>): unknown {
  try {
    let program = programs.get(expression);
    if (!program) {
      if (programs.size >= MAX_PROGRAMS) programs.clear();
      program = environment.parse(expression);
      programs.set(expression, program);
    }
    return program(variables) as unknown;
  } catch (error) {
    // The library draws the place under its first line.
    const [reason = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw new TaskError('expression', `The expression ${expression} can't be evaluated: ${reason}.`, {
      cause: error,
    });
  }
}

function toJson(value: unknown, expression: string): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map((item) => toJson(item, expression));
  const entries = value instanceof Map ? [...value] : isJsonObject(value) ? Object.entries(value) : undefined;
  if (!entries) throw new TaskError('expression', `The expression ${expression} doesn't give a JSON value.`);
  return Object.fromEntries(entries.map(([key, item]) => [String(key), toJson(item, expression)]));
}
