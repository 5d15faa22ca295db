/** Tasks as wholes: add, rename, delete, duplicate. */
import type { JsonObject } from '../../base/json.ts';
import { childId } from '../graph.ts';
import { addSelectors } from './channels.ts';
import { boundInputs, importComponent, exportComponents, type ComponentParts } from './components.ts';
import { dagOutputs } from './controlFlow/dagOutputs.ts';
import { mapPlatformSources } from './controlFlow/platformSources.ts';
import { kindOf, siblings, Draft } from './draft.ts';
import { editing, elsewhere, tasksText, type GestureOf } from './edits.ts';
import type { ComponentDefinition } from './gesture.ts';
import { objectAt, textAt, withKeyRenamed, withValue } from './jsonPath.ts';
import { sectionOf } from './ports.ts';
import { refuse } from './refusal.ts';
import { dropUnreached, removeTasks } from './removal.ts';
import { freeName, splitId, taskKey } from './scope.ts';
import { inputsOf, type InputSource } from './sources.ts';
import { connect } from './wires.ts';

export const taskEdits = {
  addTask: editing((draft, gesture: GestureOf<'addTask'>) => {
    const { inside } = draft.group(gesture.group);
    if (!draft.isDag(inside)) refuse('Tasks can only be put into the pipeline or into a group.');
    const component =
      'existing' in gesture.component
        ? gesture.component.existing
        : importDefinition(draft, gesture.component.definition);
    if (!draft.hasComponent(component)) refuse(`There is no component '${component}' in this file.`);
    if (boundInputs(draft, component).length > 0) {
      refuse(
        `What '${component}' runs on comes from inputs of its task: duplicate or copy the task instead.`,
      );
    }
    if (reaches(draft, component, inside)) refuse('A sub-pipeline cannot contain itself.');
    const wish = gesture.name ?? component.replace(/^comp-/, '').replace(/-\d+$/, '');
    const base = taskKey(wish);
    const key = freeName(base === '' ? 'task' : base, (name) => draft.hasTask(inside, name));
    const isGroup = draft.isDag(component);
    draft.putTask(inside, key, {
      ...(isGroup ? {} : { cachingOptions: { enableCache: true } }),
      componentRef: { name: component },
      taskInfo: { name: gesture.name === undefined || taskKey(wish) === wish ? key : wish },
    });
    const nodeId = childId(gesture.group, key);
    for (const [input, source] of Object.entries(gesture.inputs ?? {})) connect(draft, nodeId, input, source);
    const { feeds } = gesture;
    if (feeds !== undefined) {
      connect(draft, feeds.task, feeds.input, { kind: 'taskOutput', task: nodeId, output: feeds.output });
    }
    return { title: `Add ${draft.nameOf(inside, key)}${elsewhere(draft, inside)}`, selection: [nodeId] };
  }),
  rename: editing((draft, gesture: GestureOf<'rename'>) => {
    const { parent, key } = draft.place(gesture.task);
    const name = gesture.name.trim();
    const before = draft.nameOf(parent, key);
    const title = `Rename ${before} to ${name}${elsewhere(draft, parent)}`;
    if (name === '') refuse('A task needs a name.');
    if (name === before) refuse(`It is called '${name}' already.`);
    const newKey = taskKey(name);
    draft.putTask(parent, key, withValue(draft.task(parent, key), ['taskInfo', 'name'], name));
    const { group } = splitId(gesture.task);
    // By their keys the compiler's groups are known for what they are.
    const kind = kindOf(draft, parent, key);
    if ((kind !== undefined && kind !== 'dag') || newKey === key) return { title, selection: [gesture.task] };
    if (newKey === '') refuse('A name needs a letter or a digit from a to z or 0 to 9.');
    if (draft.hasTask(parent, newKey))
      refuse(`There is a task '${newKey}' here already: choose another name.`);
    if (/^(?:condition-branches|exit-handler)-\d+$/.test(newKey))
      refuse('That is what the compiler calls its groups: choose another name.');
    renameKey(draft, parent, key, newKey);
    return {
      title,
      selection: [childId(group, newKey)],
      renames: [{ path: [...dagPath(parent), 'dag', 'tasks'], from: key, to: newKey }],
    };
  }),
  delete: editing((draft, { tasks }: GestureOf<'delete'>) => {
    const before = new Draft(draft.spec);
    const dag = draft.place(tasks[0] ?? '').parent;
    const title = `Delete ${tasksText(draft, tasks)}${elsewhere(draft, dag)}`;
    removeTasks(draft, tasks);
    dropUnreached(draft, before);
    return { title, selection: [] };
  }),
  duplicate: editing((draft, { tasks }: GestureOf<'duplicate'>) => {
    const title = `Duplicate ${tasksText(draft, tasks)}`;
    const { group, keys } = siblings(tasks);
    const { inside } = draft.group(group);
    const copies = new Map<string, string>();
    for (const key of keys) {
      copies.set(
        key,
        freeName(key, (name) => draft.hasTask(inside, name) || [...copies.values()].includes(name)),
      );
    }
    for (const [key, copy] of copies) {
      const component = copyOfGroup(draft, draft.componentOfTask(inside, key));
      const task = withComponent(referringTo(draft.task(inside, key), copies), component);
      draft.putTask(inside, copy, named(task, key, copy));
    }
    return {
      title: title + elsewhere(draft, inside),
      selection: [...copies.values()].map((key) => childId(group, key)),
    };
  }),
} as const;

