import type { JsonObject } from '../../../base/json.ts';
import type { Draft } from '../draft.ts';
import { textAt, withValue } from '../jsonPath.ts';
import { refuse } from '../refusal.ts';
import { freeName } from '../scope.ts';

/** The keys that tasks have in their new dag, by the keys of the old. */
export type NewKeys = ReadonlyMap<string, string>;

/** Takes tasks from one dag to another as they are written; what they refer to is for the caller to set right. */
export function transplant(draft: Draft, from: string, to: string, moved: readonly string[]): NewKeys {
  const going = new Set(moved);
  const keys = new Map<string, string>();
  const tasks = new Map<string, JsonObject>();
  for (const key of moved) {
    if (!draft.hasTask(from, key)) refuse(`There is no task '${key}' any more.`);
    const task = draft.task(from, key);
    const isTaken = (name: string): boolean => draft.hasTask(to, name) || tasks.has(name);
    // Nor the key of one that moves later, which keeps it.
    const newKey = freeName(key, (name) => isTaken(name) || (name !== key && going.has(name)));
    keys.set(key, newKey);
    const isNamedByKey = textAt(task, 'taskInfo', 'name') === key;
    tasks.set(newKey, isNamedByKey ? withValue(task, ['taskInfo', 'name'], newKey) : task);
  }
  draft.removeTasks(from, going);
  draft.addTasks(to, tasks);
  return keys;
}
