import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { inputPort, outputPort, sectionOf, type PortKind, type PortType } from './ports.ts';
import { refuse } from './refusal.ts';
import { freeName, splitId } from './scope.ts';
import type { Spec } from './spec.ts';
import { writeSource, type InputSource, type TaskInput } from './sources.ts';
import {
  isEqual,
  objectAt,
  textAt,
  textsAt,
  valueAt,
  withValue,
  withoutValue,
  type JsonPath,
} from './jsonPath.ts';

export type GroupKind = 'dag' | 'loop' | 'branches' | 'condition' | 'exitHandler';

/** Of a task that is not there, or names none: no component has this name, while '' is the root's. */
const noComponent = '\u0000';

/** A group where it stands: its dag's component, and the task that opens it. */
export interface OpenGroup {
  /** Component name; `root` is ''. */
  readonly inside: string;
  /** Undefined for the pipeline itself. */
  readonly opener: { readonly parent: string; readonly key: string } | undefined;
}

/**
 * A spec while an edit works on it, in the words of the format: components by name (the root's is ''), tasks by key.
 * The spec itself is never changed; `spec` is the newest.
 */
export class Draft {
  spec: Spec;
  #uses: ReadonlyMap<string, number> | undefined;

  constructor(spec: Spec) {
    this.spec = spec;
  }

  component(name: string): JsonObject {
    return name === ''
      ? objectAt(this.spec.pipeline, 'root')
      : objectAt(this.spec.pipeline, 'components', name);
  }

  putComponent(name: string, component: JsonObject): void {
    this.#set(withValue(this.spec.pipeline, name === '' ? ['root'] : ['components', name], component));
  }

  removeComponent(name: string): void {
    this.#set(withoutValue(this.spec.pipeline, ['components', name], 1));
  }

  hasComponent(name: string): boolean {
    return Object.hasOwn(objectAt(this.spec.pipeline, 'components'), name);
  }

  /** A name for a new component: `wish`, or with a number. */
  freeComponentName(wish: string): string {
    return freeName(wish, (name) => this.hasComponent(name));
  }

  isDag(component: string): boolean {
    return isJsonObject(valueAt(this.component(component), 'dag'));
  }

  tasks(component: string): JsonObject {
    return objectAt(this.component(component), 'dag', 'tasks');
  }

  hasTask(component: string, key: string): boolean {
    return Object.hasOwn(this.tasks(component), key);
  }

  task(component: string, key: string): JsonObject {
    return objectAt(this.tasks(component), key);
  }

  putTask(component: string, key: string, task: JsonObject): void {
    this.putComponent(component, put(this.component(component), ['dag', 'tasks', key], task));
  }

  removeTask(component: string, key: string): void {
    this.#putTasks(component, withoutValue(this.tasks(component), [key]));
  }

  /** Many at once: of a large dag, each change copies the list of tasks. */
  removeTasks(component: string, keys: ReadonlySet<string>): void {
    const rest = Object.entries(this.tasks(component)).filter(([key]) => !keys.has(key));
    this.#putTasks(component, Object.fromEntries(rest));
  }

  addTasks(component: string, tasks: ReadonlyMap<string, JsonObject>): void {
    this.#putTasks(component, Object.fromEntries([...Object.entries(this.tasks(component)), ...tasks]));
  }

  /** The component that a task runs or opens. */
  componentOfTask(component: string, key: string): string {
    const name = textAt(this.task(component, key), 'componentRef', 'name') ?? '';
    return name === '' ? noComponent : name;
  }

  /** How many tasks of the file refer to the component. */
  uses(component: string): number {
    this.#uses ??= countUses(this.spec.pipeline);
    return this.#uses.get(component) ?? 0;
  }

  putInput(component: string, key: string, input: string, kind: PortKind, json: JsonObject): void {
    this.putTask(component, key, put(this.task(component, key), ['inputs', sectionOf(kind), input], json));
  }

  setSource(component: string, key: string, input: TaskInput, source: InputSource): void {
    this.putInput(component, key, input.name, input.port, writeSource(input.port, source, input.selector));
  }

  removeInput(component: string, key: string, { name, port }: Pick<TaskInput, 'name' | 'port'>): void {
    this.putTask(component, key, withoutValue(this.task(component, key), ['inputs', sectionOf(port), name]));
  }

  dependencies(component: string, key: string): readonly string[] {
    return textsAt(this.task(component, key), 'dependentTasks');
  }

  /** Sorted, as the SDK writes them, unless they stand in an order of their own. */
  setDependencies(component: string, key: string, tasks: readonly string[]): void {
    const before = this.dependencies(component, key);
    const unique = [...new Set(tasks)];
    const isSorted = before.every((task, i) => i === 0 || (before[i - 1] ?? '') <= task);
    if (isSorted) unique.sort((a, b) => (a < b ? -1 : 1));
    const task = this.task(component, key);
    const after =
      unique.length === 0 ? withoutValue(task, ['dependentTasks']) : put(task, ['dependentTasks'], unique);
    this.putTask(component, key, after);
  }

