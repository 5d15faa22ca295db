/**
 * Where a task's inputs and a DAG's outputs come from, as backend/src/v2/driver/resolve.go has it: constants, the
 * parent's inputs, outputs of siblings (a loop gives the list of its iterations' outputs), a sibling's final status.
 */
import type { JsonValue } from '../../../../src/core/base/json.ts';
import type {
  ArtifactSource,
  Component,
  DagOutputArtifact,
  DagOutputParameter,
  OutputSelector,
  ParameterSource,
  Task,
} from '../../../../src/core/ir/model.ts';
import type { ArtifactRow } from '../store/artifacts.ts';
import type { IoType } from '../store/tasks.ts';
import { TaskError } from './errors.ts';
import { selectValue } from './expressions.ts';
import { resolveConstant, type Names } from './placeholders.ts';
import type { BoundArtifacts, BoundParameter, TaskIo } from './taskIo.ts';
import { toInputType } from './values.ts';

/** A sibling that has ended. */
export interface EndedTask {
  readonly name: string;
  readonly iteration: number | null;
  readonly isLoop: boolean;
  readonly state: 'SUCCEEDED' | 'FAILED' | 'SKIPPED' | 'CACHED';
  readonly error: string | null;
  readonly outputs: TaskIo;
}

/** The DAG that a task is in. */
export interface Scope {
  readonly inputs: TaskIo;
  /** `undefined` when it has no such task or the task hasn't ended. */
  ended(key: string): EndedTask | undefined;
}

/** Throws TaskError. Inputs of the component that got no value and may have none are left out. */
export function resolveInputs(task: Task, component: Component, scope: Scope, names: Names): TaskIo {
  const parameters = new Map<string, BoundParameter>();
  const constants: string[] = [];
  const absent = new Map<string, string>();
  for (const { name, source, selector } of task.inputs.parameters) {
    const bound = resolveParameter(name, source, scope, names);
    if (!bound) {
      absent.set(name, whyAbsent(source, scope));
      continue;
    }
    if (source.kind === 'constant') constants.push(name);
    parameters.set(
      name,
      selector === undefined ? bound : { ...bound, value: selectValue(selector, bound.value) },
    );
  }
  // A constant may quote the task's other inputs (an f-string in the source).
  for (const name of constants) {
    const bound = parameters.get(name);
    if (bound) parameters.set(name, { ...bound, value: resolveConstant(bound.value, parameters, names) });
  }
  const artifacts = new Map<string, BoundArtifacts>();
  for (const { name, source } of task.inputs.artifacts) {
    const bound = resolveArtifacts(name, source, scope);
    if (bound) artifacts.set(name, bound);
    else absent.set(name, whyAbsent(source, scope));
  }
  return checkInputs(task, component, { parameters, artifacts }, absent);
}

/** Fills in defaults, checks types and literals. Also for the root, whose parameters come with the run. */
export function checkInputs(
  task: Task | undefined,
  component: Component,
  io: TaskIo,
  absent: ReadonlyMap<string, string> = new Map(),
): TaskIo {
  const isDag = component.implementation.kind === 'dag';
  const parameters = new Map<string, BoundParameter>();
  const declared = new Set<string>();
  for (const input of component.inputs.parameters) {
    declared.add(input.name);
    // Given to each iteration, not to the loop.
    if (task?.iterator?.kind === 'parameter' && task.iterator.itemInput === input.name) continue;
    const bound = io.parameters.get(input.name);
    if (bound && bound.value !== null) {
      const value = toInputType(input.name, input.type, bound.value);
      if (input.literals.length > 0 && !input.literals.some((literal) => literal === value)) {
        throw new TaskError(
          'input',
          `Its input ${input.name} should be one of ${input.literals.map((one) => JSON.stringify(one)).join(', ')}.`,
        );
      }
      parameters.set(input.name, { ...bound, value });
    } else if (input.defaultValue !== undefined) {
      parameters.set(input.name, { value: input.defaultValue, type: 'COMPONENT_DEFAULT_INPUT' });
    } else if (input.isOptional) {
      // Tasks inside a DAG may ask for it; a step's own default is inside the step.
      if (isDag) parameters.set(input.name, { value: null, type: 'COMPONENT_DEFAULT_INPUT' });
    } else if (input.type !== 'TASK_CONFIG') {
      throw new TaskError(
        'input',
        `Its input ${input.name} ${absent.get(input.name) ?? 'has no value and no default'}.`,
      );
    }
  }
  // Inputs that only quote into others (pipelinechannel--…) aren't declared by the component.
  for (const [name, bound] of io.parameters) {
    if (!declared.has(name) && bound.value !== null) parameters.set(name, bound);
  }
  for (const { name, isOptional } of component.inputs.artifacts) {
    if (task?.iterator?.kind === 'artifact' && task.iterator.itemInput === name) continue;
    if (!isOptional && !io.artifacts.has(name)) {
      throw new TaskError('input', `Its input artifact ${name} ${absent.get(name) ?? 'is missing'}.`);
    }
  }
  return { parameters, artifacts: io.artifacts };
}

/** The end of a sentence that begins with the input. */
function whyAbsent(source: ParameterSource | ArtifactSource, scope: Scope): string {
  if (source.kind !== 'taskOutput') return 'has no value and no default';
  const state = scope.ended(source.producerTask)?.state;
  const why =
    state === 'SKIPPED' ? 'was skipped' : state === 'FAILED' ? 'failed' : `has no output ${source.outputKey}`;
  return `should come from the task ${source.producerTask}, which ${why}`;
}

