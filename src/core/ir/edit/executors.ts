/** What a step runs and with what: container, resources, Kubernetes settings. Those belong to executors. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { executorOf, freeLabel, kubernetesOf, putExecutor, putKubernetes } from './components.ts';
import type { Draft } from './draft.ts';
import { editing, tasksText, type GestureOf } from './edits.ts';
import { objectAt, textAt, withoutValue, withValue } from './jsonPath.ts';
import { refuse } from './refusal.ts';
import { usersOf } from './removal.ts';
import { withComponent } from './tasks.ts';

export const executorEdits = {
  setContainer: editing((draft, gesture: GestureOf<'setContainer'>) => {
    const { image, command, args, env, tasks } = gesture;
    if (image?.trim() === '') refuse('A container needs an image.');
    for (const label of ownExecutors(draft, tasks)) {
      changeContainer(draft, label, (container) => {
        let result = container;
        if (image !== undefined) result = withValue(result, ['image'], image.trim());
        if (command !== undefined) result = withList(result, 'command', command);
        if (args !== undefined) result = withList(result, 'args', args);
        if (env !== undefined) result = withList(result, 'env', env);
        return result;
      });
    }
    return { title: `Change the container of ${tasksText(draft, tasks)}`, selection: tasks };
  }),
  setResources: editing((draft, { tasks, resources }: GestureOf<'setResources'>) => {
    const json = resources === null ? {} : resourcesJson(resources);
    for (const label of ownExecutors(draft, tasks)) {
      changeContainer(draft, label, (container) =>
        Object.keys(json).length === 0
          ? withoutValue(container, ['resources'])
          : withValue(container, ['resources'], json),
      );
    }
    return { title: `Change the resources of ${tasksText(draft, tasks)}`, selection: tasks };
  }),
  setKubernetes: editing((draft, { tasks, fields }: GestureOf<'setKubernetes'>) => {
    for (const label of ownExecutors(draft, tasks)) {
      let config = kubernetesOf(draft, label);
      for (const [field, value] of Object.entries(fields)) {
        config = isNothing(value) ? withoutValue(config, [field]) : withValue(config, [field], value);
      }
      if (Object.keys(config).length > 0) putKubernetes(draft, label, config);
      else removeKubernetes(draft, label);
    }
    return { title: `Change the Kubernetes settings of ${tasksText(draft, tasks)}`, selection: tasks };
  }),
} as const;

/**
 * The executors of tasks, theirs alone: one that other tasks use too is copied first, with its component. Refuses
 * groups, which have none.
 */
function ownExecutors(draft: Draft, nodeIds: readonly string[]): readonly string[] {
  const id = (component: string, key: string): string => JSON.stringify([component, key]);
  const meant = new Map(
    nodeIds
      .map((nodeId) => [draft.place(nodeId), nodeId] as const)
      .map(([place]) => [id(place.parent, place.key), place]),
  );
  const byLabel = new Map<string, string[]>();
  for (const { parent, key } of meant.values()) {
    const component = draft.componentOfTask(parent, key);
    const label = textAt(draft.component(component), 'executorLabel');
    if (label === undefined) refuse(`'${draft.nameOf(parent, key)}' is a group: choose the tasks in it.`);
    byLabel.set(label, [...new Set([...(byLabel.get(label) ?? []), component])]);
  }
  const isMeant = (component: string): boolean =>
    usersOf(draft, component).every((user) => meant.has(id(user.component, user.key)));
  return [...byLabel].map(([label, components]) => {
    const all = componentsWith(draft, label);
    if (all.every((component) => isMeant(component))) return label;
    const copy = freeLabel(draft, label);
    putExecutor(draft, copy, executorOf(draft, label));
    const config = kubernetesOf(draft, label);
    if (Object.keys(config).length > 0) putKubernetes(draft, copy, config);
    for (const component of components) {
      const json = withValue(draft.component(component), ['executorLabel'], copy);
      if (isMeant(component)) {
        draft.putComponent(component, json);
        continue;
      }
      const name = draft.freeComponentName(component);
      draft.putComponent(name, json);
      for (const { parent, key } of meant.values()) {
        const task = draft.task(parent, key);
        if (draft.componentOfTask(parent, key) === component)
          draft.putTask(parent, key, withComponent(task, name));
      }
    }
    return copy;
  });
}

function componentsWith(draft: Draft, label: string): readonly string[] {
  return Object.entries(objectAt(draft.spec.pipeline, 'components'))
    .filter(([, component]) => textAt(component, 'executorLabel') === label)
    .map(([name]) => name);
}

function changeContainer(draft: Draft, label: string, change: (container: JsonObject) => JsonObject): void {
  const executor = executorOf(draft, label);
  if (!isJsonObject(executor['container'])) refuse('Only a step that runs a container has this.');
  putExecutor(draft, label, withValue(executor, ['container'], change(executor['container'])));
}

function withList(container: JsonObject, key: string, list: readonly JsonValue[]): JsonObject {
  return list.length === 0 ? withoutValue(container, [key]) : withValue(container, [key], list);
}

function isNothing(value: JsonValue): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function removeKubernetes(draft: Draft, label: string): void {
  const { platforms } = draft.spec;
  if (platforms === undefined) return;
  const rest = withoutValue(platforms, ['kubernetes', 'deploymentSpec', 'executors', label]);
  draft.spec = { ...draft.spec, platforms: Object.keys(rest).length === 0 ? undefined : rest };
}

type Resources = NonNullable<GestureOf<'setResources'>['resources']>;

/** As the SDK writes them: quantities, and for older backends the old twins in cores and gigabytes. */
function resourcesJson(resources: Resources): JsonObject {
  const json: Record<string, JsonValue> = {};
  for (const [name, value] of [
    ['Limit', resources.cpuLimit],
    ['Request', resources.cpuRequest],
  ] as const) {
    if (value === undefined || value === '') continue;
    json[`resourceCpu${name}`] = value;
    if (isPlaceholder(value)) continue;
    if (!/^(?:\d*\.)?\d+m?$/.test(value))
      refuse(`'${value}' is no amount of CPU: write cores (2, 0.5) or millicores (500m).`);
    json[`cpu${name}`] = value.endsWith('m') ? Number(value.slice(0, -1)) / 1000 : Number(value);
  }
  for (const [name, value] of [
    ['Limit', resources.memoryLimit],
    ['Request', resources.memoryRequest],
  ] as const) {
    if (value === undefined || value === '') continue;
    json[`resourceMemory${name}`] = value;
    if (!isPlaceholder(value)) json[`memory${name}`] = gigabytes(value);
  }
  const { accelerator } = resources;
  if (accelerator === undefined || accelerator.type === '') return json;
  const { type, count } = accelerator;
  if (!isPlaceholder(count) && !/^\d+$/.test(count))
    refuse('The number of accelerators must be a whole number.');
  json['accelerator'] = {
    ...(isPlaceholder(count) ? {} : { count }),
    resourceCount: count,
    resourceType: type,
    ...(isPlaceholder(type) ? {} : { type }),
  };
  return json;
}

function isPlaceholder(value: string): boolean {
  return value.includes('{{$');
}

const unitPowers = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

function gigabytes(quantity: string): number {
  const [, amount, unit = '', binary] = /^(\d+)([KMGTPE]?)(i?)$/.exec(quantity) ?? [];
  if (amount === undefined || (binary === 'i' && unit === '')) {
    refuse(`'${quantity}' is no amount of memory: write for example 512Mi, 2Gi or 4G.`);
  }
  return (Number(amount) * (binary === 'i' ? 1024 : 1000) ** unitPowers.indexOf(unit)) / 1e9;
}