  addDependency(component: string, key: string, upstream: string): void {
    const before = this.dependencies(component, key);
    if (!before.includes(upstream)) this.setDependencies(component, key, [...before, upstream]);
  }

  /** The output as the dag around the task sees it: of a loop a list. */
  outputOf(component: string, key: string, output: string): PortType | undefined {
    const port = outputPort(this.component(this.componentOfTask(component, key)), output);
    // SDKs before 2.1 declare what one round makes.
    const isLoop = kindOf(this, component, key) === 'loop';
    if (port === undefined || !isLoop) return port;
    return port.kind === 'parameter' ? { ...port, type: 'LIST' } : { ...port, isList: true };
  }

  /** What a task's input is declared to take. */
  inputOf(component: string, key: string, input: string): PortType | undefined {
    return inputPort(this.component(this.componentOfTask(component, key)), input);
  }

  /** The type of what an input of a task in `component` reads; undefined for constants and what is not there. */
  sourceType(component: string, source: InputSource): PortType | undefined {
    if (source.kind === 'componentInput') return inputPort(this.component(component), source.name);
    if (source.kind === 'taskOutput') return this.outputOf(component, source.task, source.output);
    return undefined;
  }

  /** The group of a node id; refuses when there is none. */
  group(id: string): OpenGroup {
    let group: OpenGroup = { inside: '', opener: undefined };
    if (id === '') return group;
    for (const key of id.split('/')) {
      const parent = group.inside;
      if (!this.hasTask(parent, key)) refuse(`There is no task '${id}' any more.`);
      group = { inside: this.componentOfTask(parent, key), opener: { parent, key } };
    }
    return group;
  }

  /** Where a task stands; refuses when there is none. */
  place(id: string): { readonly parent: string; readonly key: string } {
    const { opener } = this.group(id);
    return opener ?? refuse('The pipeline itself is not a task.');
  }

  /** As people know the task. */
  nameOf(component: string, key: string): string {
    return textAt(this.task(component, key), 'taskInfo', 'name') ?? key;
  }

  #putTasks(component: string, tasks: JsonObject): void {
    this.putComponent(component, withValue(this.component(component), ['dag', 'tasks'], tasks));
  }

  #set(pipeline: JsonObject): void {
    if (pipeline === this.spec.pipeline) return;
    this.spec = { ...this.spec, pipeline };
    this.#uses = undefined;
  }
}

/** The SDK names its groups; nothing else in the format tells them apart. Undefined for tasks that open nothing. */
export function kindOf(draft: Draft, component: string, key: string): GroupKind | undefined {
  const task = draft.task(component, key);
  if (!draft.isDag(draft.componentOfTask(component, key))) return undefined;
  if (Object.hasOwn(task, 'parameterIterator') || Object.hasOwn(task, 'artifactIterator')) return 'loop';
  if (/^condition-branches-\d+$/.test(key)) return 'branches';
  if (/^exit-handler-\d+$/.test(key)) return 'exitHandler';
  return (textAt(task, 'triggerPolicy', 'condition') ?? '') === '' ? 'dag' : 'condition';
}

/** The node ids of tasks of one dag as its group and their keys; refuses tasks of several. */
export function siblings(ids: readonly string[]): {
  readonly group: string;
  readonly keys: readonly string[];
} {
  const places = ids.map(splitId);
  const group = places[0]?.group ?? '';
  if (places.some((place) => place.group !== group)) refuse('Choose tasks that stand in the same group.');
  return { group, keys: [...new Set(places.map(({ key }) => key))] };
}

/** Of parameters and artifacts. */
export function inputNames(component: JsonObject): ReadonlySet<string> {
  return namesOf(objectAt(component, 'inputDefinitions'));
}

/** Of parameters and artifacts. */
export function outputNames(component: JsonObject): ReadonlySet<string> {
  return namesOf(objectAt(component, 'outputDefinitions'));
}

function namesOf(definitions: JsonObject): ReadonlySet<string> {
  return new Set(
    (['parameters', 'artifacts'] as const).flatMap((section) => Object.keys(objectAt(definitions, section))),
  );
}

function countUses(pipeline: JsonObject): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const components: readonly (JsonValue | undefined)[] = [
    pipeline['root'],
    ...Object.values(objectAt(pipeline, 'components')),
  ];
  for (const component of components) {
    for (const task of Object.values(objectAt(component, 'dag', 'tasks'))) {
      const name = textAt(task, 'componentRef', 'name') ?? '';
      uses.set(name, (uses.get(name) ?? 0) + 1);
    }
  }
  return uses;
}

/** Equal values stay the object that they are. */
function put(object: JsonObject, path: JsonPath, value: JsonValue): JsonObject {
  return isEqual(valueAt(object, ...path), value) ? object : withValue(object, path, value);
}
