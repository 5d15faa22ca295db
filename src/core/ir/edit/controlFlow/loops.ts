/** ParallelFor: a group that runs once for each item of a list. */
import type { JsonObject, JsonValue } from '../../../base/json.ts';
import { isJsonObject } from '../../../base/json.ts';
import { childId } from '../../graph.ts';
import { channelName, declare, itemInputOf, route } from '../channels.ts';
import { Draft, inputNames, kindOf, siblings } from '../draft.ts';
import type { GestureSource } from '../gesture.ts';
import { withOptional, withValue, withoutValue } from '../jsonPath.ts';
import { describePort, inputPort, type PortType } from '../ports.ts';
import { refusable, refuse } from '../refusal.ts';
import { freeName } from '../scope.ts';
import { inputsOf, writeSource } from '../sources.ts';
import type { EditOf } from '../spec.ts';
import { checkHolds, describeTasks, edited } from './conditions.ts';
import { moveIn } from './moveIn.ts';
import { addGroup, nextNumber } from './numbers.ts';
import { dropUnusedChannels, inputsRead } from './unused.ts';

export const wrapInLoop: EditOf<'wrapInLoop'> = (spec, { tasks, items, parallelism }) =>
  refusable(() => {
    if (items.kind === 'taskOutput' && tasks.some((task) => `${items.task}/`.startsWith(`${task}/`))) {
      refuse('A loop cannot run over what is only made inside it.');
    }
    const draft = new Draft(spec);
    const { group, keys } = siblings(tasks);
    checkHolds(draft, group);
    const isConstant = items.kind === 'constant';
    const itemNumber = nextNumber(draft);
    const key = `for-loop-${isConstant ? itemNumber + 1 : itemNumber}`;
    const opener = addGroup(draft, draft.group(group).inside, key);
    const id = childId(group, key);
    setItems(draft, id, items, isConstant ? `pipelinechannel--loop-item-param-${itemNumber}` : undefined);
    moveIn(draft, opener, keys);
    setParallelism(draft, id, parallelism ?? 0);
    dropUnusedChannels(draft, group);
    return edited(draft, [id], `Loop ${describeTasks(keys)}`);
  });

export const setLoop: EditOf<'setLoop'> = (spec, { loop, items, parallelism }) =>
  refusable(() => {
    const draft = new Draft(spec);
    const { parent, key } = draft.place(loop);
    if (kindOf(draft, parent, key) !== 'loop') refuse(`'${draft.nameOf(parent, key)}' is not a loop.`);
    if (items !== undefined) setItems(draft, loop, items, itemInputOf(draft.task(parent, key)));
    if (parallelism !== undefined) setParallelism(draft, loop, parallelism);
    dropUnusedChannels(draft, loop);
    return edited(draft, [loop], `Change the loop ${draft.nameOf(parent, key)}`);
  });

