/** Domain rows → KFP's JSON: snake_case, unset fields left out, int64 as strings, Go's zero times. */
import type { JsonObject, JsonValue } from '../../../../src/core/base/json.ts';

/** What upstream writes for a time that has not come, where it counts seconds since the epoch. */
export const EPOCH = '1970-01-01T00:00:00Z';
/** The same, where it holds a Go time. */
export const GO_ZERO_TIME = '0001-01-01T00:00:00Z';

/** RFC 3339 as protobuf writes it: no fraction when it is zero. */
export function timestamp(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}

/** protobuf's JSON has no unset fields: drops `undefined`, `''`, empty lists and empty objects. */
export function populated(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const result: Record<string, JsonValue> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined && isPopulated(value)) result[name] = value;
  }
  return result;
}

function isPopulated(value: JsonValue): boolean {
  if (value === null || value === '' || value === 0 || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** A list answer. */
export function page(
  name: string,
  items: readonly JsonObject[],
  { totalSize, nextPageToken }: { readonly totalSize: number; readonly nextPageToken: string | undefined },
): JsonObject {
  return populated({ [name]: items, total_size: totalSize, next_page_token: nextPageToken });
}
