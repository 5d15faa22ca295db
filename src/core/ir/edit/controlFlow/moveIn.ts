import { checkPrivate, passIn, passOut, type Opener } from '../channels.ts';
import { kindOf, type Draft } from '../draft.ts';
import { describePort, fits, outputPort, sectionOf, type PortType } from '../ports.ts';
import { withoutValue } from '../jsonPath.ts';
import { withoutChannel } from '../../readable.ts';
import { refuse } from '../refusal.ts';
import type { InputSource, TaskInput } from '../sources.ts';
import { inputsOf } from '../sources.ts';
import { dagOutputs, mapDagOutputs } from './dagOutputs.ts';
import { checkNoCycle } from './order.ts';
import { mapPlatformSources } from './platformSources.ts';
import { transplant, type NewKeys } from './transplant.ts';
import { ownReads } from './unused.ts';

/**
 * Moves tasks of a dag into a group of the same dag: what they read of outside comes in, what others read of them
 * goes out. Refuses what would change a meaning. Answers the keys that the tasks have now.
 */
export function moveIn(draft: Draft, opener: Opener, moved: readonly string[]): NewKeys {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  checkPrivate(draft, opener);
  const isOwn = kindOf(draft, parent, key) === 'dag';
  if (!isOwn && moved.some((task) => kindOf(draft, parent, task) === 'exitHandler')) {
    refuse('An exit handler stands in a pipeline or sub-pipeline itself, not in a loop or a condition.');
  }
  const settled = Object.keys(draft.tasks(inside));
  const keys = transplant(draft, parent, inside, moved);
  for (const task of keys.values()) fixMoved(draft, opener, keys, settled, task);
  fixGroup(draft, opener, keys);
  for (const task of Object.keys(draft.tasks(parent))) if (task !== key) fixReader(draft, opener, keys, task);
  fixDagOutputs(draft, opener, keys);
  checkNoCycle(draft, parent);
  checkNoCycle(draft, inside);
  return keys;
}

/** A task that now stands inside: its inputs and what it waits for. */
function fixMoved(
  draft: Draft,
  opener: Opener,
  keys: NewKeys,
  settled: readonly string[],
  task: string,
): void {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  const change = (source: InputSource, wanted?: PortType): InputSource => {
    switch (source.kind) {
      case 'componentInput':
        return { kind: 'componentInput', name: passIn(draft, opener, source, wanted) };
      case 'finalStatus': {
        const producer = keys.get(source.task);
        if (producer !== undefined) return { ...source, task: producer };
        return refuse(
          `'${draft.nameOf(inside, task)}' reads how '${draft.nameOf(parent, source.task)}' ended, which only works beside it: move both.`,
        );
      }
      case 'taskOutput': {
        const producer = keys.get(source.task);
        if (producer !== undefined) return { ...source, task: producer };
        if (source.task === key) return ownOutput(draft, opener, source.output, task);
        return { kind: 'componentInput', name: passIn(draft, opener, source, wanted) };
      }
      default:
        return source;
    }
  };
  const before = draft.dependencies(inside, task);
  const produced: string[] = [];
  for (const input of inputsOf(draft.task(inside, task))) {
    // Of a part of the value, nothing is known.
    const wanted = input.selector === undefined ? draft.inputOf(inside, task, input.name) : undefined;
    const source = change(input.source, wanted);
    if (source !== input.source) draft.setSource(inside, task, input, source);
    if (source.kind === 'taskOutput') produced.push(source.task);
  }
  mapPlatformSources(draft, inside, task, change);
  const after = before.flatMap((upstream) => {
    const movedKey = keys.get(upstream);
    if (movedKey !== undefined) return [movedKey];
    // What waited for the group waits for all that is in it.
    if (upstream === key) return produced.some((one) => settled.includes(one)) ? [] : settled;
    draft.addDependency(parent, key, upstream);
    return [];
  });
  draft.setDependencies(inside, task, [
    ...after,
    ...(before.length > 0 ? produced.filter((one) => settled.includes(one)) : []),
  ]);
}

/** An output of the group as the tasks inside know it. */
function ownOutput(draft: Draft, { parent, key }: Opener, output: string, task: string): InputSource {
  const inside = draft.componentOfTask(parent, key);
  const exported = dagOutputs(draft.component(inside)).find(({ name }) => name === output);
  const [from, ...others] = exported?.from ?? [];
  if (from === undefined || others.length > 0 || kindOf(draft, parent, key) === 'loop') {
    refuse(
      `'${draft.nameOf(inside, task)}' reads '${withoutChannel(output)}', which there is only after '${draft.nameOf(parent, key)}' has ended.`,
    );
  }
  return { kind: 'taskOutput', task: from.task, output: from.output };
}

