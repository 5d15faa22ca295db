/** Parameter values as KFP's driver and launcher treat them: JSON, with STRING taking anything as its text. */
import { isJsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import type { ParameterType } from '../../../../src/core/ir/model.ts';
import { TaskError } from './errors.ts';

/** A value's text in commands and STRING inputs. Numbers never have an exponent. */
export function toText(value: JsonValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  return JSON.stringify(value);
}

function numberText(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}

/** Reads a file that a step wrote for an output parameter. Throws TaskError `output`. */
export function parseOutputText(name: string, type: ParameterType, text: string): JsonValue {
  const bad = (): TaskError =>
    new TaskError('output', `Its output ${name} should be ${typeName(type)}, but what it wrote isn't.`);
  const trimmed = text.trim();
  switch (type) {
    case 'STRING':
      return text;
    case 'NUMBER_INTEGER':
      if (!/^[+-]?\d+$/.test(trimmed)) throw bad();
      return Number(trimmed);
    case 'NUMBER_DOUBLE': {
      const value = Number(trimmed);
      if (trimmed === '' || !Number.isFinite(value)) throw bad();
      return value;
    }
    case 'BOOLEAN':
      if (/^(true|1|t)$/i.test(trimmed)) return true;
      if (/^(false|0|f)$/i.test(trimmed)) return false;
      throw bad();
    case 'LIST':
    case 'STRUCT':
    case 'TASK_FINAL_STATUS':
    case 'TASK_CONFIG': {
      const value = parseJson(text);
      if (value === undefined || !fits(value, type)) throw bad();
      return value;
    }
  }
}

/** The value as an input of that type gets it. Throws TaskError `input`. */
export function toInputType(name: string, type: ParameterType, value: JsonValue): JsonValue {
  if (type === 'STRING') return toText(value);
  if (!fits(value, type)) {
    throw new TaskError(
      'input',
      `Its input ${name} should be ${typeName(type)}, but it is ${describe(value)}.`,
    );
  }
  return value;
}

function fits(value: JsonValue, type: ParameterType): boolean {
  switch (type) {
    case 'STRING':
      return typeof value === 'string';
    case 'NUMBER_INTEGER':
    case 'NUMBER_DOUBLE':
      return typeof value === 'number';
    case 'BOOLEAN':
      return typeof value === 'boolean';
    case 'LIST':
      return Array.isArray(value);
    case 'STRUCT':
    case 'TASK_FINAL_STATUS':
    case 'TASK_CONFIG':
      return isJsonObject(value);
  }
}

/** The items of a loop: a list, or text that holds one. */
export function toItems(name: string, value: JsonValue): readonly JsonValue[] {
  const list = typeof value === 'string' ? parseJson(value) : value;
  if (!Array.isArray(list)) {
    throw new TaskError('input', `It should loop over the list ${name}, but that is ${describe(value)}.`);
  }
  return list as readonly JsonValue[];
}

/** `undefined` when the text isn't JSON. */
function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

const TYPE_NAMES: Readonly<Record<ParameterType, string>> = {
  STRING: 'a string',
  NUMBER_INTEGER: 'an integer',
  NUMBER_DOUBLE: 'a number',
  BOOLEAN: 'true or false',
  LIST: 'a list',
  STRUCT: 'a struct',
  TASK_FINAL_STATUS: 'a task status',
  TASK_CONFIG: 'a task configuration',
};

/** e.g. `an integer`. */
function typeName(type: ParameterType): string {
  return TYPE_NAMES[type];
}

function describe(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'a struct';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
