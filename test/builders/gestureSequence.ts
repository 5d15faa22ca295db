import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import type { GestureKind } from '../../src/core/ir/edit/gesture.ts';
import { gesture } from '../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../src/core/ir/edit/plan.ts';
import { SpecText } from '../../src/core/ir/edit/specText.ts';
import type { TextEdit } from '../../src/core/ir/edit/textEdits.ts';
import type { PipelineDocument } from '../../src/core/ir/model.ts';
import { parsePipeline, type ParseResult } from '../../src/core/ir/parse.ts';
import { YamlReader } from '../../src/core/ir/yamlReader.ts';
import { validatePipeline } from '../../src/core/ir/validate.ts';
import { gestureOf, type Numbers } from './gestures.ts';
import { irTexts, variants } from './pipelineVariants.ts';

export const kinds = gesture.options.map(({ shape }) => shape.kind.value) as readonly GestureKind[];

/** What a pipeline may lack while it is being made. */
const unfinished = new Set(['missing-input', 'empty-dag', 'unused-component']);
/** What never takes text away, so that every comment stays. */
const adding = new Set<GestureKind>([
  'addTask',
  'rename',
  'duplicate',
  'paste',
  'runAfter',
  'addInput',
  'addOutput',
  'setPipelineInfo',
]);

function read(text: string): {
  readonly parsed: ParseResult;
  readonly document: PipelineDocument;
  readonly errors: readonly string[];
} {
  const parsed = parsePipeline(text);
  if (parsed.kind !== 'pipeline') throw new Error(`${parsed.problem.message}\n${text}`);
  const { document } = parsed;
  const problems = [...parsed.problems, ...validatePipeline(document, text)];
  return {
    parsed,
    document,
    errors: problems.filter(({ code }) => !unfinished.has(code)).map(({ message }) => message),
  };
}

function documentsOf(file: SpecText, text: string): readonly unknown[] {
  return file.yaml
    .read(text)
    .map(({ contents }) => new YamlReader(contents, text))
    .map((reader) => reader.json(reader.root()));
}

/** The edits that take others back. */
function inverse(text: string, edits: readonly TextEdit[]): readonly TextEdit[] {
  let shift = 0;
  return edits.map(({ range, text: inserted }) => {
    const start = range.start + shift;
    shift += inserted.length - (range.end - range.start);
    return { range: { start, end: start + inserted.length }, text: text.slice(range.start, range.end) };
  });
}

function comments(text: string): readonly string[] {
  return [...text.matchAll(/# (?:note|why) \d+/g)].map(([comment]) => comment);
}

const valid = [...irTexts].filter(([, text]) => read(text).errors.length === 0);
export const done = new Map<string, number>();

const numbers = fc.array(fc.nat(1_000_000), { minLength: 24, maxLength: 24 });

/** What `run` takes: a pipeline, how it is written, and the numbers that choose each gesture. */
export const sequences = fc.tuple(
  fc.nat(1_000),
  fc.nat(1_000),
  fc.array(numbers, { minLength: 1, maxLength: 4 }),
);

export interface Played {
  /** Which pipeline, and how it is written. */
  readonly name: string;
  readonly variant: string;
  readonly text: string;
}

/** A sequence of gestures on one pipeline, written in one way; throws where an edit is not what it must be. */
export function run(sample: number, variant: number, steps: readonly Numbers[]): Played {
  const [name = '', sdkText = ''] = valid[sample % valid.length] ?? [];
  const [variantName = '', write] = Object.entries(variants)[variant % Object.keys(variants).length] ?? [];
  const original = write?.(sdkText) ?? sdkText;
  const file = new SpecText();
  const history: { readonly edits: readonly TextEdit[]; readonly before: string }[] = [];
  let text = original;
  let { document } = read(text);
  // What is refused is tried again as another gesture, so that sequences get somewhere.
  const tries = steps.flatMap((numbers) =>
    [0, 1, 2].map((by) => [...numbers.slice(by), ...numbers.slice(0, by)]),
  );
  for (const numbers of tries) {
    if (history.length === steps.length) break;
    const opened = file.read(text);
    if (opened.kind !== 'opened') throw new Error(opened.problem.message);
    const made = gestureOf(document, opened.spec, kinds, numbers);
    if (made === undefined) continue;
    const label = `${name} ${variantName} ${JSON.stringify(made)}`;
    assert.ok(gesture.safeParse(made).success, label);
    const plan = planGesture(text, made, file);
    done.set(`${made.kind} ${plan.kind}`, (done.get(`${made.kind} ${plan.kind}`) ?? 0) + 1);
    if (plan.kind === 'refused') {
      assert.match(plan.reason, /.\.$/s, label);
      continue;
    }
    for (const [i, { range }] of plan.edits.entries()) {
      assert.ok(range.start >= (plan.edits[i - 1]?.range.end ?? 0), label);
      assert.ok(range.end >= range.start, label);
    }
    const after = applyEdits(text, plan.edits);
    const fresh = read(after);
    assert.deepEqual(fresh.errors, [], label);
    // What was parsed bit by bit is what the whole text says.
    assert.deepEqual(parsePipeline(after, file.yaml), fresh.parsed, label);
    assert.deepEqual(
      documentsOf(file, after),
      parseAllDocuments(after).map((one) => one.toJS() as unknown),
      label,
    );
    if (adding.has(made.kind)) {
      const left = new Set(comments(after));
      assert.deepEqual(
        comments(text).filter((comment) => !left.has(comment)),
        [],
        label,
      );
    }
    if (variantName === 'crlf') assert.doesNotMatch(after, /[^\r]\n/, label);
    history.push({ edits: plan.edits, before: text });
    text = after;
    ({ document } = fresh);
  }
  const last = text;
  for (const { edits, before } of history.toReversed()) text = applyEdits(text, inverse(before, edits));
  assert.equal(text, original);
  for (const { edits } of history) text = applyEdits(text, edits);
  assert.equal(text, last);
  return { name, variant: variantName, text };
}
