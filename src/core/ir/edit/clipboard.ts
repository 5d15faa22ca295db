/** Copies of tasks that can go into another group or file. */
import type { JsonObject } from '../../base/json.ts';
import { childId } from '../graph.ts';
import { exportComponents, importComponent } from './components.ts';
import { Draft } from './draft.ts';
import { editing, elsewhere, type GestureOf } from './edits.ts';
import type { TaskClipboard } from './gesture.ts';
import { textAt } from './jsonPath.ts';
import { fits, type PortType } from './ports.ts';
import { refuse } from './refusal.ts';
import { neededInputs, removeFrom } from './removal.ts';
import { findTask, freeName } from './scope.ts';
import { inputsOf } from './sources.ts';
import type { Spec } from './spec.ts';
import { named, referringTo, withComponent } from './tasks.ts';

/** Tasks with their components, executors and Kubernetes settings; undefined when one is not there any more. */
export function copyTasks(spec: Spec, nodeIds: readonly string[]): TaskClipboard | undefined {
  const draft = new Draft(spec);
  const places = nodeIds.map((id) => findTask(spec, id));
  const tasks = new Map<string, JsonObject>();
  for (const place of places) {
    if (place === undefined) return undefined;
    const key = freeName(place.key, (name) => tasks.has(name));
    tasks.set(key, named(place.task, place.key, key));
  }
  const components = [...tasks.values()].map((task) => textAt(task, 'componentRef', 'name') ?? '');
  return {
    slipway: 'tasks',
    tasks: [...tasks].map(([key, task]) => ({ key, task })),
    ...exportComponents(draft, components),
  };
}

export const clipboardEdits = {
  paste: editing((draft, { group, clipboard }: GestureOf<'paste'>) => {
    const { inside } = draft.group(group);
    if (!draft.isDag(inside)) refuse('Tasks can only be put into the pipeline or into a group.');
    if (clipboard.tasks.length === 0) refuse('There are no tasks to paste.');
    const keys = new Map<string, string>();
    for (const { key } of clipboard.tasks) {
      const isTaken = (name: string): boolean =>
        draft.hasTask(inside, name) || [...keys.values()].includes(name);
      keys.set(key, freeName(key, isTaken));
    }
    const placed = clipboard.tasks.map(({ key, task }) => {
      const newKey = keys.get(key) ?? key;
      const name = textAt(task, 'componentRef', 'name') ?? '';
      if (!Object.hasOwn(clipboard.components, name))
        refuse(`The component '${name}' of '${key}' was not copied.`);
      const component = importComponent(draft, clipboard, name);
      draft.putTask(inside, newKey, named(withComponent(referringTo(task, keys), component), key, newKey));
      return newKey;
    });
    for (const key of placed) dropForeign(draft, inside, key, new Set(placed));
    const title = placed.length === 1 ? `Paste ${placed[0] ?? ''}` : `Paste ${placed.length} tasks`;
    return { title: title + elsewhere(draft, inside), selection: placed.map((key) => childId(group, key)) };
  }),
} as const;

/** A pasted task reads what is here under the same name and of a type that fits; the rest is to be wired anew. */
function dropForeign(draft: Draft, inside: string, key: string, placed: ReadonlySet<string>): void {
  const needed = neededInputs(draft, { parent: inside, key });
  for (const input of inputsOf(draft.task(inside, key))) {
    const { source } = input;
    if (source.kind === 'constant') continue;
    const from = draft.sourceType(inside, source);
    const to = draft.inputOf(inside, key, input.name);
    const isHere =
      source.kind === 'finalStatus'
        ? draft.hasTask(inside, source.task)
        : from !== undefined && goesInto(from, to);
    const isOwn = source.kind === 'taskOutput' && placed.has(source.task);
    if (isHere && (isOwn || input.selector === undefined || from?.kind === 'parameter')) continue;
    if (needed.includes(input.name)) {
      refuse(
        `'${draft.nameOf(inside, key)}' needs '${input.name}', which is not here, for its loop, condition or resources.`,
      );
    }
    removeFrom(draft, { component: inside, key }, input);
  }
  const here = draft
    .dependencies(inside, key)
    .filter((other) => other !== key && draft.hasTask(inside, other));
  draft.setDependencies(inside, key, here);
}

/** Where the component does not declare the input, it is the compiler's own and takes anything. */
function goesInto(from: PortType, to: PortType | undefined): boolean {
  return to === undefined || fits(from, to);
}
