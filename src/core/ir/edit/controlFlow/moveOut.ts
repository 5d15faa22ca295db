import { isJsonObject, type JsonValue } from '../../../base/json.ts';
import { checkPrivate, itemInputOf, passIn, passOut, type Opener } from '../channels.ts';
import { kindOf, type Draft } from '../draft.ts';
import { textAt, valueAt } from '../jsonPath.ts';
import { describePort, fits, inputPort, outputPort, type PortType } from '../ports.ts';
import { selectedField, withoutChannel } from '../../readable.ts';
import { refuse } from '../refusal.ts';
import { inputOf, inputsOf, writeSource, type InputSource } from '../sources.ts';
import { dagOutputs, mapDagOutputs, removeDagOutput } from './dagOutputs.ts';
import { checkNoCycle, upstreamOf } from './order.ts';
import { mapPlatformSources } from './platformSources.ts';
import { transplant, type NewKeys } from './transplant.ts';
import { inputsRead, ownReads } from './unused.ts';

/**
 * Moves tasks out of a group into the dag around it: what the group was given they read themselves, and who read
 * them through the group reads them. Refuses what would change a meaning. Answers the keys that the tasks have now.
 */
export function moveOut(draft: Draft, opener: Opener, moved: readonly string[]): NewKeys {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  checkPrivate(draft, opener);
  const order = awaited(draft, opener);
  const keys = transplant(draft, inside, parent, moved);
  for (const task of keys.values()) fixMoved(draft, opener, keys, task, order);
  for (const task of Object.keys(draft.tasks(inside))) fixStaying(draft, opener, keys, task);
  fixExports(draft, opener, keys);
  checkNoCycle(draft, parent);
  return keys;
}

/**
 * What the first tasks of a group wait for because the group does: all of it, since nobody wrote down whether a value
 * or the order was meant, but for what only its own condition or list comes from.
 */
function awaited(draft: Draft, { parent, key }: Opener): readonly string[] {
  const own = new Set(ownReads(draft, { parent, key }));
  const inside = draft.componentOfTask(parent, key);
  const readInside = inputsRead(draft, inside);
  const decides = new Set<string>();
  for (const { name, source } of inputsOf(draft.task(parent, key))) {
    if (source.kind === 'taskOutput' && own.has(name) && !readInside.has(name)) decides.add(source.task);
  }
  for (const { name, source } of inputsOf(draft.task(parent, key))) {
    if (source.kind === 'taskOutput' && readInside.has(name)) decides.delete(source.task);
  }
  return draft.dependencies(parent, key).filter((task) => !decides.has(task));
}

interface Replaced {
  readonly source: InputSource;
  readonly selector: string | undefined;
}

function fixMoved(draft: Draft, opener: Opener, keys: NewKeys, task: string, order: readonly string[]): void {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  const before = draft.dependencies(parent, task);
  const after = before.map((upstream) => keys.get(upstream) ?? key);
  draft.setDependencies(
    parent,
    task,
    before.some((upstream) => keys.has(upstream)) ? after : [...after, ...order],
  );
  const change = (source: InputSource, selector: string | undefined): Replaced | undefined => {
    if (source.kind === 'componentInput')
      return whatGroupWasGiven(draft, opener, source.name, selector, task);
    if (source.kind !== 'taskOutput' && source.kind !== 'finalStatus') return { source, selector };
    const producer = keys.get(source.task);
    if (producer !== undefined) return { source: { ...source, task: producer }, selector };
    if (source.kind === 'finalStatus') {
      return refuse(
        `'${draft.nameOf(parent, task)}' reads how '${draft.nameOf(inside, source.task)}' ended, which only works beside it: move both.`,
      );
    }
    const output = passOut(draft, opener, source.task, source.output);
    return { source: { kind: 'taskOutput', task: key, output }, selector };
  };
  for (const input of inputsOf(draft.task(parent, task))) {
    const replaced = change(input.source, input.selector);
    if (replaced === undefined) {
      const wanted = draft.inputOf(parent, task, input.name);
      if (wanted !== undefined && valueAt(wanted.definition, 'isOptional') !== true) {
        refuse(
          `'${draft.nameOf(parent, task)}' would get no value for '${input.name}': give the group one first.`,
        );
      }
      draft.removeInput(parent, task, input);
      continue;
    }
    if (replaced.source === input.source) continue;
    const { source, selector } = replaced;
    if (source.kind === 'taskOutput' && source.task === key) {
      checkReader(
        draft,
        opener,
        { task: key, output: source.output },
        draft.inputOf(parent, task, input.name),
        `'${draft.nameOf(parent, task)}'`,
      );
    }
    draft.putInput(parent, task, input.name, input.port, writeSource(input.port, source, selector));
    if (source.kind === 'taskOutput') draft.addDependency(parent, task, source.task);
  }
  mapPlatformSources(draft, parent, task, (source) => change(source, undefined)?.source ?? source);
}

