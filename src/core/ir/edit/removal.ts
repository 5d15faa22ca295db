/** Taking tasks, inputs and outputs away with everything that hangs on them. */
import type { JsonObject } from '../../base/json.ts';
import { childId } from '../graph.ts';
import { addSelectors, itemInputOf, type Opener } from './channels.ts';
import { boundInputs } from './components.ts';
import { dagOutputs, removeDagOutput } from './controlFlow/dagOutputs.ts';
import { mapPlatformSources } from './controlFlow/platformSources.ts';
import { dropDependency, dropUnusedChannels, ownReads } from './controlFlow/unused.ts';
import { kindOf, type Draft } from './draft.ts';
import { objectAt, textAt, withoutValue } from './jsonPath.ts';
import { sectionOf } from './ports.ts';
import { refuse } from './refusal.ts';
import { splitId } from './scope.ts';
import { inputsOf, type TaskInput } from './sources.ts';

/** A task by the component of its dag and its key. */
export interface TaskAt {
  readonly component: string;
  readonly key: string;
}

/** Every task of the file that refers to a component. */
export function usersOf(draft: Draft, component: string): readonly TaskAt[] {
  return dagNames(draft).flatMap((name) =>
    Object.keys(draft.tasks(name))
      .filter((key) => draft.componentOfTask(name, key) === component)
      .map((key) => ({ component: name, key })),
  );
}

/** The groups with tasks that use a component, each component that is a dag opened once. */
export function groupsOf(draft: Draft, component: string): readonly string[] {
  const groups = new Map([['', '']]);
  for (const [inside, id] of groups) {
    for (const key of Object.keys(draft.tasks(inside))) {
      const inner = draft.componentOfTask(inside, key);
      if (draft.isDag(inner) && !groups.has(inner)) groups.set(inner, childId(id, key));
    }
  }
  return usersOf(draft, component).flatMap((user) => groups.get(user.component) ?? []);
}

/** The components that are dags; the root is ''. */
function dagNames(draft: Draft): readonly string[] {
  const names = Object.keys(objectAt(draft.spec.pipeline, 'components'));
  return ['', ...names.filter((name) => draft.isDag(name))];
}

/** Removes tasks by node id; a group that has none left goes with them. */
export function removeTasks(draft: Draft, nodeIds: readonly string[]): void {
  const outermost = nodeIds.filter((id) => !nodeIds.some((other) => id.startsWith(`${other}/`)));
  for (const id of new Set(outermost)) {
    const { parent, key } = draft.place(id);
    const { group } = splitId(id);
    const sources = inputsOf(draft.task(parent, key));
    removeTask(draft, { component: parent, key }, new Set(outermost.map((other) => splitId(other).key)));
    if (!groupStands(draft, group)) continue;
    dropUnusedChannels(draft, group);
    for (const { source } of sources) {
      if (source.kind === 'taskOutput') dropUnusedInside(draft, childId(group, source.task));
    }
  }
}

function groupStands(draft: Draft, group: string): boolean {
  let inside = '';
  for (const key of group === '' ? [] : group.split('/')) {
    if (!draft.hasTask(inside, key)) return false;
    inside = draft.componentOfTask(inside, key);
  }
  return true;
}

/** `going`: tasks that are removed as well, which need nothing any more. */
function removeTask(draft: Draft, { component, key }: TaskAt, going: ReadonlySet<string>): void {
  for (const other of Object.keys(draft.tasks(component))) {
    if (other === key) continue;
    const at = { component, key: other };
    for (const input of inputsOf(draft.task(component, other))) {
      const { source } = input;
      const reads = source.kind === 'taskOutput' || source.kind === 'finalStatus';
      if (reads && source.task === key) removeSource(draft, at, input, going.has(other));
    }
    mapPlatformSources(draft, component, other, (source) => {
      if (source.kind === 'taskOutput' && source.task === key && !going.has(other)) {
        refuse(
          `The Kubernetes settings of '${draft.nameOf(component, other)}' need '${key}': change them first.`,
        );
      }
      return source;
    });
    const before = draft.dependencies(component, other);
    if (!before.includes(key)) continue;
    const after = before.filter((task) => task !== key);
    draft.setDependencies(component, other, after);
    if (after.length > 0) continue;
    // Without anything to wait for there is nothing that could fail before.
    const task = withoutValue(draft.task(component, other), ['triggerPolicy', 'strategy']);
    draft.putTask(component, other, task);
  }
  for (const output of dagOutputs(draft.component(component))) {
    const rest = output.from.filter(({ task }) => task !== key);
    if (rest.length === output.from.length) continue;
    if (rest.length > 0) addSelectors(draft, component, output.name, output.kind, rest);
    else removeOutput(draft, component, output.name);
  }
  draft.removeTask(component, key);
  if (component === '' || Object.keys(draft.tasks(component)).length > 0) return;
  for (const user of usersOf(draft, component)) removeTask(draft, user, going);
}

/** Takes an output of a dag away, and the inputs that read it. */
export function removeOutput(draft: Draft, component: string, name: string): void {
  const output = dagOutputs(draft.component(component)).find((one) => one.name === name);
  if (output !== undefined) removeDagOutput(draft, component, output);
  for (const user of usersOf(draft, component)) dropReaders(draft, user, name);
}

