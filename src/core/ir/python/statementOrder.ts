import { isJsonObject, type JsonValue } from '../../base/json.ts';
import { readReference } from './executorMeaning.ts';
import { bodies, placeholderNames, stepsOf, type CallStep, type Reference, type Step } from './program.ts';

const byName = new Intl.Collator('en', { numeric: true });

/**
 * Steps of one body, each after those whose values it takes. Among those that could be next, one that `isPreferred`,
 * else the first by name.
 */
export function inOrder(steps: readonly Step[], isPreferred: (step: Step) => boolean): Iterable<Step> {
  const waiting = steps.toSorted((a, b) => byName.compare(a.task.key, b.task.key));
  const here = new Map<Step, Step>();
  const claim = (owner: Step, step: Step): void => {
    here.set(step, owner);
    for (const body of bodies(step)) for (const inner of body) claim(owner, inner);
  };
  for (const step of steps) claim(step, step);
  const needs = new Map<Step, ReadonlySet<Step>>(
    steps.map((step) => {
      const before = new Set<Step>();
      for (const producer of everythingBefore(step)) {
        const owner = here.get(producer);
        if (owner !== undefined && owner !== step) before.add(owner);
      }
      return [step, before];
    }),
  );
  return {
    // Lazily: what is preferred depends on what was written before.
    *[Symbol.iterator]() {
      const done = new Set<Step>();
      while (waiting.length > 0) {
        const ready = waiting.filter((step) => [...(needs.get(step) ?? [])].every((one) => done.has(one)));
        const next = ready.find(isPreferred) ?? ready[0] ?? waiting[0];
        if (next === undefined) return;
        waiting.splice(waiting.indexOf(next), 1);
        done.add(next);
        yield next;
      }
    },
  };
}

function* everythingBefore(step: Step): Generator<Step> {
  yield* producersIn(step);
  // An exit task is made before its handler, and runs after it.
  if (step.kind !== 'call' || !step.isExitTask) yield* step.after;
  for (const body of bodies(step)) for (const inner of body) yield* everythingBefore(inner);
}

/** Steps whose values this one names, in whatever it says. */
export function* producersIn(step: Step): Generator<Step> {
  switch (step.kind) {
    case 'call':
      for (const { value, name } of step.inputs) {
        const isStatus = value.kind === 'status' && isStatusInput(step, name);
        if (!isStatus) yield* stepsOf(value);
      }
      for (const reference of referencesOf(step)) yield* stepsOf(step.lookUp(reference));
      return;
    case 'loop':
      yield* stepsOf(step.items);
      return;
    case 'exitHandler':
      yield step.exitTask;
      return;
    case 'branches':
      for (const { condition } of step.branches) {
        if (condition === undefined) continue;
        yield* stepsOf(condition.left);
        yield* stepsOf(condition.right);
      }
  }
}

function isStatusInput(step: CallStep, name: string): boolean {
  return step.component.inputs.parameters.some(
    (input) => input.name === name && input.type === 'TASK_FINAL_STATUS',
  );
}

/** What resources, image, variables and platform settings name. */
function* referencesOf({ runs, component }: CallStep): Generator<Reference> {
  if (runs.kind !== 'executor') return;
  const { executor, kubernetes } = runs;
  if (executor.kind === 'container') {
    const { resources, image, env } = executor;
    const own = new Set(component.inputs.parameters.map(({ name }) => name));
    const texts = [
      image,
      ...env.map(({ value }) => value),
      ...[resources?.cpuLimit, resources?.cpuRequest, resources?.memoryLimit, resources?.memoryRequest],
      ...[resources?.accelerator?.type, resources?.accelerator?.count],
    ];
    for (const name of placeholderNames(texts.filter((text) => text !== undefined)))
      if (!own.has(name)) yield { kind: 'taskInput', name };
  }
  const visit = function* (value: JsonValue): Generator<Reference> {
    if (isJsonObject(value)) {
      const reference = readReference(value);
      if (reference !== undefined) yield reference;
      else for (const inner of Object.values(value)) yield* visit(inner);
    } else if (Array.isArray(value)) for (const inner of value as readonly JsonValue[]) yield* visit(inner);
  };
  if (kubernetes !== undefined) yield* visit(kubernetes);
}