/** What stands for an input of the group in the dag around it; undefined when the group was given nothing. */
function whatGroupWasGiven(
  draft: Draft,
  { parent, key }: Opener,
  name: string,
  selector: string | undefined,
  task: string,
): Replaced | undefined {
  const opener = draft.task(parent, key);
  if (name === itemInputOf(opener)) {
    const item = onlyItem(textAt(opener, 'parameterIterator', 'items', 'raw'));
    if (item === undefined) {
      refuse(`'${draft.nameOf(parent, task)}' reads the loop's item, which there is only inside the loop.`);
    }
    return selectConstant(item.value, selector);
  }
  const given = inputOf(opener, name);
  if (given === undefined) {
    const inside = draft.componentOfTask(parent, key);
    const byDefault = valueAt(inputPort(draft.component(inside), name)?.definition, 'defaultValue');
    return byDefault === undefined ? undefined : selectConstant(byDefault, selector);
  }
  if (given.source.kind === 'constant') return selectConstant(given.source.value, selector);
  if (given.selector !== undefined && selector !== undefined) {
    refuse(`'${draft.nameOf(parent, task)}' reads a field of a field, which KFP cannot say in one step.`);
  }
  return { source: given.source, selector: selector ?? given.selector };
}

function onlyItem(raw: string | undefined): { readonly value: JsonValue } | undefined {
  if (raw === undefined) return undefined;
  try {
    // JSON is JSON values by what it is.
    const items = JSON.parse(raw) as JsonValue;
    if (!Array.isArray(items) || items.length !== 1) return undefined;
    const [value] = items as readonly JsonValue[];
    return value === undefined ? undefined : { value };
  } catch {
    // validate.ts says that it is none.
    return undefined;
  }
}

function selectConstant(value: JsonValue, selector: string | undefined): Replaced {
  if (selector === undefined) return { source: { kind: 'constant', value }, selector };
  const field = selectedField(selector) ?? '';
  const part = isJsonObject(value) ? valueAt(value, field) : undefined;
  if (part === undefined) refuse(`There is no field '${field}' in ${JSON.stringify(value).slice(0, 60)}.`);
  return { source: { kind: 'constant', value: part }, selector: undefined };
}

/** A task that stays in the group and reads, or waits for, what has moved out. */
function fixStaying(draft: Draft, opener: Opener, keys: NewKeys, task: string): void {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  const change = (source: InputSource): InputSource => {
    if (source.kind !== 'taskOutput' && source.kind !== 'finalStatus') return source;
    const producer = keys.get(source.task);
    if (producer === undefined) return source;
    if (source.kind === 'finalStatus') {
      return refuse(
        `'${draft.nameOf(inside, task)}' runs after '${draft.nameOf(parent, producer)}' however it ends: move both.`,
      );
    }
    return { kind: 'componentInput', name: passIn(draft, opener, { ...source, task: producer }) };
  };
  for (const input of inputsOf(draft.task(inside, task))) {
    const source = change(input.source);
    if (source !== input.source) draft.setSource(inside, task, input, source);
  }
  mapPlatformSources(draft, inside, task, change);
  const before = draft.dependencies(inside, task);
  for (const upstream of before) {
    const producer = keys.get(upstream);
    if (producer !== undefined) draft.addDependency(parent, key, producer);
  }
  draft.setDependencies(
    inside,
    task,
    before.filter((upstream) => !keys.has(upstream)),
  );
}

