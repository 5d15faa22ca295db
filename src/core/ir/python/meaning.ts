/**
 * What a pipeline does, in one form for all pipelines that do the same: names that the compiler makes up, the order of
 * keys, and what merely carries values are gone. Two are the same when their forms are.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import type { ArtifactType, Component, PipelineDocument } from '../model.ts';
import { executorMeaning, kubernetesMeaning } from './executorMeaning.ts';
import {
  bodies,
  splitPlaceholders,
  stepsOf,
  type Branch,
  type CallStep,
  type Pipeline,
  type Step,
  type Value,
} from './program.ts';
import { resolveProgram } from './resolve.ts';
import { producersIn } from './statementOrder.ts';

export interface Difference {
  /** E.g. `steps/train/retry/maxRetryCount`. */
  readonly path: string;
  readonly left: JsonValue | undefined;
  readonly right: JsonValue | undefined;
}

/** Throws UnsayableError for what resolve.ts cannot read. */
export function meaningOf(
  document: PipelineDocument,
  options: { readonly ignoresNumbers?: boolean } = {},
): JsonObject {
  const form = pipelineForm(resolveProgram(document), options.ignoresNumbers ?? false);
  return {
    name: document.name,
    displayName: document.displayName ?? null,
    description: document.description ?? null,
    root: document.defaultPipelineRoot ?? null,
    ...form,
  };
}

/** How two meanings differ, at most `limit` places. None: they are the same. */
export function differences(left: JsonValue, right: JsonValue, limit = 20): readonly Difference[] {
  const found: Difference[] = [];
  const compare = (a: JsonValue | undefined, b: JsonValue | undefined, path: string): void => {
    if (found.length >= limit || a === b) return;
    const isBoth = typeof a === 'object' && typeof b === 'object' && a !== null && b !== null;
    if (isBoth && Array.isArray(a) === Array.isArray(b)) {
      const before: Readonly<Record<string, JsonValue>> = Object.fromEntries(Object.entries(a));
      const after: Readonly<Record<string, JsonValue>> = Object.fromEntries(Object.entries(b));
      for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
        compare(before[key], after[key], path === '' ? key : `${path}/${key}`);
    } else found.push({ path, left: a, right: b });
  };
  compare(left, right, '');
  return found;
}

function pipelineForm(pipeline: Pipeline, ignoresNumbers: boolean): JsonObject {
  const labels = new Labels(pipeline, ignoresNumbers);
  return {
    ...interfaceForm(pipeline.component),
    steps: labels.forms(pipeline.steps),
    outputs: Object.fromEntries(
      pipeline.outputs
        .map(
          ({ name, type, isList, value }) =>
            [name, { type: typeForm(type), isList, from: labels.value(value) }] as const,
        )
        .sort(byKey),
    ),
  };
}

/**
 * Names for the steps of one pipeline that depend on nothing but what they do and where their values come from. Found by
 * refinement: a step's label is a hash of its own form, then of that with its neighbours' labels, and so on.
 */
class Labels {
  #labels = new Map<Step, string>();

  readonly #ignoresNumbers: boolean;

