/** A step's platform settings may name outputs and inputs too, e.g. the volume that another task made. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../base/json.ts';
import type { Draft } from '../draft.ts';
import { objectAt, textAt, withValue } from '../jsonPath.ts';
import { refuse } from '../refusal.ts';
import { readSource, writeSource, type InputSource } from '../sources.ts';

const sourceKeys = ['taskOutputParameter', 'componentInputParameter'];

/** Each source in the platform settings of a task as `change` wants it. */
export function mapPlatformSources(
  draft: Draft,
  parent: string,
  key: string,
  change: (source: InputSource) => InputSource,
): void {
  const { platforms } = draft.spec;
  const component = draft.componentOfTask(parent, key);
  const label = textAt(draft.component(component), 'executorLabel');
  if (platforms === undefined || label === undefined) return;
  const path = ['kubernetes', 'deploymentSpec', 'executors', label];
  const before = objectAt(platforms, ...path);
  const after = mapSources(before, change);
  if (after === before || !isJsonObject(after)) return;
  if (draft.uses(component) > 1) {
    refuse(
      `'${draft.nameOf(parent, key)}' shares its platform settings with another task, and they read what would move: duplicate it first.`,
    );
  }
  draft.spec = { ...draft.spec, platforms: withValue(platforms, path, after) };
}

function mapSources(value: JsonValue, change: (source: InputSource) => InputSource): JsonValue {
  if (Array.isArray(value)) {
    const items = value as readonly JsonValue[];
    const mapped = items.map((item) => mapSources(item, change));
    return mapped.some((item, i) => item !== items[i]) ? mapped : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(
    ([key, entry]) => [key, sourceKeys.includes(key) ? entry : mapSources(entry, change)] as const,
  );
  const inner: JsonObject = entries.some(([key, entry]) => entry !== value[key])
    ? Object.fromEntries(entries)
    : value;
  if (!sourceKeys.some((key) => Object.hasOwn(value, key))) return inner;
  const source = readSource(value);
  const changed = change(source);
  if (changed === source) return inner;
  const rest = Object.entries(inner).filter(([key]) => !sourceKeys.includes(key));
  // Beside other fields the format has a `constant` of its own.
  const written =
    changed.kind === 'constant' && rest.length > 0
      ? { constant: changed.value }
      : writeSource('parameter', changed);
  return { ...Object.fromEntries(rest), ...written };
}
