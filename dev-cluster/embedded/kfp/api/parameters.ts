/** Runtime parameters against the inputs of the root component: upstream's checks in upstream's words. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import type { InputParameter, ParameterType } from '../../../../src/core/ir/model.ts';
import { invalid } from '../errors.ts';

const TYPES: Partial<
  Record<ParameterType, readonly [is: (value: JsonValue) => boolean, said: string, kind: string]>
> = {
  NUMBER_DOUBLE: [(value) => typeof value === 'number', 'double or integer', 'number'],
  NUMBER_INTEGER: [(value) => typeof value === 'number', 'double or integer', 'number'],
  STRING: [(value) => typeof value === 'string', 'string', 'string'],
  BOOLEAN: [(value) => typeof value === 'boolean', 'bool', 'bool'],
  LIST: [(value) => Array.isArray(value), 'list', 'list'],
  STRUCT: [isJsonObject, 'struct', 'struct'],
};

export function checkParameters(inputs: readonly InputParameter[], given: JsonObject): void {
  for (const input of inputs) {
    if (Object.hasOwn(given, input.name)) checkValue(input, given[input.name] ?? null);
    else if (!input.isOptional && input.defaultValue === undefined) {
      throw invalid(
        `parameter ${input.name} is not optional, yet has neither default value nor user provided value`,
      );
    }
  }
  const known = new Set(inputs.map(({ name }) => name));
  const extra = Object.keys(given).filter((name) => !known.has(name));
  if (extra.length > 0)
    throw invalid(`parameter(s) provided are not required by pipeline: ${extra.join(', ')}`);
}

function checkValue({ name, type, literals }: InputParameter, value: JsonValue): void {
  const rule = TYPES[type];
  if (rule === undefined)
    throw invalid(`input parameter ${name} requires type ${type}, which is invalid for root component`);
  const [is, said, kind] = rule;
  if (!is(value)) {
    throw invalid(
      `input parameter ${name} requires type ${said}, but the parameter value is not of ${kind} value type`,
    );
  }
  if (literals.length > 0 && !literals.some((literal) => JSON.stringify(literal) === JSON.stringify(value))) {
    throw invalid(
      `input parameter ${name} value is not one of the allowed literals: ${JSON.stringify(literals)}`,
    );
  }
}
