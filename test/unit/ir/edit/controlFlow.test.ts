/** Random control flow on all our pipelines: valid or refused, and what tasks read and do stays what it was. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { taskChanges, type Placed } from '../../../../src/core/ir/diff/fields.ts';
import { allGroups, openGroups } from '../../../../src/core/ir/diff/groups.ts';
import { applyGesture } from '../../../../src/core/ir/edit/apply.ts';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import type { Spec } from '../../../../src/core/ir/edit/spec.ts';
import { childId } from '../../../../src/core/ir/graph.ts';
import type { PipelineDocument } from '../../../../src/core/ir/model.ts';
import { gestureFor, look, Picker, samples, tag } from '../../../builders/controlFlowGestures.ts';

const done = new Map<string, number>();
const reasons = new Map<string, string>();

/** What an edit may make of a task that it does not name: another group, and more to wait for. */
const harmless = /^(?:group|runAfter\..*|name)$/;

function check(before: Spec, gesture: Gesture, after: Spec, label: string): void {
  const [old, now] = [look(before), look(after)];
  assert.deepEqual(now.errors, [], label);
  const [placedBefore, placedAfter] = [tagged(old.document), tagged(now.document)];
  const ids = [...placedBefore].flatMap(([tag, { id }]) => {
    const other = placedAfter.get(tag);
    return other === undefined ? [] : [[id, other.id] as const];
  });
  const matches = { toAfter: new Map(ids), toBefore: new Map(ids.map(([a, b]) => [b, a])) };
  for (const [tag, { placed, isGroup, id }] of placedBefore) {
    const other = placedAfter.get(tag)?.placed;
    // Groups come and go; tasks stay.
    if (other === undefined) {
      assert.ok(isGroup, `${label}: ${id} is gone`);
      continue;
    }
    // An exit handler goes with the last task that moves out of it, and its exit task is a task like any other then.
    if (placed.task.trigger.runsAfterFailure && gesture.kind === 'moveTo') continue;
    if (isGroup || gesture.kind === 'wrapInExitHandler' || gesture.kind === 'unpack') continue;
    const harm = taskChanges(placed, other, matches).filter(({ path }) => !harmless.test(path));
    // Into a sub-pipeline and out of it, a value is passed by an input of its own.
    const isOwn = harm.every(({ path }) => /^(?:inputs|kubernetes)\./.test(path));
    if (isOwn && (gesture.kind === 'groupAsSubPipeline' || gesture.kind === 'moveTo')) continue;
    if (isOwn && label.includes('part-of-it')) continue;
    assert.deepEqual(harm, [], `${label}: ${id}`);
  }
}

interface TaggedTask {
  readonly id: string;
  readonly placed: Placed;
  readonly isGroup: boolean;
}

/** Tasks by what `tag` wrote into them, which goes where they go. */
function tagged(document: PipelineDocument): ReadonlyMap<string, TaggedTask> {
  const root = openGroups(document);
  if (root === undefined) return new Map();
  return new Map(
    allGroups(root).flatMap((group) =>
      group.dag.tasks.map((task): [string, TaggedTask] => [
        task.caching.key ?? childId(group.id, task.key),
        {
          id: childId(group.id, task.key),
          placed: { version: { document, root }, group, task },
          isGroup: group.inner.has(task.key),
        },
      ]),
    ),
  );
}

test('random gestures: valid or refused, and nothing reads another value', { timeout: 120_000 }, () => {
  const runs = Number(process.env['SLIPWAY_SEQUENCES'] ?? 250);
  const numbers = fc.array(fc.nat(1_000_000), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(fc.nat(1_000), fc.array(numbers, { minLength: 1, maxLength: 6 }), (which, steps) => {
      const sample = samples[which % samples.length];
      assert.ok(sample);
      let { spec } = sample;
      let label = sample.name;
      for (const step of steps) {
        const gesture = gestureFor(spec, new Picker(step));
        if (gesture === undefined) continue;
        label += ` ${JSON.stringify(gesture)}`;
        const edited = applyGesture(spec, gesture);
        const key = `${gesture.kind} ${edited.kind}`;
        done.set(key, (done.get(key) ?? 0) + 1);
        if (edited.kind === 'refused') {
          reasons.set(`${gesture.kind}: ${edited.reason}`, label);
          continue;
        }
        check(spec, gesture, edited.spec, label);
        spec = tag(edited.spec);
      }
    }),
    { numRuns: runs },
  );
  if (process.env['SLIPWAY_SHOW'] !== undefined) console.log(done, [...reasons.keys()].sort());
  for (const kind of ['wrapInIf', 'wrapInLoop', 'groupAsSubPipeline', 'unpack', 'moveTo']) {
    expect(done.get(`${kind} edited`) ?? 0, `${kind} is never done`).toBeGreaterThan(0);
  }
});