  constructor(pipeline: Pipeline, ignoresNumbers: boolean) {
    this.#ignoresNumbers = ignoresNumbers;
    const all: { step: Step; parent: Step | undefined }[] = [];
    const collect = (steps: readonly Step[], parent: Step | undefined): void => {
      for (const step of steps) {
        all.push({ step, parent });
        for (const body of bodies(step)) collect(body, step);
      }
    };
    collect(pipeline.steps, undefined);
    for (const { step } of all) this.#labels.set(step, step.kind);
    // As many rounds as the longest way between two steps could be, or until nothing is told apart any more.
    let classes = 0;
    for (let round = 0; round < all.length + 2; round++) {
      const users = new Map<Step, string[]>();
      const forms = new Map(all.map(({ step }) => [step, JSON.stringify(this.#form(step))] as const));
      const note = (producer: Step, use: string): void => {
        users.set(producer, [...(users.get(producer) ?? []), use]);
      };
      for (const { step } of all)
        for (const [producer, role] of usesIn(step))
          note(producer, `${role} ${this.#labels.get(step) ?? ''}`);
      for (const { name, value } of pipeline.outputs)
        for (const producer of stepsOf(value)) note(producer, `output ${name}`);
      const next = new Map<Step, string>();
      for (const { step, parent } of all) {
        const around = [
          parent === undefined ? '' : (this.#labels.get(parent) ?? ''),
          ...(users.get(step) ?? []).sort(),
        ];
        next.set(step, hash(`${forms.get(step) ?? ''}|${around.join('|')}`));
      }
      this.#labels = next;
      const distinct = new Set(next.values()).size;
      if (round > 1 && distinct === classes) break;
      classes = distinct;
    }
    this.#number(all.map(({ step }) => step));
  }

  /** Hashes become `train`, `train#2`, …: in the order of the hashes, which both sides share. */
  #number(steps: readonly Step[]): void {
    const sorted = steps.toSorted((a, b) =>
      compareText(this.#labels.get(a) ?? '', this.#labels.get(b) ?? ''),
    );
    const counts = new Map<string, number>();
    const names = new Map<Step, string>();
    for (const step of sorted) {
      const name = this.#name(step) ?? step.kind;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      names.set(step, count === 1 ? name : `${name}#${count}`);
    }
    this.#labels = names;
  }

  forms(steps: readonly Step[]): JsonObject {
    return Object.fromEntries(
      steps.map((step) => [this.#labels.get(step) ?? '', this.#full(step)] as const).sort(byKey),
    );
  }

  #full(step: Step): JsonObject {
    const form = this.#form(step);
    if (step.kind === 'call') return form;
    if (step.kind === 'branches')
      return {
        ...form,
        branches: step.branches.map((branch) => ({
          ...this.#branch(branch),
          steps: this.forms(branch.steps),
        })),
      };
    return { ...form, steps: this.forms(step.steps) };
  }

  /** Without the steps inside. */
  #form(step: Step): JsonObject {
    const placed = {
      kind: step.kind,
      name: this.#name(step) ?? null,
      after: step.after.map((other) => this.#labels.get(other) ?? '').sort(),
    };
    switch (step.kind) {
      case 'call':
        return { ...placed, ...this.#call(step) };
      case 'loop':
        return { ...placed, over: step.over, items: this.value(step.items), parallelism: step.parallelism };
      case 'branches':
        return {
          ...placed,
          isWrapped: step.isWrapped,
          branches: step.branches.map((branch) => this.#branch(branch)),
        };
      case 'exitHandler':
        return { ...placed, exitTask: this.#labels.get(step.exitTask) ?? '' };
    }
  }

  #name({ kind, task }: Step): string | undefined {
    if (kind !== 'call') return groupName(task.name, task.key);
    return this.#ignoresNumbers && task.name === task.key ? task.name.replace(/-\d+$/, '') : task.name;
  }

  #branch({ task, condition }: Branch): JsonObject {
    return {
      name: groupName(task.name, task.key) ?? null,
      condition:
        condition === undefined
          ? null
          : {
              left: this.value(condition.left),
              operator: condition.operator,
              right: this.value(condition.right),
            },
    };
  }

  #call(step: CallStep): JsonObject {
    const { task, component, runs } = step;
    return {
      inputs: Object.fromEntries(
        step.inputs.map(({ name, value }) => [name, this.value(value)] as const).sort(byKey),
      ),
      caching: { enabled: task.caching.enabled, key: task.caching.key ?? null },
      retry: task.retry === undefined ? null : { ...task.retry },
      // For an exit task its handler says so.
      runsAfterFailure: task.trigger.runsAfterFailure && !step.isExitTask,
      runs:
        runs.kind === 'pipeline'
          ? pipelineForm(runs.pipeline, this.#ignoresNumbers)
          : {
              ...(runs.executor.kind === 'importer' ? {} : interfaceForm(component)),
              ...(runs.executor.kind === 'importer' ? {} : outputsForm(component)),
              ...executorMeaning(runs.executor, {
                isOwnInput: (name) => component.inputs.parameters.some((input) => input.name === name),
                value: (reference) => this.value(step.lookUp(reference)),
              }),
              kubernetes: kubernetesMeaning(runs.kubernetes, (reference) =>
                this.value(step.lookUp(reference)),
              ),
            },
    };
  }

  value(value: Value): JsonValue {
    switch (value.kind) {
      case 'constant':
        return { constant: this.#constant(value.value, value.parts) };
      case 'input':
        return { input: value.name };
      case 'output':
        return { task: this.#labels.get(value.step) ?? '', output: value.output };
      case 'collected':
        return { collected: this.value(value.value), loop: this.#labels.get(value.loop) ?? '' };
      case 'item':
        return { item: this.#labels.get(value.loop) ?? '', field: value.field ?? null };
      case 'oneOf':
        return { oneOf: value.values.map((one) => this.value(one)) };
      case 'status':
        return { status: this.#labels.get(value.step) ?? '' };
    }
  }

  #constant(value: JsonValue, parts: ReadonlyMap<string, Value>): JsonValue {
    if (parts.size === 0) return value;
    if (typeof value === 'string') {
      return splitPlaceholders(value).map((part) => {
        if (part.kind === 'text') return part.text;
        const inner = parts.get(part.name);
        return inner === undefined ? `{{$.inputs.parameters['${part.name}']}}` : this.value(inner);
      });
    }
    if (isJsonObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, this.#constant(one, parts)] as const),
      );
    return Array.isArray(value) ? value.map((one: JsonValue) => this.#constant(one, parts)) : value;
  }
}

/** The steps that this one refers to, each with what for. */
function* usesIn(step: Step): Generator<readonly [Step, string]> {
  for (const other of step.after) yield [other, 'after'];
  for (const other of producersIn(step)) yield [other, 'any'];
  if (step.kind === 'call')
    for (const { name, value } of step.inputs)
      for (const [at, other] of [...stepsOf(value)].entries()) yield [other, `${name} ${at}`];
  if (step.kind === 'branches')
    for (const [at, { condition }] of step.branches.entries()) {
      if (condition === undefined) continue;
      for (const side of ['left', 'right'] as const)
        for (const other of stepsOf(condition[side])) yield [other, `${side} ${at}`];
    }
}

/** What a person called a group; the compiler's numbers say nothing. */
export function groupName(name: string, key: string): string | undefined {
  return name === key && /^(for-loop|condition|condition-branches|exit-handler)-\d+$/.test(name)
    ? undefined
    : name;
}

function interfaceForm({ inputs }: Component): JsonObject {
  const parameters = inputs.parameters.map(
    ({ name, type, defaultValue, isOptional, description }): readonly [string, JsonObject] => [
      name,
      {
        type,
        default: defaultValue ?? null,
        isOptional: isOptional || defaultValue !== undefined,
        description: description?.trim() ?? null,
      },
    ],
  );
  const artifacts = inputs.artifacts.map(
    ({ name, type, isList, isOptional, description }): readonly [string, JsonObject] => [
      name,
      { type: typeForm(type), isList, isOptional, description: description?.trim() ?? null },
    ],
  );
  return { interface: Object.fromEntries([...parameters, ...artifacts].sort(byKey)) };
}

function outputsForm({ outputs }: Component): JsonObject {
  const parameters = outputs.parameters.map(({ name, type }) => [name, type] as const);
  const artifacts = outputs.artifacts.map(
    ({ name, type, isList }) => [name, `${typeForm(type)}${isList ? '[]' : ''}`] as const,
  );
  return { outputs: Object.fromEntries([...parameters, ...artifacts].sort(byKey)) };
}

function typeForm(type: string | ArtifactType): string {
  return typeof type === 'string' ? type : `${type.schemaTitle}@${type.schemaVersion ?? '0.0.1'}`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** cyrb53: 53 bits, enough to tell the steps of one pipeline apart; equal forms are compared in full afterwards. */
function hash(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}
