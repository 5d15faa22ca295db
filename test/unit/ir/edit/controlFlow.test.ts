/** Random control flow on all our pipelines: valid or refused, and what tasks read and do stays what it was. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import { isJsonObject } from '../../../../src/core/base/json.ts';
import { taskChanges, type Placed } from '../../../../src/core/ir/diff/fields.ts';
import { allGroups, openGroups } from '../../../../src/core/ir/diff/groups.ts';
import { applyGesture } from '../../../../src/core/ir/edit/apply.ts';
import { Draft, kindOf } from '../../../../src/core/ir/edit/draft.ts';
import type { Gesture, GestureSource } from '../../../../src/core/ir/edit/gesture.ts';
import { objectAt, withValue } from '../../../../src/core/ir/edit/jsonPath.ts';
import { findDag } from '../../../../src/core/ir/edit/scope.ts';
import type { Spec } from '../../../../src/core/ir/edit/spec.ts';
import { childId } from '../../../../src/core/ir/graph.ts';
import type { PipelineDocument } from '../../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../../src/core/ir/parse.ts';
import { parseWithDocuments } from '../../../../src/core/ir/specDocuments.ts';
import { validatePipeline } from '../../../../src/core/ir/validate.ts';
import { irTexts } from '../../../builders/pipelineVariants.ts';

const samples = [...irTexts].flatMap(([name, text]) => {
  const parsed = parseWithDocuments(text);
  if (parsed.kind !== 'pipeline') return [];
  const { pipelineSpec, platformSpec } = parsed.documents;
  const platforms = platformSpec?.['platforms'];
  const spec: Spec = { pipeline: pipelineSpec, platforms: isJsonObject(platforms) ? platforms : undefined };
  return look(spec).errors.length === 0 ? [{ name, spec: tag(spec) }] : [];
});

function look({ pipeline, platforms }: Spec): { document: PipelineDocument; errors: readonly string[] } {
  // JSON is YAML.
  const second: JsonObject = { platforms: platforms ?? {} };
  const text = `${JSON.stringify(pipeline)}\n---\n${JSON.stringify(second)}\n`;
  const parsed = parsePipeline(platforms === undefined ? JSON.stringify(pipeline) : text);
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  const { document } = parsed;
  const problems = [...parsed.problems, ...validatePipeline(document, text)];
  return {
    document,
    errors: problems.filter(({ severity }) => severity === 'error').map(({ message }) => message),
  };
}

/** Picks by numbers, so that a failing case shrinks. */
class Picker {
  readonly #numbers: readonly number[];
  #at = 0;
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }
  number(below: number): number {
    const next = this.#numbers[this.#at++ % this.#numbers.length] ?? 0;
    return below === 0 ? 0 : next % below;
  }
  one<T>(from: readonly T[]): T | undefined {
    return from[this.number(from.length)];
  }
  some<T>(from: readonly T[]): readonly T[] {
    const picked = from.filter(() => this.number(3) === 0);
    return picked.length > 0 ? picked : from.slice(0, 1);
  }
}

interface Known {
  readonly groups: readonly string[];
  readonly tasks: readonly string[];
  readonly ofKind: (kind: string) => readonly string[];
  readonly inGroup: (group: string) => readonly string[];
}

function know(spec: Spec): Known {
  const draft = new Draft(spec);
  const tasks: string[] = [];
  const groups = [''];
  const kinds = new Map<string, string>();
  for (const group of groups) {
    const dag = findDag(spec, group);
    for (const key of Object.keys(dag?.tasks ?? {})) {
      const id = childId(group, key);
      const place = draft.place(id);
      const kind = kindOf(draft, place.parent, place.key);
      tasks.push(id);
      if (kind === undefined) continue;
      groups.push(id);
      kinds.set(id, kind);
    }
  }
  return {
    groups,
    tasks,
    ofKind: (kind) => groups.filter((id) => kinds.get(id) === kind),
    inGroup: (group) => Object.keys(findDag(spec, group)?.tasks ?? {}).map((key) => childId(group, key)),
  };
}

