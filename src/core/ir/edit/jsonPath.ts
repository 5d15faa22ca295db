/** Reading and changing JSON by paths; a change leaves everything beside its path the same object (see spec.ts). */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';

export type JsonPath = readonly string[];

const nothing: JsonObject = {};

/** The value at a path through objects, or undefined. Only own keys count. */
export function valueAt(root: JsonValue | undefined, ...path: JsonPath): JsonValue | undefined {
  let value = root;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** The object at a path; anything else reads as an empty one. */
export function objectAt(root: JsonValue | undefined, ...path: JsonPath): JsonObject {
  const value = valueAt(root, ...path);
  return isJsonObject(value) ? value : nothing;
}

/** The text at a path; undefined for anything else. */
export function textAt(root: JsonValue | undefined, ...path: JsonPath): string | undefined {
  const value = valueAt(root, ...path);
  return typeof value === 'string' ? value : undefined;
}

/** The list at a path; anything else reads as an empty one. */
export function listAt(root: JsonValue | undefined, ...path: JsonPath): readonly JsonValue[] {
  const value = valueAt(root, ...path);
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** The texts of a list, e.g. `dependentTasks`. */
export function textsAt(root: JsonValue | undefined, ...path: JsonPath): readonly string[] {
  return listAt(root, ...path).filter((item) => typeof item === 'string');
}

/** With `value` at the path; objects on the way are made. */
export function withValue(root: JsonObject, path: JsonPath, value: JsonValue): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return isJsonObject(value) ? value : root;
  const next = rest.length === 0 ? value : withValue(objectAt(root, key), rest, value);
  if (Object.hasOwn(root, key) && root[key] === next) return root;
  // `fromEntries` defines a key called `__proto__` like any other.
  if (Object.hasOwn(root, key)) {
    return Object.fromEntries(Object.entries(root).map((entry) => (entry[0] === key ? [key, next] : entry)));
  }
  return Object.fromEntries([...Object.entries(root), [key, next]]);
}

/** Without the value at the path, and without what holds nothing else, up to the first `keep` keys of the path. */
export function withoutValue(root: JsonObject, path: JsonPath, keep = 0): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined || !Object.hasOwn(root, key)) return root;
  if (rest.length > 0) {
    const inner = objectAt(root, key);
    const next = withoutValue(inner, rest, keep - 1);
    if (next === inner) return root;
    if (keep > 0 || Object.keys(next).length > 0) return withValue(root, [key], next);
  }
  return Object.fromEntries(Object.entries(root).filter(([name]) => name !== key));
}

/** `value`, or nothing at the path when it is undefined. */
export function withOptional(root: JsonObject, path: JsonPath, value: JsonValue | undefined): JsonObject {
  return value === undefined ? withoutValue(root, path, path.length - 1) : withValue(root, path, value);
}

/** A key under another name, in its place. */
export function withKeyRenamed(root: JsonObject, path: JsonPath, from: string, to: string): JsonObject {
  const object = objectAt(root, ...path);
  if (!Object.hasOwn(object, from)) return root;
  const renamed = Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key === from ? to : key, value]),
  );
  return withValue(root, path, renamed);
}

/** Each value of the object at a path by `change`; undefined takes the entry away. Unchanged, it stays the same object. */
export function mapEntries(
  object: JsonObject,
  change: (value: JsonValue, key: string) => JsonValue | undefined,
): JsonObject {
  let changed = false;
  const entries: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(object)) {
    const next = change(value, key);
    if (next !== value) changed = true;
    if (next !== undefined) entries.push([key, next]);
  }
  return changed ? Object.fromEntries(entries) : object;
}

/** Equal as JSON: the order of keys does not count. */
export function isEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    const other = b as readonly JsonValue[];
    return a.length === other.length && a.every((item: JsonValue, i) => isEqual(item, other[i]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
  );
}
