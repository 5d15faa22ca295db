import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gesture as schema, type Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../../../src/core/ir/edit/plan.ts';
import { SpecText } from '../../../../src/core/ir/edit/specText.ts';
import { parsePipeline } from '../../../../src/core/ir/parse.ts';
import { gestureOf } from '../../../builders/gestures.ts';
import { kinds } from '../../../builders/gestureSequence.ts';
import { irTexts } from '../../../builders/pipelineVariants.ts';

const texts = [...irTexts.values()].filter((text) => text.length < 12_000);
const pieces = [
  '',
  '\n',
  '  ',
  '    x:\n',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: *a\n',
  '# c\n',
  '\t',
  '|',
  'é',
  '\r\n',
  '---\n',
  '...\n',
  '? ',
  '!t ',
  '%YAML 1.2\n',
];

const broken = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, changes]) =>
    changes.reduce((result, [at, length, piece]) => {
      const start = at % (result.length + 1);
      return result.slice(0, start) + piece + result.slice(start + length);
    }, text),
  );
const numbers = fc.array(fc.nat(1_000_000), { minLength: 24, maxLength: 24 });

/** Edits lie inside the text and in order, and what they make can be read. */
function check(text: string, gesture: Gesture, file = new SpecText()): void {
  const plan = planGesture(text, gesture, file);
  if (plan.kind === 'refused') return;
  let at = 0;
  for (const { range } of plan.edits) {
    expect(range.start).toBeGreaterThanOrEqual(at);
    expect(range.end).toBeGreaterThanOrEqual(range.start);
    at = range.end;
  }
  expect(at).toBeLessThanOrEqual(text.length);
  expect(parsePipeline(applyEdits(text, plan.edits)).kind).toBe('pipeline');
}

test('any gesture on a broken text is done or refused', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(broken, numbers, (text, chosen) => {
      const file = new SpecText();
      const [parsed, opened] = [parsePipeline(text), file.read(text)];
      expect(opened.kind === 'opened').toBe(parsed.kind === 'pipeline');
      if (parsed.kind !== 'pipeline' || opened.kind !== 'opened') {
        expect(planGesture(text, { kind: 'rename', task: 'a', name: 'b' })).toMatchObject({
          kind: 'refused',
        });
        return;
      }
      const gesture = gestureOf(parsed.document, opened.spec, kinds, chosen);
      if (gesture !== undefined) check(text, gesture, file);
    }),
    { numRuns: 400 },
  );
});

test('what is parsed bit by bit while typing is what the whole text says', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.constantFrom(...pieces, 'a', 'b: c\n')), {
        minLength: 1,
        maxLength: 6,
      }),
      (start, changes) => {
        const { yaml } = new SpecText();
        let text = start;
        for (const [at, length, piece] of changes) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + piece + text.slice(from + length);
          expect(parsePipeline(text, yaml)).toEqual(parsePipeline(text));
          // And back, as undo does.
          expect(parsePipeline(start, yaml)).toEqual(parsePipeline(start));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a component that contains itself', () => {
  const text = `components:
  comp-a:
    dag: {tasks: {a: {componentRef: {name: comp-a}, inputs: {parameters: {x: {componentInputParameter: x}}}, taskInfo: {name: a}}}}
    inputDefinitions: {parameters: {x: {parameterType: STRING}}}
pipelineInfo: {name: p}
root:
  dag: {tasks: {a: {componentRef: {name: comp-a}, inputs: {parameters: {x: {componentInputParameter: x}}}, taskInfo: {name: a}}}}
  inputDefinitions: {parameters: {x: {parameterType: STRING}}}
schemaVersion: 2.1.0
`;
  const deep = Array.from({ length: 50 }, () => 'a').join('/');
  for (const task of ['a', 'a/a', deep]) {
    check(text, { kind: 'delete', tasks: [task] });
    check(text, { kind: 'duplicate', tasks: [task] });
    check(text, { kind: 'rename', task, name: 'b' });
    check(text, { kind: 'unpack', group: task });
    check(text, { kind: 'connect', task, input: 'x', source: { kind: 'groupInput', group: '', name: 'x' } });
  }
  check(text, { kind: 'removeInput', group: '', name: 'x' });
  check(text, {
    kind: 'changeInput',
    group: '',
    name: 'x',
    port: { name: 'x', kind: 'parameter', type: 'LIST' },
  });
});

test('names that mean something to JavaScript or YAML', () => {
  const text = [...irTexts.values()][0] ?? '';
  for (const name of [
    '__proto__',
    'constructor',
    'toString',
    '<<',
    '---',
    '~',
    '&a',
    '{{$}}',
    '\u2028',
    '\ud800',
  ]) {
    check(text, {
      kind: 'addInput',
      group: '',
      port: { name, kind: 'parameter', type: 'STRING', defaultValue: name },
    });
    check(text, { kind: 'setPipelineInfo', description: name });
  }
  expect(schema.options.length).toBe(kinds.length);
});
