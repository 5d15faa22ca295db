/** Finding tasks and groups of a Spec by node id, and what refers to what. */
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { childId } from '../graph.ts';
import { objectAt, textAt, valueAt, type JsonPath } from './jsonPath.ts';
import type { Refused, Spec } from './spec.ts';

/** A component that is a DAG: the pipeline's root, or what a group's task opens. */
export interface DagPlace {
  /** Node id of the task that opens it; '' is the pipeline. */
  readonly group: string;
  /** In `pipeline`: `['root']` or `['components', name]`. */
  readonly path: JsonPath;
  readonly component: JsonObject;
  readonly tasks: JsonObject;
}

export interface TaskPlace {
  readonly nodeId: string;
  readonly key: string;
  readonly task: JsonObject;
  readonly dag: DagPlace;
  /** Of the task in `pipeline`. */
  readonly path: JsonPath;
}

/** `reason`: one sentence for people. */
export function refused(reason: string): Refused {
  return { kind: 'refused', reason };
}

/** The group and the key of a node id. */
export function splitId(nodeId: string): { readonly group: string; readonly key: string } {
  const slash = nodeId.lastIndexOf('/');
  return slash === -1
    ? { group: '', key: nodeId }
    : { group: nodeId.slice(0, slash), key: nodeId.slice(slash + 1) };
}

/** By the node id of its group, empty for the root; undefined when there is no such group. */
export function findDag(spec: Spec, group: string): DagPlace | undefined {
  let place = dagPlace(spec, '', ['root']);
  if (group === '') return place;
  for (const key of group.split('/')) {
    if (place === undefined) return undefined;
    const component = textAt(place.tasks, key, 'componentRef', 'name');
    if (component === undefined) return undefined;
    place = dagPlace(spec, childId(place.group, key), ['components', component]);
  }
  return place;
}

function dagPlace(spec: Spec, group: string, path: JsonPath): DagPlace | undefined {
  const component = valueAt(spec.pipeline, ...path);
  if (!isJsonObject(component) || !isJsonObject(component['dag'])) return undefined;
  return { group, path, component, tasks: objectAt(component, 'dag', 'tasks') };
}

/** Undefined when there is no such task. */
export function findTask(spec: Spec, nodeId: string): TaskPlace | undefined {
  const { group, key } = splitId(nodeId);
  const dag = findDag(spec, group);
  if (dag === undefined) return undefined;
  const task = valueAt(dag.tasks, key);
  if (!isJsonObject(task)) return undefined;
  return { nodeId, key, task, dag, path: [...dag.path, 'dag', 'tasks', key] };
}

/** The component a task refers to, with its name. */
export function componentOf(
  spec: Spec,
  task: JsonObject,
): { readonly name: string; readonly component: JsonObject } | undefined {
  const name = textAt(task, 'componentRef', 'name');
  if (name === undefined) return undefined;
  const component = valueAt(spec.pipeline, 'components', name);
  return isJsonObject(component) ? { name, component } : undefined;
}

export interface DagEntry {
  readonly path: JsonPath;
  readonly component: JsonObject;
  readonly tasks: JsonObject;
}

/** The root and every component that is a DAG, each once. */
export function allDags(spec: Spec): readonly DagEntry[] {
  const dags: DagEntry[] = [];
  const add = (path: JsonPath, component: unknown): void => {
    if (!isJsonObject(component) || !isJsonObject(component['dag'])) return;
    dags.push({ path, component, tasks: objectAt(component, 'dag', 'tasks') });
  };
  add(['root'], spec.pipeline['root']);
  for (const [name, component] of Object.entries(objectAt(spec.pipeline, 'components'))) {
    add(['components', name], component);
  }
  return dags;
}

/** `wanted`, or with the next number from 2 on, as the SDK numbers what it calls the same. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(wanted)) return wanted;
  const base = wanted.replace(/-\d+$/, '');
  for (let i = 2; ; i++) if (!isTaken(`${base}-${i}`)) return `${base}-${i}`;
}

/** A name as the SDK makes task keys of it: lower case, digits and dashes. Empty when nothing is left. */
export function taskKey(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 128);
}