/** Inside the group, what it was given of a task that has moved in is that task's own output. */
function fixGroup(draft: Draft, opener: Opener, keys: NewKeys): void {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  for (const input of inputsOf(draft.task(parent, key))) {
    if (input.source.kind !== 'taskOutput') continue;
    const producer = keys.get(input.source.task);
    if (producer === undefined) continue;
    if (ownReads(draft, opener).includes(input.name) || input.selector !== undefined) {
      refuse(
        `'${draft.nameOf(parent, key)}' needs '${draft.nameOf(inside, producer)}' to have run before it starts.`,
      );
    }
    const output = input.source.output;
    replaceInput(draft, inside, input, { kind: 'taskOutput', task: producer, output });
    draft.removeInput(parent, key, input);
    const path = ['inputDefinitions', sectionOf(input.port), input.name];
    draft.putComponent(inside, withoutValue(draft.component(inside), path));
  }
  const before = draft.dependencies(parent, key);
  draft.setDependencies(
    parent,
    key,
    before.filter((task) => !keys.has(task)),
  );
}

function replaceInput(draft: Draft, inside: string, { name }: TaskInput, source: InputSource): void {
  const change = (old: InputSource): InputSource =>
    old.kind === 'componentInput' && old.name === name ? source : old;
  for (const task of Object.keys(draft.tasks(inside))) {
    for (const input of inputsOf(draft.task(inside, task))) {
      if (change(input.source) === input.source) continue;
      draft.setSource(inside, task, input, source);
      if (source.kind === 'taskOutput') draft.addDependency(inside, task, source.task);
    }
    mapPlatformSources(draft, inside, task, change);
  }
}

/** A task that stays beside the group and reads, or waits for, what has moved. */
function fixReader(draft: Draft, opener: Opener, keys: NewKeys, task: string): void {
  const { parent, key } = opener;
  const inside = draft.componentOfTask(parent, key);
  const change = (source: InputSource): InputSource => {
    if (source.kind !== 'taskOutput' && source.kind !== 'finalStatus') return source;
    const producer = keys.get(source.task);
    if (producer === undefined) return source;
    if (source.kind === 'finalStatus') {
      return refuse(
        `'${draft.nameOf(parent, task)}' runs after '${draft.nameOf(inside, producer)}' however it ends: move both.`,
      );
    }
    return { kind: 'taskOutput', task: key, output: passOut(draft, opener, producer, source.output) };
  };
  for (const input of inputsOf(draft.task(parent, task))) {
    const source = change(input.source);
    if (source === input.source || source.kind !== 'taskOutput') continue;
    const wanted = draft.inputOf(parent, task, input.name);
    checkReader(draft, opener, source.output, wanted, `'${draft.nameOf(parent, task)}'`);
    draft.setSource(parent, task, input, source);
  }
  mapPlatformSources(draft, parent, task, change);
  const before = draft.dependencies(parent, task);
  if (!before.some((upstream) => keys.has(upstream))) return;
  draft.setDependencies(
    parent,
    task,
    before.map((upstream) => (keys.has(upstream) ? key : upstream)),
  );
}

function fixDagOutputs(draft: Draft, opener: Opener, keys: NewKeys): void {
  const { parent, key } = opener;
  mapDagOutputs(draft, parent, (from, output) => {
    const producer = keys.get(from.task);
    if (producer === undefined) return from;
    const name = passOut(draft, opener, producer, from.output);
    const declared = outputPort(draft.component(parent), output.name);
    checkReader(draft, opener, name, declared, `The output '${withoutChannel(output.name)}'`);
    return { task: key, output: name };
  });
}

/** Out of a loop comes a list: who read one value before cannot read that. */
function checkReader(
  draft: Draft,
  { parent, key }: Opener,
  output: string,
  wanted: PortType | undefined,
  reader: string,
): void {
  const given = draft.outputOf(parent, key, output);
  if (wanted === undefined || given === undefined || kindOf(draft, parent, key) !== 'loop') return;
  if (fits(given, wanted)) return;
  refuse(
    `${reader} takes ${describePort(wanted)}, but out of a loop comes ${describePort(given)}: move it into the loop, or let it take a list.`,
  );
}