function importDefinition(draft: Draft, definition: ComponentDefinition): string {
  const { name, component, components = {}, executors, kubernetes = {} } = definition;
  const wish = `comp-${taskKey(name.replace(/^comp-/, '')) || 'task'}`;
  const parts: ComponentParts = { components: { ...components, [wish]: component }, executors, kubernetes };
  return importComponent(draft, parts, wish);
}

/** A group's component once more; other components can be shared. */
function copyOfGroup(draft: Draft, component: string): string {
  if (!draft.isDag(component)) return component;
  return importComponent(draft, exportComponents(draft, [component]), component);
}

export function withComponent(task: JsonObject, component: string): JsonObject {
  return textAt(task, 'componentRef', 'name') === component
    ? task
    : withValue(task, ['componentRef', 'name'], component);
}

/** A copy under its own name; a name that people gave is kept with the number. */
export function named(task: JsonObject, key: string, newKey: string): JsonObject {
  if (key === newKey) return task;
  const name = textAt(task, 'taskInfo', 'name') ?? key;
  const number = /-(\d+)$/.exec(newKey)?.[1] ?? '';
  return withValue(task, ['taskInfo', 'name'], name === key ? newKey : `${name} ${number}`.trim());
}

/** A task that reads from and waits for the tasks of the new keys. */
export function referringTo(task: JsonObject, keys: ReadonlyMap<string, string>): JsonObject {
  let result = task;
  const other = (key: string): string => keys.get(key) ?? key;
  for (const input of inputsOf(task)) {
    const { source } = input;
    if ((source.kind !== 'taskOutput' && source.kind !== 'finalStatus') || !keys.has(source.task)) continue;
    result = withProducer(result, input.port, input.name, source, other(source.task));
  }
  const dependencies = result['dependentTasks'];
  if (!Array.isArray(dependencies)) return result;
  const list = dependencies as readonly JsonObject[string][];
  if (!list.some((key) => typeof key === 'string' && keys.has(key))) return result;
  return withValue(
    result,
    ['dependentTasks'],
    list.map((key) => (typeof key === 'string' ? other(key) : key)),
  );
}

function withProducer(
  task: JsonObject,
  port: 'parameter' | 'artifact',
  input: string,
  source: InputSource,
  producer: string,
): JsonObject {
  const field =
    source.kind === 'finalStatus'
      ? 'taskFinalStatus'
      : port === 'parameter'
        ? 'taskOutputParameter'
        : 'taskOutputArtifact';
  return withValue(task, ['inputs', sectionOf(port), input, field, 'producerTask'], producer);
}

function renameKey(draft: Draft, dag: string, from: string, to: string): void {
  const keys = new Map([[from, to]]);
  for (const key of Object.keys(draft.tasks(dag))) {
    draft.putTask(dag, key, referringTo(draft.task(dag, key), keys));
    mapPlatformSources(draft, dag, key, (source) =>
      source.kind === 'taskOutput' && source.task === from ? { ...source, task: to } : source,
    );
  }
  for (const output of dagOutputs(draft.component(dag))) {
    if (!output.from.some(({ task }) => task === from)) continue;
    const selectors = output.from.map((one) => (one.task === from ? { ...one, task: to } : one));
    addSelectors(draft, dag, output.name, output.kind, selectors);
  }
  draft.putComponent(dag, withKeyRenamed(draft.component(dag), ['dag', 'tasks'], from, to));
}

/** Where a dag's component is in `pipeline`. */
export function dagPath(component: string): readonly string[] {
  return component === '' ? ['root'] : ['components', component];
}

function reaches(draft: Draft, component: string, target: string): boolean {
  if (target === '') return false;
  const seen = new Set([component]);
  for (const name of seen) {
    if (name === target) return true;
    for (const task of Object.values(objectAt(draft.tasks(name)))) {
      const inner = textAt(task, 'componentRef', 'name');
      if (inner !== undefined) seen.add(inner);
    }
  }
  return false;
}
