/** Random control flow gestures on pipelines of the SDK: made to fit what is there, so that many can be done. */
import type { JsonObject } from '../../src/core/base/json.ts';
import { isJsonObject } from '../../src/core/base/json.ts';
import { Draft, kindOf } from '../../src/core/ir/edit/draft.ts';
import type { Gesture, GestureSource } from '../../src/core/ir/edit/gesture.ts';
import { objectAt, withValue } from '../../src/core/ir/edit/jsonPath.ts';
import { findDag } from '../../src/core/ir/edit/scope.ts';
import type { Spec } from '../../src/core/ir/edit/spec.ts';
import { childId } from '../../src/core/ir/graph.ts';
import type { PipelineDocument } from '../../src/core/ir/model.ts';
import { parsePipeline } from '../../src/core/ir/parse.ts';
import { parseWithDocuments } from '../../src/core/ir/specDocuments.ts';
import { validatePipeline } from '../../src/core/ir/validate.ts';
import { irTexts } from './pipelineVariants.ts';

/** Valid ones, each task tagged (`tag`). */
export const samples = [...irTexts].flatMap(([name, text]) => {
  const parsed = parseWithDocuments(text);
  if (parsed.kind !== 'pipeline') return [];
  const { pipelineSpec, platformSpec } = parsed.documents;
  const platforms = platformSpec?.['platforms'];
  const spec: Spec = { pipeline: pipelineSpec, platforms: isJsonObject(platforms) ? platforms : undefined };
  return look(spec).errors.length === 0 ? [{ name, spec: tag(spec) }] : [];
});

/** As its text says, with its errors. */
export function look({ pipeline, platforms }: Spec): {
  document: PipelineDocument;
  errors: readonly string[];
} {
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
export class Picker {
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

/** Undefined when the numbers mean nothing for this pipeline. */
export function gestureFor(spec: Spec, pick: Picker): Gesture | undefined {
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

/** With a key of its own in each task, so that it is known again. */
export function tag(spec: Spec): Spec {
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