function resolveParameter(
  name: string,
  source: ParameterSource,
  scope: Scope,
  names: Names,
): BoundParameter | undefined {
  switch (source.kind) {
    case 'constant':
      return { value: source.value, type: 'RUNTIME_VALUE_INPUT' };
    case 'componentInput': {
      const value = scope.inputs.parameters.get(source.name)?.value;
      return value === undefined || value === null ? undefined : { value, type: 'COMPONENT_INPUT' };
    }
    case 'taskOutput': {
      const producer = scope.ended(source.producerTask);
      const bound = producer?.outputs.parameters.get(source.outputKey);
      if (!producer || !bound) return undefined;
      return { value: bound.value, ...origin(producer) };
    }
    case 'taskFinalStatus': {
      const producer = scope.ended(source.producerTask);
      if (!producer) throw new TaskError('input', `Its input ${name} asks for a task that hasn't ended.`);
      return {
        value: finalStatus(producer, names),
        type: 'TASK_FINAL_STATUS_OUTPUT',
        producer: { taskName: producer.name },
      };
    }
    case 'missing':
      throw new TaskError('input', `Its input ${name} has no known source in the document.`);
  }
}

function resolveArtifacts(name: string, source: ArtifactSource, scope: Scope): BoundArtifacts | undefined {
  switch (source.kind) {
    case 'componentInput': {
      const bound = scope.inputs.artifacts.get(source.name);
      return bound && { items: bound.items, type: 'COMPONENT_INPUT' };
    }
    case 'taskOutput': {
      const producer = scope.ended(source.producerTask);
      const bound = producer?.outputs.artifacts.get(source.outputKey);
      return producer && bound && { items: bound.items, ...origin(producer) };
    }
    case 'missing':
      throw new TaskError('input', `Its input artifact ${name} has no known source in the document.`);
  }
}

function origin(producer: EndedTask): { type: IoType; producer: { taskName: string; iteration?: number } } {
  return {
    type: producer.isLoop ? 'COLLECTED_INPUTS' : 'TASK_OUTPUT_INPUT',
    producer: {
      taskName: producer.name,
      ...(producer.iteration === null ? {} : { iteration: producer.iteration }),
    },
  };
}

/** PipelineTaskFinalStatus as protojson. */
function finalStatus(producer: EndedTask, names: Names): JsonValue {
  const failed = producer.state === 'FAILED';
  return {
    state: producer.state === 'CACHED' ? 'SUCCEEDED' : producer.state,
    pipelineJobResourceName: names.jobResourceName,
    pipelineTaskName: producer.name,
    error: failed ? { code: 1, message: producer.error ?? `Task ${producer.name} failed.` } : {},
  };
}

/** What a DAG gives out; outputs whose producers didn't run are left out. */
export function dagOutputs(
  outputs: {
    readonly parameters: readonly DagOutputParameter[];
    readonly artifacts: readonly DagOutputArtifact[];
  },
  scope: Scope,
  type: IoType,
): TaskIo {
  const parameters = new Map<string, BoundParameter>();
  for (const { name, kind, selectors } of outputs.parameters) {
    const selected = first(selectors, ({ producerTask, outputKey }) =>
      scope.ended(producerTask)?.outputs.parameters.get(outputKey),
    );
    if (selected) {
      parameters.set(name, {
        value: selected.found.value,
        type: kind === 'oneOf' ? 'ONE_OF_OUTPUT' : type,
        producer: { taskName: selected.selector.producerTask },
      });
    }
  }
  const artifacts = new Map<string, BoundArtifacts>();
  for (const { name, selectors } of outputs.artifacts) {
    const selected = first(selectors, ({ producerTask, outputKey }) =>
      scope.ended(producerTask)?.outputs.artifacts.get(outputKey),
    );
    if (selected) {
      artifacts.set(name, {
        items: selected.found.items,
        type: selectors.length > 1 ? 'ONE_OF_OUTPUT' : type,
        producer: { taskName: selected.selector.producerTask },
      });
    }
  }
  return { parameters, artifacts };
}

/** A loop's outputs: lists in the order of its iterations; nested loops nest parameters and flatten artifacts. */
export function loopOutputs(component: Component, iterations: readonly TaskIo[]): TaskIo {
  const parameters = new Map<string, BoundParameter>();
  for (const { name } of component.outputs.parameters) {
    const value = iterations.flatMap((one) => {
      const bound = one.parameters.get(name);
      return bound ? [bound.value] : [];
    });
    parameters.set(name, { value, type: 'OUTPUT' });
  }
  const artifacts = new Map<string, BoundArtifacts>();
  for (const { name } of component.outputs.artifacts) {
    const items: ArtifactRow[] = iterations.flatMap((one) => one.artifacts.get(name)?.items ?? []);
    artifacts.set(name, { items, type: 'OUTPUT' });
  }
  return { parameters, artifacts };
}

function first<T>(
  selectors: readonly OutputSelector[],
  find: (selector: OutputSelector) => T | undefined,
): { readonly selector: OutputSelector; readonly found: T } | undefined {
  for (const selector of selectors) {
    const found = find(selector);
    if (found !== undefined) return { selector, found };
  }
  return undefined;
}