/** Takes away what reads an output of a task. */
export function dropReaders(draft: Draft, { component, key }: TaskAt, output: string): void {
  for (const reader of Object.keys(draft.tasks(component))) {
    const at = { component, key: reader };
    for (const input of inputsOf(draft.task(component, reader))) {
      const { source } = input;
      if (source.kind === 'taskOutput' && source.task === key && source.output === output) {
        removeSource(draft, at, input, false);
        dropDependency(draft, { parent: component, key: reader }, key);
      }
    }
  }
  for (const made of dagOutputs(draft.component(component))) {
    const rest = made.from.filter((from) => from.task !== key || from.output !== output);
    if (rest.length === made.from.length) continue;
    if (rest.length > 0) addSelectors(draft, component, made.name, made.kind, rest);
    else removeOutput(draft, component, made.name);
  }
}

/** Takes an input's source away; what a group's condition or loop needs cannot go. */
function removeSource(draft: Draft, at: TaskAt, input: TaskInput, isGoing: boolean): void {
  const opener = { parent: at.component, key: at.key };
  const kind = kindOf(draft, at.component, at.key);
  if (!isGoing && neededInputs(draft, opener).includes(input.name)) {
    const name = draft.nameOf(at.component, at.key);
    const what =
      kind === 'loop'
        ? 'loops over it'
        : kind === undefined
          ? 'needs it for its resources'
          : 'needs it for its condition';
    refuse(`'${name}' ${what}: change or delete '${name}' first.`);
  }
  removeFrom(draft, at, input);
  const inside = draft.componentOfTask(at.component, at.key);
  // A compiler's group cannot run without what it passes in; a sub-pipeline keeps its input, to be given another value.
  if (kind === undefined || kind === 'dag' || isGoing) return;
  removeInput(draft, inside, input.name);
}

/** Inputs that a task cannot be without: its condition, the list of its loop, what its resources are made of. */
export function neededInputs(draft: Draft, opener: Opener): readonly string[] {
  return [
    ...ownReads(draft, opener),
    ...boundInputs(draft, draft.componentOfTask(opener.parent, opener.key)),
  ];
}

/** An input of a task, and the constants that are built of it. */
export function removeFrom(
  draft: Draft,
  { component, key }: TaskAt,
  input: Pick<TaskInput, 'name' | 'port'>,
): void {
  draft.removeInput(component, key, input);
  for (const other of inputsOf(draft.task(component, key))) {
    const { source } = other;
    if (source.kind !== 'constant' || typeof source.value !== 'string') continue;
    const placeholders = source.value.matchAll(/\{\{\$\.inputs\.parameters\[['"](.*?)['"]\]/g);
    if ([...placeholders].some(([, name]) => name === input.name)) draft.removeInput(component, key, other);
  }
}

/** Takes an input of a dag away, with what reads it inside. */
export function removeInput(draft: Draft, component: string, name: string): void {
  for (const key of Object.keys(draft.tasks(component))) {
    for (const input of inputsOf(draft.task(component, key))) {
      if (input.source.kind !== 'componentInput' || input.source.name !== name) continue;
      removeSource(draft, { component, key }, input, false);
    }
  }
  for (const { component: parent, key } of usersOf(draft, component)) {
    const task = draft.task(parent, key);
    if (itemInputOf(task) === name || neededInputs(draft, { parent, key }).includes(name)) {
      refuse(`'${draft.nameOf(parent, key)}' needs this input for its loop or condition.`);
    }
    for (const input of inputsOf(task)) {
      if (input.name !== name) continue;
      removeFrom(draft, { component: parent, key }, input);
      if (input.source.kind === 'taskOutput') dropDependency(draft, { parent, key }, input.source.task);
    }
  }
  for (const port of ['parameter', 'artifact'] as const) {
    const path = ['inputDefinitions', sectionOf(port), name];
    draft.putComponent(component, withoutValue(draft.component(component), path));
  }
}

/** What a group and the groups in it pass out, and nobody reads any more. */
export function dropUnusedInside(draft: Draft, group: string): void {
  if (!groupStands(draft, group)) return;
  const { inside } = draft.group(group);
  if (!draft.isDag(inside)) return;
  dropUnusedChannels(draft, group);
  for (const key of Object.keys(draft.tasks(inside))) dropUnusedInside(draft, childId(group, key));
}

/** Removes the components, executors and platform settings that `before` reached and nothing reaches now. */
export function dropUnreached(draft: Draft, before: Draft): void {
  const now = reached(draft);
  for (const name of reached(before)) if (!now.has(name)) draft.removeComponent(name);
  const labels = labelsIn(draft);
  let { pipeline, platforms } = draft.spec;
  for (const label of labelsIn(before)) {
    if (labels.has(label)) continue;
    pipeline = withoutValue(pipeline, ['deploymentSpec', 'executors', label], 2);
    platforms =
      platforms === undefined
        ? undefined
        : withoutValue(platforms, ['kubernetes', 'deploymentSpec', 'executors', label]);
  }
  if (platforms !== undefined && Object.keys(platforms).length === 0) platforms = undefined;
  draft.spec = { pipeline, platforms };
}

function reached(draft: Draft): ReadonlySet<string> {
  const names = new Set<string>();
  const queue = [''];
  for (const name of queue) {
    for (const key of Object.keys(draft.tasks(name))) {
      const inner = draft.componentOfTask(name, key);
      if (names.has(inner)) continue;
      names.add(inner);
      queue.push(inner);
    }
  }
  return names;
}

/** Of all components, reached or not. */
function labelsIn(draft: Draft): ReadonlySet<string> {
  const components: JsonObject = objectAt(draft.spec.pipeline, 'components');
  return new Set(Object.values(components).flatMap((component) => textAt(component, 'executorLabel') ?? []));
}
