import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/core/base/json.ts';
import type { FormInput } from '../../../src/core/protocol/runForm.ts';
import { defaultText, draftOf, parseDraft } from '../../../webviews/pipelines/runForm/inputValues.ts';

const input = (type: FormInput['type'], change: Partial<FormInput> = {}): FormInput => ({
  name: 'x',
  type,
  defaultValue: undefined,
  isOptional: true,
  description: undefined,
  literals: [],
  ...change,
});
const value = (type: FormInput['type'], draft: string): unknown => {
  const parsed = parseDraft(input(type), draft);
  return parsed.kind === 'value' ? parsed.value : parsed.kind;
};

describe('parseDraft', () => {
  it('reads each type as KFP takes it', () => {
    expect(value('NUMBER_INTEGER', ' -42 ')).toBe(-42);
    expect(value('NUMBER_DOUBLE', '1e-3')).toBe(0.001);
    expect(value('NUMBER_DOUBLE', '.5')).toBe(0.5);
    expect(value('STRING', ' 42 ')).toBe(' 42 ');
    expect(value('STRING', '')).toBe('');
    expect(value('BOOLEAN', 'true')).toBe(true);
    expect(value('LIST', '[1, "a"]')).toEqual([1, 'a']);
    expect(value('STRUCT', '{"a": [1]}')).toEqual({ a: [1] });
  });

  it.each([
    ['NUMBER_INTEGER', '1.5'],
    ['NUMBER_INTEGER', '9007199254740993'],
    ['NUMBER_INTEGER', ''],
    ['NUMBER_DOUBLE', '1,5'],
    ['NUMBER_DOUBLE', 'Infinity'],
    ['NUMBER_DOUBLE', '0x10'],
    ['NUMBER_DOUBLE', '1e999'],
    ['BOOLEAN', 'yes'],
    ['LIST', '{"a": 1}'],
    ['LIST', '[1,'],
    ['STRUCT', '[1]'],
    ['STRUCT', 'null'],
  ] as const)('refuses %s %s with a sentence', (type, draft) => {
    const parsed = parseDraft(input(type), draft);
    expect(parsed).toMatchObject({ kind: 'invalid' });
    expect(parsed.kind === 'invalid' && parsed.message.length).toBeGreaterThan(10);
  });

  it('left alone keeps the default, and an input without one must be given', () => {
    expect(parseDraft(input('STRING', { defaultValue: null, isOptional: false }), undefined)).toEqual({
      kind: 'default',
    });
    expect(parseDraft(input('STRING'), undefined)).toEqual({ kind: 'default' });
    expect(parseDraft(input('STRING', { isOptional: false }), undefined).kind).toBe('invalid');
  });

  it('takes literals as they are typed in the pipeline, and nothing else', () => {
    const numbers = input('NUMBER_INTEGER', { literals: [1, 2, 3] });
    expect(parseDraft(numbers, '2')).toEqual({ kind: 'value', value: 2 });
    expect(parseDraft(numbers, '4').kind).toBe('invalid');
  });

  it('gives back every value that it shows', () => {
    const types: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
      STRING: fc.string(),
      NUMBER_INTEGER: fc.maxSafeInteger(),
      NUMBER_DOUBLE: fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((one) => (Object.is(one, -0) ? 0 : one)),
      BOOLEAN: fc.boolean(),
      LIST: fc.array(fc.jsonValue() as fc.Arbitrary<JsonValue>),
      STRUCT: fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<JsonValue>),
    };
    for (const [type, arbitrary] of Object.entries(types)) {
      const one = input(type as FormInput['type']);
      fc.assert(
        fc.property(arbitrary, (original) => {
          // What JSON itself can't keep (-0, __proto__) is no matter of the form.
          const expected: unknown = JSON.parse(JSON.stringify(original));
          expect(parseDraft(one, draftOf(one, original))).toEqual({ kind: 'value', value: expected });
        }),
      );
    }
  });
});

describe('defaultText', () => {
  it('says what happens when the input is left alone', () => {
    expect(defaultText(input('STRING', { isOptional: false }))).toBe('required');
    expect(defaultText(input('STRING'))).toBe('not set');
    expect(defaultText(input('STRING', { defaultValue: null }))).toBe('None');
    expect(defaultText(input('STRING', { defaultValue: '' }))).toBe('empty text');
    expect(defaultText(input('LIST', { defaultValue: [1, 2] }))).toBe('[1,2]');
  });
});
