/** Components that come into a file with what they need: equal ones are one, others get a number. */
import type { JsonObject } from '../../base/json.ts';
import type { Draft } from './draft.ts';
import { isEqual, mapEntries, objectAt, textAt, valueAt, withValue } from './jsonPath.ts';
import { freeName } from './scope.ts';

export interface ComponentParts {
  readonly components: Readonly<Record<string, JsonObject>>;
  /** By label, as the components name them. */
  readonly executors: Readonly<Record<string, JsonObject>>;
  readonly kubernetes: Readonly<Record<string, JsonObject>>;
}

const kubernetesPath = ['kubernetes', 'deploymentSpec', 'executors'] as const;

/** The platform settings of an executor; empty for none. */
export function kubernetesOf(draft: Draft, label: string): JsonObject {
  return objectAt(draft.spec.platforms, ...kubernetesPath, label);
}

/** Replaces the platform settings of an executor. */
export function putKubernetes(draft: Draft, label: string, config: JsonObject): void {
  const path = [...kubernetesPath, label];
  draft.spec = { ...draft.spec, platforms: withValue(draft.spec.platforms ?? {}, path, config) };
}

/** Empty for a label that the file does not have. */
export function executorOf(draft: Draft, label: string): JsonObject {
  return objectAt(draft.spec.pipeline, 'deploymentSpec', 'executors', label);
}

/** Adds the executor, or replaces the one with that label. */
export function putExecutor(draft: Draft, label: string, executor: JsonObject): void {
  const { pipeline } = draft.spec;
  draft.spec = {
    ...draft.spec,
    pipeline: withValue(pipeline, ['deploymentSpec', 'executors', label], executor),
  };
}

/** `wish`, or with a number when an executor has that label. */
export function freeLabel(draft: Draft, wish: string): string {
  const known = objectAt(draft.spec.pipeline, 'deploymentSpec', 'executors');
  return freeName(wish, (label) => Object.hasOwn(known, label));
}

/**
 * Puts the component `name` of `parts` into the file, with what it refers to, and gives the name that it has there.
 * Groups are always made anew: an edit inside one must not show in the other.
 */
export function importComponent(
  draft: Draft,
  parts: ComponentParts,
  name: string,
  known = new Map<string, string>(),
): string {
  const done = known.get(name);
  if (done !== undefined) return done;
  const source = parts.components[name];
  // A component that contains itself, or is not there, stays what it is.
  if (source === undefined) return name;
  known.set(name, name);
  let component = source;
  const label = textAt(component, 'executorLabel');
  const isDag = valueAt(component, 'dag') !== undefined;
  if (isDag) {
    const tasks = mapEntries(objectAt(component, 'dag', 'tasks'), (task) => {
      const inner = textAt(task, 'componentRef', 'name');
      if (inner === undefined) return task;
      const imported = importComponent(draft, parts, inner, known);
      return imported === inner ? task : withValue(objectAt(task), ['componentRef', 'name'], imported);
    });
    component = withValue(component, ['dag', 'tasks'], tasks);
  } else if (label !== undefined) {
    const twin = Object.entries(objectAt(draft.spec.pipeline, 'components')).find(([, other]) =>
      isSame(draft, parts, source, objectAt(other)),
    );
    if (twin !== undefined) {
      known.set(name, twin[0]);
      return twin[0];
    }
    component = withValue(component, ['executorLabel'], importExecutor(draft, parts, label));
  }
  const here = draft.freeComponentName(name);
  draft.putComponent(here, component);
  known.set(name, here);
  return here;
}

/** Equal but for what the executor is called. */
function isSame(draft: Draft, parts: ComponentParts, a: JsonObject, b: JsonObject): boolean {
  const [labelA, labelB] = [textAt(a, 'executorLabel'), textAt(b, 'executorLabel')];
  if (labelA === undefined || labelB === undefined) return false;
  return (
    isEqual(withValue(a, ['executorLabel'], labelB), b) &&
    isEqual(parts.executors[labelA] ?? {}, executorOf(draft, labelB)) &&
    isEqual(parts.kubernetes[labelA] ?? {}, kubernetesOf(draft, labelB))
  );
}

function importExecutor(draft: Draft, parts: ComponentParts, label: string): string {
  const executor = parts.executors[label];
  if (executor === undefined) return label;
  const here = freeLabel(draft, label);
  putExecutor(draft, here, executor);
  const config = parts.kubernetes[label];
  if (config !== undefined) putKubernetes(draft, here, config);
  return here;
}

/**
 * Inputs that a component's executor reads and the component does not declare: the compiler passes what resources and
 * settings are made of to the task alone.
 */
export function boundInputs(draft: Draft, component: string): readonly string[] {
  const label = textAt(draft.component(component), 'executorLabel');
  if (label === undefined) return [];
  const text = JSON.stringify(executorOf(draft, label));
  const declared = objectAt(draft.component(component), 'inputDefinitions', 'parameters');
  const read = [...text.matchAll(/\binputs\.parameters\[(?:'|\\")(pipelinechannel--.*?)(?:'|\\")\]/g)];
  return [...new Set(read.map(([, name = '']) => name))].filter((name) => !Object.hasOwn(declared, name));
}

/** The components that `names` reach in the file, with what they need. */
export function exportComponents(draft: Draft, names: readonly string[]): ComponentParts {
  const components: Record<string, JsonObject> = {};
  const executors: Record<string, JsonObject> = {};
  const kubernetes: Record<string, JsonObject> = {};
  const queue = [...new Set(names)];
  for (const name of queue) {
    if (!draft.hasComponent(name) || Object.hasOwn(components, name)) continue;
    const component = draft.component(name);
    components[name] = component;
    for (const key of Object.keys(draft.tasks(name))) queue.push(draft.componentOfTask(name, key));
    const label = textAt(component, 'executorLabel');
    if (label === undefined) continue;
    executors[label] = executorOf(draft, label);
    const config = kubernetesOf(draft, label);
    if (Object.keys(config).length > 0) kubernetes[label] = config;
  }
  return { components, executors, kubernetes };
}