/** Who read a moved task through the group's outputs reads the task. */
function fixExports(draft: Draft, opener: Opener, keys: NewKeys): void {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  for (const output of dagOutputs(draft.component(inside))) {
    const [from] = output.from;
    const movedOnes = output.from.filter(({ task }) => keys.has(task));
    if (from === undefined || movedOnes.length === 0) continue;
    if (output.from.length > 1) {
      refuse(
        `'${withoutChannel(output.name)}' of '${draft.nameOf(parent, key)}' joins outputs of its branches: remove it before you move them.`,
      );
    }
    const target = { task: keys.get(from.task) ?? from.task, output: from.output };
    const isThis = (task: string, name: string): boolean => task === key && name === output.name;
    const change = (source: InputSource): InputSource =>
      source.kind === 'taskOutput' && isThis(source.task, source.output)
        ? { kind: 'taskOutput', ...target }
        : source;
    for (const reader of Object.keys(draft.tasks(parent))) {
      for (const input of inputsOf(draft.task(parent, reader))) {
        const source = change(input.source);
        if (source === input.source) continue;
        const wanted = draft.inputOf(parent, reader, input.name);
        checkReader(draft, opener, target, wanted, `'${draft.nameOf(parent, reader)}'`);
        draft.setSource(parent, reader, input, source);
        draft.addDependency(parent, reader, target.task);
        dropGroupDependency(draft, opener, reader);
      }
      mapPlatformSources(draft, parent, reader, change);
    }
    mapDagOutputs(draft, parent, (one, exported) => {
      if (!isThis(one.task, one.output)) return one;
      const declared = outputPort(draft.component(parent), exported.name);
      checkReader(draft, opener, target, declared, `The output '${withoutChannel(exported.name)}'`);
      return target;
    });
    removeDagOutput(draft, inside, output);
  }
}

function dropGroupDependency(draft: Draft, { parent, key }: Opener, reader: string): void {
  const stillReads = inputsOf(draft.task(parent, reader)).some(
    ({ source }) => source.kind === 'taskOutput' && source.task === key,
  );
  if (stillReads) return;
  draft.setDependencies(
    parent,
    reader,
    draft.dependencies(parent, reader).filter((task) => task !== key),
  );
}

/** One value and the list of a loop's values are not the same. */
function checkReader(
  draft: Draft,
  { parent, key }: Opener,
  from: { readonly task: string; readonly output: string },
  wanted: PortType | undefined,
  reader: string,
): void {
  const given = draft.outputOf(parent, from.task, from.output);
  if (wanted === undefined || given === undefined || kindOf(draft, parent, key) !== 'loop') return;
  if (fits(given, wanted)) return;
  refuse(`${reader} takes ${describePort(wanted)}, but would get ${describePort(given)}.`);
}

/** Takes away a group whose tasks have moved out; who waited for it waits for the last of them. */
export function removeGroup(draft: Draft, { parent, key }: Opener, moved: readonly string[]): void {
  const inside = draft.componentOfTask(parent, key);
  const read = new Set(moved.flatMap((task) => [...upstreamOf(draft, parent, task)]));
  const last = moved.filter((task) => !read.has(task));
  draft.removeTask(parent, key);
  for (const task of Object.keys(draft.tasks(parent))) {
    const before = draft.dependencies(parent, task);
    if (!before.includes(key)) continue;
    draft.setDependencies(
      parent,
      task,
      before.flatMap((upstream) => (upstream === key ? last : [upstream])),
    );
  }
  if (draft.uses(inside) === 0) draft.removeComponent(inside);
}
