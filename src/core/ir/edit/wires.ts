/** Wires and order: connect, disconnect, run after. */
import { isAllowed, isOfType, typeNames } from '../values.ts';
import type { JsonValue } from '../../base/json.ts';
import { childId } from '../graph.ts';
import type { ParameterType } from '../model.ts';
import { upstreamOf } from './controlFlow/order.ts';
import { dropDependency, dropUnusedChannels } from './controlFlow/unused.ts';
import { itemInputOf, route } from './channels.ts';
import type { Draft } from './draft.ts';
import { editing, elsewhere, type GestureOf } from './edits.ts';
import type { GestureSource } from './gesture.ts';
import { listAt } from './jsonPath.ts';
import { describePort, fits, type PortType } from './ports.ts';
import { refuse } from './refusal.ts';
import { dropUnusedInside, neededInputs, removeFrom } from './removal.ts';
import { splitId } from './scope.ts';
import { inputOf, inputsOf, type TaskInput } from './sources.ts';

export const wireEdits = {
  connect: editing((draft, gesture: GestureOf<'connect'>) => {
    connect(draft, gesture.task, gesture.input, gesture.source);
    const { parent, key } = draft.place(gesture.task);
    const verb = gesture.source.kind === 'constant' ? 'Set' : 'Connect';
    const title = `${verb} ${draft.nameOf(parent, key)}.${gesture.input}${elsewhere(draft, parent)}`;
    return { title, selection: [gesture.task] };
  }),
  disconnect: editing((draft, { task, input }: GestureOf<'disconnect'>) => {
    const { parent, key } = draft.place(task);
    const before = inputOf(draft.task(parent, key), input);
    if (before === undefined) refuse(`Nothing is connected to '${input}'.`);
    checkNotOwn(draft, parent, key, input);
    removeFrom(draft, { component: parent, key }, before);
    tidyAfter(draft, task, before);
    const title = `Disconnect ${draft.nameOf(parent, key)}.${input}${elsewhere(draft, parent)}`;
    return { title, selection: [task] };
  }),
  runAfter: editing((draft, { task, after }: GestureOf<'runAfter'>) => {
    const { dag, later, earlier } = inOneDag(draft, task, after);
    if (upstreamOf(draft, dag, later).has(earlier)) {
      refuse(`'${draft.nameOf(dag, later)}' already waits for '${draft.nameOf(dag, earlier)}'.`);
    }
    draft.addDependency(dag, later, earlier);
    const title = `Run ${draft.nameOf(dag, later)} after ${draft.nameOf(dag, earlier)}${elsewhere(draft, dag)}`;
    return { title, selection: [task] };
  }),
  removeRunAfter: editing((draft, { task, after }: GestureOf<'removeRunAfter'>) => {
    const { dag, later, earlier } = inOneDag(draft, task, after);
    const before = draft.dependencies(dag, later);
    if (!before.includes(earlier)) {
      refuse(`'${draft.nameOf(dag, later)}' does not wait for '${draft.nameOf(dag, earlier)}'.`);
    }
    const reads = inputsOf(draft.task(dag, later)).some(
      ({ source }) =>
        (source.kind === 'taskOutput' || source.kind === 'finalStatus') && source.task === earlier,
    );
    if (reads) {
      refuse(
        `'${draft.nameOf(dag, later)}' reads from '${draft.nameOf(dag, earlier)}': disconnect that first.`,
      );
    }
    draft.setDependencies(
      dag,
      later,
      before.filter((one) => one !== earlier),
    );
    const title = `Do not wait for ${draft.nameOf(dag, earlier)}${elsewhere(draft, dag)}`;
    return { title, selection: [task] };
  }),
} as const;

/** Gives a task's input its source; refuses what does not fit. */
export function connect(draft: Draft, task: string, input: string, source: GestureSource): void {
  const { parent, key } = draft.place(task);
  const to = draft.inputOf(parent, key, input);
  if (to === undefined) refuse(`'${draft.nameOf(parent, key)}' has no input '${input}'.`);
  checkNotOwn(draft, parent, key, input);
  const before = inputOf(draft.task(parent, key), input);
  if (source.kind === 'constant') checkConstant(input, to, source.value);
  const routed = route(
    draft,
    task,
    source,
    source.kind === 'loopItem' && source.field !== undefined ? undefined : to,
  );
  if (routed.port !== undefined && routed.selector === undefined) checkFits(input, routed.port, to, source);
  if (routed.selector !== undefined && to.kind === 'artifact') {
    refuse(`'${input}' takes ${describePort(to)}, which a field of an item is not.`);
  }
  draft.setSource(
    parent,
    key,
    { name: input, port: to.kind, source: routed.source, selector: routed.selector },
    routed.source,
  );
  if (before !== undefined) tidyAfter(draft, task, before);
}

function checkConstant(input: string, to: PortType, value: JsonValue): void {
  if (to.kind === 'artifact') refuse(`'${input}' takes ${describePort(to)}: connect an output to it.`);
  // Constants may be built of the task's other inputs.
  if (typeof value === 'string' && value.includes('{{$')) return;
  if (!isParameterType(to.type)) return;
  if (!isOfType(value, to.type)) refuse(`'${input}' must be ${typeNames[to.type]}.`);
  const literals = listAt(to.definition, 'literals');
  if (value !== null && !isAllowed(value, literals)) {
    refuse(`'${input}' must be one of ${literals.map((one) => JSON.stringify(one)).join(', ')}.`);
  }
}

export function isParameterType(type: string): type is ParameterType {
  return Object.hasOwn(typeNames, type);
}

function checkFits(input: string, from: PortType, to: PortType, source: GestureSource): void {
  // An item of a list without an item type is called text by the SDK, whatever it is.
  const isItem = source.kind === 'loopItem' && from.kind === 'parameter' && to.kind === 'parameter';
  if (isItem || fits(from, to)) return;
  refuse(`'${input}' takes ${describePort(to)}, not ${describePort(from)}.`);
}

function checkNotOwn(draft: Draft, parent: string, key: string, input: string): void {
  const opener = { parent, key };
  if (itemInputOf(draft.task(parent, key)) !== input && !neededInputs(draft, opener).includes(input)) return;
  refuse(
    `'${draft.nameOf(parent, key)}' needs '${input}' for its loop, condition or resources: change that instead.`,
  );
}

/** After an input lost a source: nobody waits or carries for it any more. */
function tidyAfter(draft: Draft, task: string, { source }: Pick<TaskInput, 'source'>): void {
  const { parent, key } = draft.place(task);
  const { group } = splitId(task);
  if (source.kind === 'taskOutput') {
    dropDependency(draft, { parent, key }, source.task);
    dropUnusedInside(draft, childId(group, source.task));
  }
  dropUnusedChannels(draft, group);
}

/** The tasks of the innermost dag around both that hold them, or are them. */
function inOneDag(
  draft: Draft,
  task: string,
  after: string,
): { readonly dag: string; readonly later: string; readonly earlier: string } {
  draft.place(task);
  draft.place(after);
  const [a, b] = [task.split('/'), after.split('/')];
  let shared = 0;
  while (shared < a.length - 1 && shared < b.length - 1 && a[shared] === b[shared]) shared++;
  const [later, earlier] = [a[shared] ?? '', b[shared] ?? ''];
  if (later === earlier) {
    refuse(
      task === after
        ? 'A task cannot wait for itself.'
        : 'A group and what it holds cannot wait for each other.',
    );
  }
  return { dag: draft.place(a.slice(0, shared + 1).join('/')).parent, later, earlier };
}
