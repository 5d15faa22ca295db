/** Between what a person types and the typed JSON that a run takes. Pure. */
import type { JsonValue } from '../../../src/core/base/json.ts';
import { isJsonObject } from '../../../src/core/base/json.ts';
import type { FormInput } from '../../../src/core/protocol/runForm.ts';

/** What is in a control; `undefined`: left at the default. */
export type Draft = string | undefined;

export type Parsed =
  | { readonly kind: 'default' }
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'invalid'; readonly message: string };

export function parseDraft(input: FormInput, draft: Draft): Parsed {
  if (draft === undefined) {
    return input.defaultValue === undefined && !input.isOptional
      ? { kind: 'invalid', message: 'This input has no default: give it a value.' }
      : { kind: 'default' };
  }
  if (input.literals.length > 0) {
    const literal = input.literals.find((one) => draftOf(input, one) === draft);
    return literal === undefined
      ? { kind: 'invalid', message: 'Choose one of the values.' }
      : { kind: 'value', value: literal };
  }
  switch (input.type) {
    case 'STRING':
      return { kind: 'value', value: draft };
    case 'BOOLEAN':
      return draft === 'true' || draft === 'false'
        ? { kind: 'value', value: draft === 'true' }
        : { kind: 'invalid', message: 'Choose true or false.' };
    case 'NUMBER_INTEGER':
      return parseInteger(draft);
    case 'NUMBER_DOUBLE':
      return parseNumber(draft);
    case 'LIST':
    case 'STRUCT':
    case 'TASK_CONFIG':
    case 'TASK_FINAL_STATUS':
      return parseJson(input, draft);
  }
}

function parseInteger(draft: string): Parsed {
  const text = draft.trim();
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text)) return { kind: 'invalid', message: 'A whole number, e.g. 100.' };
  return Number.isSafeInteger(value)
    ? { kind: 'value', value }
    : { kind: 'invalid', message: 'This number is too large to be exact.' };
}

function parseNumber(draft: string): Parsed {
  const text = draft.trim();
  const value = Number(text);
  // Number() also takes '', '0x10' and 'Infinity', which JSON or KFP do not.
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) && Number.isFinite(value)
    ? { kind: 'value', value }
    : { kind: 'invalid', message: 'A number, e.g. 0.25 or 1e-3.' };
}

function parseJson(input: FormInput, draft: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(draft);
  } catch (error) {
    return {
      kind: 'invalid',
      message: `Not JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const isList = Array.isArray(value);
  if (input.type === 'LIST' && !isList) return { kind: 'invalid', message: 'A JSON list, e.g. [1, 2, 3].' };
  if (input.type === 'STRUCT' && !isJsonObject(value))
    return { kind: 'invalid', message: 'A JSON object, e.g. {"depth": 4}.' };
  return { kind: 'value', value: value as JsonValue };
}

/** What a control shows for a value. */
export function draftOf(input: FormInput, value: JsonValue): string {
  if (typeof value === 'string' && input.type === 'STRING') return value;
  const isBlock = input.type === 'LIST' || input.type === 'STRUCT';
  return JSON.stringify(value, undefined, isBlock && input.literals.length === 0 ? 2 : undefined);
}

/** What an input is when it is left alone, in words. */
export function defaultText(input: FormInput): string {
  if (input.defaultValue === undefined) return input.isOptional ? 'not set' : 'required';
  if (input.defaultValue === null) return 'None';
  const text =
    input.type === 'STRING' ? draftOf(input, input.defaultValue) : JSON.stringify(input.defaultValue);
  return text === '' ? 'empty text' : text;
}

export function typeName(input: FormInput): string {
  if (input.artifact !== undefined) return `${input.artifact}: path or URI`;
  const names: Readonly<Record<FormInput['type'], string>> = {
    NUMBER_DOUBLE: 'number',
    NUMBER_INTEGER: 'integer',
    STRING: 'string',
    BOOLEAN: 'boolean',
    LIST: 'list',
    STRUCT: 'struct',
    TASK_CONFIG: 'task config',
    TASK_FINAL_STATUS: 'final status',
  };
  return names[input.type];
}
