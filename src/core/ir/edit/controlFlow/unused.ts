import { textAt, withoutValue } from '../jsonPath.ts';
import { isChannel } from '../../readable.ts';
import { kindOf, type Draft } from '../draft.ts';
import { sectionOf } from '../ports.ts';
import { findTask, splitId } from '../scope.ts';
import { inputsOf } from '../sources.ts';
import type { Opener } from '../channels.ts';
import { mapPlatformSources } from './platformSources.ts';
import { parseCondition } from '../../conditions.ts';
import { dagOutputs, removeDagOutput } from './dagOutputs.ts';

/** Takes away what the compiler's groups pass in and out and nobody reads any more, from `group` outwards. */
export function dropUnusedChannels(draft: Draft, group: string): void {
  for (let id = group; id !== ''; id = splitId(id).group) {
    // It may have gone with its last task.
    if (findTask(draft.spec, id) === undefined) continue;
    const opener = draft.place(id);
    const kind = kindOf(draft, opener.parent, opener.key);
    // A sub-pipeline's inputs and outputs are people's own.
    if (kind === undefined || kind === 'dag') continue;
    dropInputs(draft, opener);
    dropOutputs(draft, opener);
  }
}

function dropInputs(draft: Draft, { parent, key }: Opener): void {
  const inside = draft.componentOfTask(parent, key);
  if (draft.uses(inside) > 1) return;
  const read = new Set([...ownReads(draft, { parent, key }), ...inputsRead(draft, inside)]);
  for (const input of inputsOf(draft.task(parent, key))) {
    if (!isChannel(input.name) || read.has(input.name)) continue;
    draft.removeInput(parent, key, input);
    const path = ['inputDefinitions', sectionOf(input.port), input.name];
    draft.putComponent(inside, withoutValue(draft.component(inside), path));
    if (input.source.kind === 'taskOutput') dropDependency(draft, { parent, key }, input.source.task);
  }
}

function dropOutputs(draft: Draft, { parent, key }: Opener): void {
  const inside = draft.componentOfTask(parent, key);
  if (draft.uses(inside) > 1) return;
  const read = new Set<string>();
  for (const task of Object.keys(draft.tasks(parent))) {
    const note = (source: {
      readonly kind: string;
      readonly task?: string;
      readonly output?: string;
    }): void => {
      if (source.kind === 'taskOutput' && source.task === key) read.add(source.output ?? '');
    };
    for (const { source } of inputsOf(draft.task(parent, task))) note(source);
    mapPlatformSources(draft, parent, task, (source) => {
      note(source);
      return source;
    });
  }
  for (const { from } of dagOutputs(draft.component(parent))) {
    for (const { task, output } of from) if (task === key) read.add(output);
  }
  for (const output of dagOutputs(draft.component(inside))) {
    if (isChannel(output.name) && !read.has(output.name)) removeDagOutput(draft, inside, output);
  }
}

/** The inputs of a dag that its tasks read. */
export function inputsRead(draft: Draft, component: string): ReadonlySet<string> {
  const read = new Set<string>();
  for (const task of Object.keys(draft.tasks(component))) {
    for (const { source } of inputsOf(draft.task(component, task))) {
      if (source.kind === 'componentInput') read.add(source.name);
    }
    mapPlatformSources(draft, component, task, (source) => {
      if (source.kind === 'componentInput') read.add(source.name);
      return source;
    });
  }
  return read;
}

/** A task that waited for another for its value alone waits no longer. */
export function dropDependency(draft: Draft, { parent, key }: Opener, upstream: string): void {
  const stillRead = inputsOf(draft.task(parent, key)).some(
    ({ source }) =>
      (source.kind === 'taskOutput' || source.kind === 'finalStatus') && source.task === upstream,
  );
  if (stillRead) return;
  const before = draft.dependencies(parent, key);
  draft.setDependencies(
    parent,
    key,
    before.filter((task) => task !== upstream),
  );
}

/** Inputs that a group needs for itself: its condition's and the list of its loop. */
export function ownReads(draft: Draft, { parent, key }: Opener): readonly string[] {
  const task = draft.task(parent, key);
  const condition = textAt(task, 'triggerPolicy', 'condition');
  const parsed = condition === undefined ? undefined : parseCondition(condition);
  // A condition that cannot be read may need any of them.
  if (parsed?.kind === 'error') return inputsOf(task).map(({ name }) => name);
  const items =
    textAt(task, 'parameterIterator', 'items', 'inputParameter') ??
    textAt(task, 'artifactIterator', 'items', 'inputArtifact');
  return [...(parsed?.parameters ?? []), ...(items === undefined ? [] : [items])];
}