function sourceFor(spec: Spec, known: Known, pick: Picker): GestureSource {
  const draft = new Draft(spec);
  const outputs = known.tasks.flatMap((task) => {
    const { parent, key } = draft.place(task);
    const definitions = draft.component(draft.componentOfTask(parent, key))['outputDefinitions'];
    const parameters = isJsonObject(definitions) ? definitions['parameters'] : undefined;
    return Object.keys(isJsonObject(parameters) ? parameters : {}).map((output) => ({ task, output }));
  });
  const definitions = draft.component('')['inputDefinitions'];
  const parameters = isJsonObject(definitions) ? definitions['parameters'] : undefined;
  const input = pick.one(Object.keys(isJsonObject(parameters) ? parameters : {}));
  const output = pick.one(outputs);
  const loop = pick.one(known.ofKind('loop'));
  switch (pick.number(3)) {
    case 0:
      if (output !== undefined) return { kind: 'taskOutput', ...output };
      break;
    case 1:
      if (loop !== undefined) return { kind: 'loopItem', group: loop };
      break;
  }
  if (input !== undefined) return { kind: 'groupInput', group: '', name: input };
  return output === undefined ? { kind: 'constant', value: 1 } : { kind: 'taskOutput', ...output };
}

function gestureFor(spec: Spec, pick: Picker): Gesture | undefined {
  const known = know(spec);
  const group = pick.one(known.groups) ?? '';
  const tasks = [...pick.some(known.inGroup(group))];
  const [one] = tasks;
  if (one === undefined) return undefined;
  const condition = (): Extract<Gesture, { kind: 'wrapInIf' }>['condition'] => ({
    left: sourceFor(spec, known, pick),
    operator: pick.one(['==', '!=', '<', '>='] as const) ?? '==',
    right: { kind: 'constant', value: pick.one(['a', 1, 2.5, true]) ?? 1 },
  });
  const branch = pick.one([...known.ofKind('condition'), ...known.ofKind('branches')]);
  const loop = pick.one(known.ofKind('loop'));
  const items: GestureSource =
    pick.number(2) === 0 ? { kind: 'constant', value: ['a', 'b'] } : sourceFor(spec, known, pick);
  switch (pick.number(9)) {
    case 0:
      return { kind: 'wrapInIf', tasks, condition: condition() };
    case 1:
      return { kind: 'wrapInLoop', tasks, items };
    case 2:
      return { kind: 'groupAsSubPipeline', tasks, name: 'part of it' };
    case 3: {
      const others = known.inGroup(group).filter((id) => id !== one);
      const watched = [...pick.some(others)];
      return watched.length === 0 ? undefined : { kind: 'wrapInExitHandler', tasks: watched, exitTask: one };
    }
    case 4: {
      const target = pick.one(known.groups.slice(1));
      return target === undefined ? undefined : { kind: 'unpack', group: target };
    }
    case 5:
    case 6:
      return { kind: 'moveTo', tasks, group: pick.one(known.groups) ?? '' };
    case 7: {
      if (branch === undefined) return undefined;
      if (pick.number(3) === 0) return { kind: 'setCondition', branch, condition: condition() };
      const wrapper = branch.split('/').some((key) => key.startsWith('condition-branches'));
      const around = branch.split('/').slice(0, wrapper && !branch.endsWith('branches') ? -2 : -1);
      const beside = known.inGroup(around.join('/')).filter((id) => !branch.startsWith(id));
      const moved = [...pick.some(beside)];
      if (moved.length === 0) return undefined;
      const isElif = pick.number(2) === 0;
      return { kind: 'addBranch', branch, tasks: moved, ...(isElif ? { condition: condition() } : {}) };
    }
    default:
      return loop === undefined ? undefined : { kind: 'setLoop', loop, items, parallelism: pick.number(3) };
  }
}

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

/** With a key of its own in each task, so that it is known again. */
function tag(spec: Spec): Spec {
  const draft = new Draft(spec);
  let count = 0;
  for (const component of ['', ...Object.keys(objectAt(spec.pipeline, 'components'))]) {
    for (const [key, task] of Object.entries(draft.tasks(component))) {
      if (!isJsonObject(task)) continue;
      const path = ['cachingOptions', 'cacheKey'];
      draft.putTask(component, key, withValue(task, path, `tag-${count++}`));
    }
  }
  return draft.spec;
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
