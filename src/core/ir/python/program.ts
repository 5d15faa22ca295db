/**
 * A pipeline as one would write it in Python: calls, loops, branches and exit handlers, whose inputs name the step that
 * made a value however many groups lie between. What the compiler adds to carry values (`pipelinechannel--…`) and its
 * names of components and executors are gone. program → meaning.ts (are two the same?) and generate.ts (Python).
 */
import type { JsonObject, JsonValue } from '../../base/json.ts';
import type { ArtifactType, Component, Executor, ParameterType, Task } from '../model.ts';

export type Value =
  /** `parts`: values by input name for each `{{$.inputs.parameters['…']}}` in the constant's texts. */
  | { readonly kind: 'constant'; readonly value: JsonValue; readonly parts: ReadonlyMap<string, Value> }
  /** Of the pipeline, or of the sub-pipeline, that the step is in. */
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'output'; readonly step: CallStep; readonly output: string }
  /** All iterations' `value`s as a list. */
  | { readonly kind: 'collected'; readonly loop: LoopStep; readonly value: Value }
  | { readonly kind: 'item'; readonly loop: LoopStep; readonly field: string | undefined }
  /** The first whose branch ran. */
  | { readonly kind: 'oneOf'; readonly values: readonly Value[] }
  | { readonly kind: 'status'; readonly step: Step };

export interface Pipeline {
  /** The key in `components`; `root` for the root. */
  readonly key: string;
  readonly component: Component;
  readonly steps: readonly Step[];
  readonly outputs: readonly PipelineOutput[];
}

export interface PipelineOutput {
  readonly name: string;
  readonly type: ParameterType | ArtifactType;
  readonly isList: boolean;
  readonly value: Value;
}

interface Placed {
  readonly task: Task;
  /** Steps of the same group that come before, though no value comes from them. */
  readonly after: readonly Step[];
}

export interface CallStep extends Placed {
  readonly kind: 'call';
  readonly component: Component;
  readonly runs:
    | {
        readonly kind: 'executor';
        readonly executor: Exclude<Executor, { kind: 'unsupported' }>;
        readonly kubernetes: JsonObject | undefined;
      }
    | { readonly kind: 'pipeline'; readonly pipeline: Pipeline };
  /** Of the component's own inputs, those that are given. */
  readonly inputs: readonly { readonly name: string; readonly value: Value }[];
  /** A name in this task's texts or platform configuration: `taskOutputParameter`, `componentInputParameter` or input. */
  readonly lookUp: (reference: Reference) => Value;
  readonly isExitTask: boolean;
}

/** How settings of a task name a value. */
export type Reference =
  | { readonly kind: 'taskInput'; readonly name: string }
  | { readonly kind: 'groupInput'; readonly name: string }
  | { readonly kind: 'taskOutput'; readonly task: string; readonly output: string };

export interface LoopStep extends Placed {
  readonly kind: 'loop';
  readonly items: Value;
  readonly over: 'parameter' | 'artifact';
  readonly itemType: ParameterType | undefined;
  /** 0: no limit. */
  readonly parallelism: number;
  readonly steps: readonly Step[];
}

export interface Comparison {
  readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>=';
  readonly left: Value;
  readonly right: Value;
}

export interface Branch {
  readonly task: Task;
  /** undefined: Else. */
  readonly condition: Comparison | undefined;
  readonly steps: readonly Step[];
}

/** One If on its own, or If, Elif and Else inside the group that the SDK puts around them. */
export interface BranchesStep extends Placed {
  readonly kind: 'branches';
  readonly isWrapped: boolean;
  readonly branches: readonly [Branch, ...Branch[]];
}

export interface ExitHandlerStep extends Placed {
  readonly kind: 'exitHandler';
  readonly exitTask: CallStep;
  readonly steps: readonly Step[];
}

export type Step = CallStep | LoopStep | BranchesStep | ExitHandlerStep;

/** Something that IR says and Python does not: a sentence that names the place and what to do instead. */
export class UnsayableError extends Error {}

/** The groups of steps inside a step; none for a call. */
export function bodies(step: Step): readonly (readonly Step[])[] {
  switch (step.kind) {
    case 'call':
      return [];
    case 'branches':
      return step.branches.map(({ steps }) => steps);
    default:
      return [step.steps];
  }
}

/** All steps of these groups, however deep; not those of sub-pipelines. */
export function* allSteps(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step;
    for (const body of bodies(step)) yield* allSteps(body);
  }
}

/** The steps that a value comes from; a loop for its items. */
export function* stepsOf(value: Value): Generator<Step> {
  switch (value.kind) {
    case 'output':
    case 'status':
      yield value.step;
      return;
    case 'collected':
      yield* stepsOf(value.value);
      return;
    case 'item':
      yield value.loop;
      return;
    case 'oneOf':
      for (const one of value.values) yield* stepsOf(one);
      return;
    case 'constant':
      for (const one of value.parts.values()) yield* stepsOf(one);
      return;
    case 'input':
      return;
  }
}

const inputPlaceholder = /\{\{\$\.inputs\.parameters\[(?:'([^']+)'|"([^"]+)")\]\}\}/g;

/** The names of inputs that a text holds as placeholders, with the text around them. */
export function splitPlaceholders(
  text: string,
): readonly (
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'input'; readonly name: string }
)[] {
  const parts: ({ kind: 'text'; text: string } | { kind: 'input'; name: string })[] = [];
  let end = 0;
  for (const match of text.matchAll(inputPlaceholder)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'input', name: match[1] ?? match[2] ?? '' });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** The names of all inputs that a constant's texts hold as placeholders. */
export function placeholderNames(value: JsonValue): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (one: JsonValue): void => {
    if (typeof one === 'string') {
      for (const part of splitPlaceholders(one)) if (part.kind === 'input') names.add(part.name);
    } else if (typeof one === 'object' && one !== null) Object.values(one).forEach(visit);
  };
  visit(value);
  return names;
}