/** `itemInput`: the name that the item has already; otherwise it follows from the list's, as the compiler does. */
function setItems(draft: Draft, loop: string, items: GestureSource, itemInput: string | undefined): void {
  const { parent, key } = draft.place(loop);
  const inside = draft.componentOfTask(parent, key);
  const before = itemInput === undefined ? undefined : inputPort(draft.component(inside), itemInput);
  const clean = (task: JsonObject): JsonObject =>
    withoutValue(withoutValue(task, ['parameterIterator']), ['artifactIterator']);
  let name: string;
  let item: PortType;
  let iterator: readonly [string, JsonObject];
  if (items.kind === 'constant') {
    if (!Array.isArray(items.value)) refuse('A loop runs over a list.');
    const list = items.value as readonly JsonValue[];
    if (list.length === 0) refuse('A loop needs at least one item.');
    name = itemInput ?? `pipelinechannel--loop-item-param-${nextNumber(draft)}`;
    item = { kind: 'parameter', type: itemType(list), isList: false, definition: {} };
    iterator = ['parameterIterator', { itemInput: name, items: { raw: pythonJson(list) } }];
  } else {
    const list = addListInput(draft, loop, items);
    const taken = inputNames(draft.component(inside));
    name = itemInput ?? freeName(`${list.name}-loop-item`, (candidate) => taken.has(candidate));
    if (list.port.kind === 'artifact') {
      item = { ...list.port, isList: false };
      iterator = ['artifactIterator', { itemInput: name, items: { inputArtifact: list.name } }];
    } else {
      // What a list holds is not in the document: the compiler takes its items for text.
      item = { ...list.port, type: 'STRING' };
      iterator = ['parameterIterator', { itemInput: name, items: { inputParameter: list.name } }];
    }
  }
  if (before !== undefined && before.kind !== item.kind) {
    if (inputsRead(draft, inside).has(name)) {
      refuse(
        `The tasks of the loop take ${describePort(before)}, but its items would be ${describePort(item)}.`,
      );
    }
    const section = before.kind === 'parameter' ? 'parameters' : 'artifacts';
    draft.putComponent(inside, withoutValue(draft.component(inside), ['inputDefinitions', section, name]));
  }
  declare(draft, inside, 'inputDefinitions', name, item);
  draft.putTask(parent, key, withValue(clean(draft.task(parent, key)), [iterator[0]], iterator[1]));
}

/** The loop's own input that holds the list, declared by its component too, as the compiler does. */
function addListInput(
  draft: Draft,
  loop: string,
  items: GestureSource,
): { readonly name: string; readonly port: PortType } {
  const { source, selector, port } = route(draft, loop, items);
  if (port === undefined) refuse('What this would loop over is not there any more.');
  const isList =
    port.kind === 'artifact'
      ? port.isList
      : // The field of an item may be anything.
        port.type === 'LIST' || port.type === 'STRING' || selector !== undefined;
  if (!isList) refuse(`A loop runs over a list, but this is ${describePort(port)}.`);
  const { parent, key } = draft.place(loop);
  const inside = draft.componentOfTask(parent, key);
  const json = writeSource(port.kind, source, selector);
  const field = items.kind === 'loopItem' ? items.field : undefined;
  const wish = channelName(source) + (field === undefined ? '' : `-subvar-${field.replace(/[^\w-]/g, '_')}`);
  const known = inputsOf(draft.task(parent, key)).find(
    (input) =>
      input.name === wish &&
      JSON.stringify(writeSource(input.port, input.source, input.selector)) === JSON.stringify(json),
  );
  const name =
    known?.name ?? freeName(wish, (candidate) => inputNames(draft.component(inside)).has(candidate));
  const declared = selector === undefined ? port : { ...port, type: 'LIST' };
  declare(draft, inside, 'inputDefinitions', name, declared);
  draft.putInput(parent, key, name, port.kind, json);
  return { name, port: declared };
}

function setParallelism(draft: Draft, loop: string, limit: number): void {
  const { parent, key } = draft.place(loop);
  const value = limit === 0 ? undefined : limit;
  const path = ['iteratorPolicy', 'parallelismLimit'];
  draft.putTask(parent, key, withOptional(draft.task(parent, key), path, value));
}

/** The compiler looks at the first item; numbers of which one has a fraction all have one. */
function itemType(items: readonly JsonValue[]): string {
  const [first] = items;
  switch (typeof first) {
    case 'string':
      return 'STRING';
    case 'boolean':
      return 'BOOLEAN';
    case 'number':
      return items.every((item) => Number.isInteger(item)) ? 'NUMBER_INTEGER' : 'NUMBER_DOUBLE';
    default:
      return Array.isArray(first) ? 'LIST' : 'STRUCT';
  }
}

/** As Python's `json.dumps(…, sort_keys=True)`, but for letters beyond ASCII, which stay readable. */
function pythonJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(pythonJson).join(', ')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}: ${pythonJson(entry)}`).join(', ')}}`;
}
