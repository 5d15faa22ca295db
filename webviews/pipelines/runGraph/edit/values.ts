/** Between what a person types and the JSON of an input's type. Pure. */
import { isJsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import type { ParameterType } from '../../../../src/core/ir/model.ts';
import { givenTypes } from '../../../../src/core/ir/values.ts';
import { parseDraft, draftOf } from '../../runForm/inputValues.ts';

export type ValueText =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'invalid'; readonly message: string };

/** `type`: a parameter type; a text of any other type is JSON. */
export function parseValue(type: string, text: string): ValueText {
  const known = givenTypes.find((one) => one === type);
  if (known === undefined) return parseJson(text);
  const parsed = parseDraft(inputOf(known), text);
  return parsed.kind === 'default' ? { kind: 'value', value: text } : parsed;
}

/** The reverse of parseValue, for a field to begin with. */
export function valueText(type: string, value: JsonValue): string {
  const known = givenTypes.find((one) => one === type);
  if (known === undefined) return JSON.stringify(value, undefined, 2);
  return draftOf(inputOf(known), value);
}

export function parseJson(text: string): ValueText {
  try {
    return { kind: 'value', value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return {
      kind: 'invalid',
      message: `Not JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** `undefined` where it is one; else what is wrong, e.g. of a quantity of Kubernetes. */
export type Check = (text: string) => string | undefined;

export const checks = {
  quantity: (text) =>
    /^\d+(?:\.\d+)?(?:m|[kMGTPE]i?|Ki|[eE][+-]?\d+)?$/.test(text)
      ? undefined
      : 'A quantity, e.g. 500m, 2 or 4Gi.',
  memory: (text) =>
    /^\d+(?:\.\d+)?(?:[kMGTPE]i?|Ki)?$/.test(text) ? undefined : 'An amount of memory, e.g. 512Mi or 4Gi.',
  cpu: (text) => (/^(?:\d+m|\d+(?:\.\d+)?)$/.test(text) ? undefined : 'Processors, e.g. 500m, 2 or 0.5.'),
  whole: (text) => (/^\d+$/.test(text) ? undefined : 'A whole number, 0 or more.'),
  number: (text) => (/^\d+(?:\.\d+)?$/.test(text) ? undefined : 'A number, 0 or more.'),
  required: (text) => (text.trim() === '' ? 'This must not be empty.' : undefined),
  path: (text) => (text.startsWith('/') ? undefined : 'A path in the container, from /.'),
  label: (text) =>
    /^(?:[a-z0-9.-]+\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(text)
      ? undefined
      : 'A label’s name, e.g. disk or example.com/disk.',
  resource: (text) =>
    /^[a-z0-9.]+(?:\/[A-Za-z0-9._-]+)?$/.test(text) ? undefined : 'A resource, e.g. nvidia.com/gpu.',
  environment: (text) =>
    /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) ? undefined : 'A variable’s name: letters, digits and _.',
  object: (text) => {
    const parsed = parseJson(text);
    if (parsed.kind === 'invalid') return parsed.message;
    return isJsonObject(parsed.value) || Array.isArray(parsed.value) ? undefined : 'A JSON object or list.';
  },
} as const satisfies Readonly<Record<string, Check>>;

function inputOf(type: ParameterType): Parameters<typeof parseDraft>[0] {
  return {
    name: '',
    type,
    isOptional: false,
    defaultValue: undefined,
    description: undefined,
    literals: [],
  };
}
