import type { Draft } from '../draft.ts';
import { textAt, withValue } from '../jsonPath.ts';
import { refuse } from '../refusal.ts';
import { freeName } from '../scope.ts';

/** The keys that tasks have in their new dag, by the keys of the old. */
export type NewKeys = ReadonlyMap<string, string>;

/** Takes tasks from one dag to another as they are written; what they refer to is for the caller to set right. */
export function transplant(draft: Draft, from: string, to: string, moved: readonly string[]): NewKeys {
  const keys = new Map<string, string>();
  for (const key of moved) {
    if (!draft.hasTask(from, key)) refuse(`There is no task '${key}' any more.`);
    const task = draft.task(from, key);
    // Two tasks of the group may have moved one after the other.
    const newKey = freeName(key, (name) => draft.hasTask(to, name) || (name !== key && moved.includes(name)));
    keys.set(key, newKey);
    draft.removeTask(from, key);
    const isNamedByKey = textAt(task, 'taskInfo', 'name') === key;
    draft.putTask(to, newKey, isNamedByKey ? withValue(task, ['taskInfo', 'name'], newKey) : task);
  }
  return keys;
}
