/** If, Elif and Else: groups with a trigger condition, side by side in a `condition-branches` wrapper. */
import { childId } from '../../graph.ts';
import { conditionOf, conjuncts, negated } from './cel.ts';
import { addSelectors, declare, passOut } from '../channels.ts';
import { Draft, kindOf, outputNames, siblings } from '../draft.ts';
import { parseCondition } from '../../conditions.ts';
import { elsewhere } from '../edits.ts';
import { isEqual, textAt, withValue } from '../jsonPath.ts';
import { channelDefinition, describePort, type PortType } from '../ports.ts';
import type { Comparison } from '../gesture.ts';
import { refusable, refuse } from '../refusal.ts';
import { splitId } from '../scope.ts';
import { inputsOf, writeSource } from '../sources.ts';
import type { Edited, EditOf } from '../spec.ts';
import { isPathSegment } from '../../validationContext.ts';
import { moveIn } from './moveIn.ts';
import { addGroup, nextNumber } from './numbers.ts';
import { dropUnusedChannels } from './unused.ts';

export const wrapInIf: EditOf<'wrapInIf'> = (spec, { tasks, condition }) =>
  refusable(() => {
    checkCanDecide(condition, tasks);
    const draft = new Draft(spec);
    const { group, keys } = siblings(tasks);
    checkHolds(draft, group);
    const id = addCondition(draft, group);
    setTrigger(draft, id, conditionOf(draft, id, condition));
    moveIn(draft, draft.place(id), keys);
    dropUnusedChannels(draft, group);
    return edited(draft, [id], `Run ${describeTasks(keys)} only if …`);
  });

export const addBranch: EditOf<'addBranch'> = (spec, { branch, condition, tasks = [] }) =>
  refusable(() => {
    if (tasks.length === 0) refuse('Choose the tasks that go into the new branch: KFP has no empty ones.');
    checkCanDecide(condition, tasks);
    const draft = new Draft(spec);
    const wrapper = wrapperOf(draft, branch);
    const { group, keys } = siblings(tasks);
    if (group !== splitId(wrapper).group) refuse('Choose tasks that stand beside the If.');
    const before = branchesOf(draft, wrapper);
    const last = before.at(-1);
    if (last === undefined || isElse(draft, last, before.length - 1)) {
      refuse('There is an Else already, and nothing can come after it.');
    }
    moveIn(draft, draft.place(wrapper), keys).forEach((key, old) => {
      if (key !== old) refuse(`Rename '${old}': there is a group of that name beside it.`);
    });
    const id = addCondition(draft, wrapper);
    const earlier = conditionsBefore(draft, before);
    copyReads(draft, last, id, earlier.join(' && '));
    const own = condition === undefined ? [] : [conditionOf(draft, id, condition)];
    setTrigger(draft, id, [...earlier, ...own].join(' && '));
    moveIn(draft, draft.place(id), keys);
    return edited(draft, [id], condition === undefined ? 'Add Else' : 'Add Elif');
  });

export const setCondition: EditOf<'setCondition'> = (spec, { branch, condition }) =>
  refusable(() => {
    const draft = new Draft(spec);
    const { parent, key } = draft.place(branch);
    if (kindOf(draft, parent, key) !== 'condition')
      refuse(`'${draft.nameOf(parent, key)}' has no condition.`);
    const { group } = splitId(branch);
    const branches = isWrapper(draft, group) ? branchesOf(draft, group) : [branch];
    const at = branches.indexOf(branch);
    if (isElse(draft, branch, at)) refuse('Else has no condition of its own: change those before it.');
    const earlier = conjuncts(triggerOf(draft, branch)).slice(0, at);
    const own = conditionOf(draft, branch, condition);
    setTrigger(draft, branch, [...earlier, own].join(' && '));
    for (const later of branches.slice(at + 1)) {
      const parts = [...conjuncts(triggerOf(draft, later))];
      parts[at] = negated(own);
      copyReads(draft, branch, later, own);
      setTrigger(draft, later, parts.join(' && '));
    }
    for (const one of branches) dropUnusedChannels(draft, one);
    return edited(draft, [branch], `Change the condition of ${draft.nameOf(parent, key)}`);
  });

/** As the SDK: an Else must be there, and each branch gives one output of the same type. */
export const addOneOf: EditOf<'addOneOf'> = (spec, { branches: wrapper, name, from }) =>
  refusable(() => {
    const draft = new Draft(spec);
    if (!isWrapper(draft, wrapper)) refuse('OneOf joins the branches of an If with an Else: choose those.');
    const branches = branchesOf(draft, wrapper);
    const last = branches.at(-1) ?? '';
    if (branches.length < 2 || !isElse(draft, last, branches.length - 1)) {
      refuse('Without an Else no branch might run, and OneOf would have no value: add an Else first.');
    }
    const { parent, key } = draft.place(wrapper);
    const inside = draft.componentOfTask(parent, key);
    if (!isPathSegment(name)) refuse(`'${name}' cannot be a name: use letters, digits and underscores.`);
    if (outputNames(draft.component(inside)).has(name)) refuse(`There is an output '${name}' already.`);
    let first: PortType | undefined;
    const selected = branches.map((branch) => {
      const ofBranch = from.filter(({ task }) => splitId(task).group === branch);
      const [one] = ofBranch;
      const branchName = draft.nameOf(inside, splitId(branch).key);
      if (one === undefined) return refuse(`Choose an output of a task in '${branchName}', too.`);
      if (ofBranch.length > 1) refuse(`Choose only one output of '${branchName}'.`);
      const opener = draft.place(branch);
      const producer = splitId(one.task).key;
      const output = passOut(draft, opener, producer, one.output, { outOfCondition: true });
      const port = draft.outputOf(inside, opener.key, output);
      if (port === undefined) return refuse(`There is no output '${one.output}' any more.`);
      first ??= port;
      if (!isEqual(channelDefinition(first), channelDefinition(port))) {
        refuse(
          `OneOf joins outputs of one type, but these are ${describePort(first)} and ${describePort(port)}.`,
        );
      }
      return { task: opener.key, output };
    });
    if (selected.length !== from.length)
      refuse('Choose outputs of tasks that stand directly in the branches.');
    if (first === undefined) return refuse('Choose an output of each branch.');
    declare(draft, inside, 'outputDefinitions', name, first);
    addSelectors(draft, inside, name, first.kind, selected);
    return edited(draft, [wrapper], `Join outputs as ${name}`);
  });

