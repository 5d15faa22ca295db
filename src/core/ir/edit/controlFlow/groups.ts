/** Sub-pipelines, and moving between groups of any kind. */
import { childId } from '../../graph.ts';
import { Draft, kindOf, siblings } from '../draft.ts';
import { objectAt, textAt, withKeyRenamed, withValue } from '../jsonPath.ts';
import { refusable, refuse } from '../refusal.ts';
import { allDags, freeName, splitId, taskKey } from '../scope.ts';
import type { EditOf } from '../spec.ts';
import type { Opener } from '../channels.ts';
import { checkHolds, describeTasks, edited, isWrapper } from './conditions.ts';
import { unwatch } from './exitHandler.ts';
import { moveIn } from './moveIn.ts';
import { moveOut, removeGroup } from './moveOut.ts';
import { addGroup } from './numbers.ts';
import { dropUnusedChannels } from './unused.ts';

export const groupAsSubPipeline: EditOf<'groupAsSubPipeline'> = (spec, { tasks, name }) =>
  refusable(() => {
    const draft = new Draft(spec);
    const { group, keys } = siblings(tasks);
    checkHolds(draft, group);
    const parent = draft.group(group).inside;
    const wish = taskKey(name);
    if (wish === '') refuse('Give the sub-pipeline a name with letters or digits.');
    const key = freeName(wish, (taken) => draft.hasTask(parent, taken));
    const opener = addGroup(draft, parent, key, {
      name,
      task: { cachingOptions: { enableCache: true } },
    });
    moveIn(draft, opener, keys);
    dropUnusedChannels(draft, group);
    return edited(draft, [childId(group, key)], `Group ${describeTasks(keys)} as ${name}`);
  });

export const unpack: EditOf<'unpack'> = (spec, { group: id }) =>
  refusable(() => {
    const draft = new Draft(spec);
    const opener = draft.place(id);
    const { parent, key } = opener;
    const name = draft.nameOf(parent, key);
    if (kindOf(draft, parent, key) === undefined) refuse(`'${name}' is not a group.`);
    const { group } = splitId(id);
    if (isWrapper(draft, group))
      refuse('A branch cannot be unpacked alone: unpack the whole If, or move its tasks.');
    makePrivate(draft, opener);
    const inside = draft.componentOfTask(parent, key);
    const keys = moveOut(draft, opener, Object.keys(draft.tasks(inside)));
    dissolve(draft, opener, [...keys.values()]);
    dropUnusedChannels(draft, group);
    const selection = [...keys.values()].map((task) => childId(group, task));
    return edited(draft, selection, `Unpack ${name}`);
  });

export const moveTo: EditOf<'moveTo'> = (spec, { tasks, group: target }) =>
  refusable(() => {
    const draft = new Draft(spec);
    const { group: from, keys: first } = siblings(tasks);
    if (from === target) refuse('They are in this group already.');
    if (tasks.some((task) => `${target}/`.startsWith(`${task}/`))) refuse('A group cannot move into itself.');
    checkHolds(draft, from);
    if (isWrapper(draft, target)) refuse('Choose one of the branches to move into.');
    if (target !== '') checkIsGroup(draft, target);
    let at = from;
    let keys: readonly string[] = first;
    const left: string[] = [];
    while (at !== '' && !`${target}/`.startsWith(`${at}/`)) {
      const opener = draft.place(at);
      keys = [...moveOut(draft, opener, keys).values()];
      left.push(at);
      at = splitId(at).group;
    }
    const steps = target
      .slice(at.length)
      .split('/')
      .filter((step) => step !== '');
    for (const step of steps) {
      at = childId(at, step);
      keys = [...moveIn(draft, draft.place(at), keys).values()];
    }
    for (const group of left) dropEmpty(draft, group);
    dropUnusedChannels(draft, from);
    dropUnusedChannels(draft, target);
    const selection = keys.map((key) => childId(target, key));
    const where = target === '' ? 'the pipeline' : splitId(target).key;
    return edited(draft, selection, `Move ${describeTasks(first)} to ${where}`);
  });

export const renameComponent: EditOf<'renameComponent'> = (spec, { component, name }) =>
  refusable(() => {
    const components = objectAt(spec.pipeline, 'components');
    if (!Object.hasOwn(components, component)) refuse(`There is no component '${component}' any more.`);
    if (name === component) refuse('That is its name already.');
    if (Object.hasOwn(components, name)) refuse(`There is a component '${name}' already.`);
    if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) refuse('Use letters, digits and dashes for the name.');
    let pipeline = withKeyRenamed(spec.pipeline, ['components'], component, name);
    for (const { path, tasks } of allDags({ ...spec, pipeline })) {
      for (const [key, task] of Object.entries(tasks)) {
        if (textAt(task, 'componentRef', 'name') !== component) continue;
        pipeline = withValue(pipeline, [...path, 'dag', 'tasks', key, 'componentRef', 'name'], name);
      }
    }
    return {
      kind: 'edited',
      spec: { ...spec, pipeline },
      renames: [{ path: ['components'], from: component, to: name }],
      selection: [],
      title: `Rename ${component} to ${name}`,
    };
  });

function checkIsGroup(draft: Draft, id: string): void {
  const { parent, key } = draft.place(id);
  if (kindOf(draft, parent, key) === undefined) refuse(`'${draft.nameOf(parent, key)}' is not a group.`);
}

/** Other tasks that use the component keep it as it is. */
function makePrivate(draft: Draft, { parent, key }: Opener): void {
  const shared = draft.componentOfTask(parent, key);
  if (draft.uses(shared) <= 1) return;
  const copy = draft.freeComponentName(shared);
  draft.putComponent(copy, draft.component(shared));
  draft.putTask(parent, key, withValue(draft.task(parent, key), ['componentRef', 'name'], copy));
}

function dissolve(draft: Draft, opener: Opener, moved: readonly string[]): void {
  if (kindOf(draft, opener.parent, opener.key) === 'exitHandler') unwatch(draft, opener.parent, opener.key);
  removeGroup(draft, opener, moved);
}

/** A group whose last task has moved out goes, too; a branch that others count on stays, so it must not be empty. */
function dropEmpty(draft: Draft, id: string): void {
  const opener = draft.place(id);
  const inside = draft.componentOfTask(opener.parent, opener.key);
  if (Object.keys(draft.tasks(inside)).length > 0) return;
  const { group } = splitId(id);
  if (isWrapper(draft, group))
    refuse('This is the last task of its branch: delete or unpack the If instead.');
  const isLast = group !== '' && Object.keys(draft.tasks(opener.parent)).length === 1;
  if (isLast && isWrapper(draft, splitId(group).group)) {
    refuse('This is the last task of its branch: delete or unpack the If instead.');
  }
  dissolve(draft, opener, []);
}