function addCondition(draft: Draft, group: string): string {
  const key = `condition-${nextNumber(draft)}`;
  addGroup(draft, draft.group(group).inside, key);
  return childId(group, key);
}

/** The wrapper of a branch, made around an If that has none. */
function wrapperOf(draft: Draft, branch: string): string {
  if (isWrapper(draft, branch)) return branch;
  const { parent, key } = draft.place(branch);
  if (kindOf(draft, parent, key) !== 'condition') refuse(`'${draft.nameOf(parent, key)}' is not an If.`);
  const { group } = splitId(branch);
  if (isWrapper(draft, group)) return group;
  const wrapper = addGroup(draft, parent, `condition-branches-${nextNumber(draft)}`);
  moveIn(draft, wrapper, [key]);
  return childId(group, wrapper.key);
}

/** The group that the compiler puts around the branches of If, Elif and Else. */
export function isWrapper(draft: Draft, id: string): boolean {
  if (id === '') return false;
  const { parent, key } = draft.place(id);
  return kindOf(draft, parent, key) === 'branches';
}

/** Node ids of a wrapper's branches, in the order in which they are tried: that of the compiler's numbers. */
function branchesOf(draft: Draft, wrapper: string): readonly string[] {
  const { inside } = draft.group(wrapper);
  const number = (key: string): number => Number(/\d+$/.exec(key)?.[0] ?? 0);
  return Object.keys(draft.tasks(inside))
    .filter((key) => kindOf(draft, inside, key) === 'condition')
    .sort((a, b) => number(a) - number(b))
    .map((key) => childId(wrapper, key));
}

function triggerOf(draft: Draft, branch: string): string {
  const { parent, key } = draft.place(branch);
  return textAt(draft.task(parent, key), 'triggerPolicy', 'condition') ?? '';
}

function setTrigger(draft: Draft, branch: string, condition: string): void {
  const { parent, key } = draft.place(branch);
  draft.putTask(parent, key, withValue(draft.task(parent, key), ['triggerPolicy', 'condition'], condition));
}

/** An Else says nothing but that none of the branches before it ran. */
function isElse(draft: Draft, branch: string, position: number): boolean {
  const parts = conjuncts(triggerOf(draft, branch));
  return position > 0 && parts.length === position && parts.every((part) => part.startsWith('!('));
}

/** What must not hold for the branch after these to be tried. */
function conditionsBefore(draft: Draft, branches: readonly string[]): readonly string[] {
  return branches.map((branch, i) => negated(conjuncts(triggerOf(draft, branch)).slice(i).join(' && ')));
}

/** What one branch's condition reads, for another branch of the same wrapper. */
function copyReads(draft: Draft, from: string, to: string, cel: string): void {
  const source = draft.place(from);
  const target = draft.place(to);
  const parsed = parseCondition(cel);
  const read = new Set(parsed.kind === 'cel' ? parsed.parameters : []);
  for (const input of inputsOf(draft.task(source.parent, source.key))) {
    if (!read.has(input.name)) continue;
    const port = draft.inputOf(source.parent, source.key, input.name);
    if (port === undefined) continue;
    const inside = draft.componentOfTask(target.parent, target.key);
    declare(draft, inside, 'inputDefinitions', input.name, port);
    const json = writeSource(input.port, input.source, input.selector);
    draft.putInput(target.parent, target.key, input.name, input.port, json);
  }
}

/** Only branches stand in a wrapper. */
export function checkHolds(draft: Draft, group: string): void {
  if (isWrapper(draft, group)) {
    refuse('An If with its Elif and Else belongs together: choose the whole of it, or tasks in one branch.');
  }
}

/** What a condition reads cannot be made by what it lets run. */
function checkCanDecide(condition: Comparison | undefined, tasks: readonly string[]): void {
  for (const side of [condition?.left, condition?.right]) {
    if (side?.kind !== 'taskOutput') continue;
    const decider = tasks.find((task) => side.task === task || side.task.startsWith(`${task}/`));
    if (decider !== undefined) refuse(`'${splitId(decider).key}' cannot decide whether it runs itself.`);
  }
}

/** The draft as an answer; the title also says where else the edit shows (a component used twice). */
export function edited(draft: Draft, selection: readonly string[], title: string): Edited {
  const [first] = selection;
  const where = first === undefined ? '' : elsewhere(draft, draft.place(first).parent);
  return { kind: 'edited', spec: draft.spec, renames: [], selection, title: title + where };
}

/** For titles: `train`, `train and 2 more`. */
export function describeTasks(keys: readonly string[]): string {
  const [first = ''] = keys;
  return keys.length === 1 ? first : `${first} and ${keys.length - 1} more`;
}
