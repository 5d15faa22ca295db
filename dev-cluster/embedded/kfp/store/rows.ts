/** What SQLite's errors and columns mean, in one place. */
import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../../../src/core/base/json.ts';

const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

/** True when an INSERT met a name that is taken. */
export function isDuplicate(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return code === SQLITE_CONSTRAINT_UNIQUE || code === SQLITE_CONSTRAINT_PRIMARYKEY;
}

/** A column of JSON text that holds a string map. */
export const tagsColumn = z
  .string()
  .transform((json) => z.record(z.string(), z.string()).parse(JSON.parse(json)));

/** A column of JSON text that holds an object. Only the service writes it. */
export const jsonColumn = z.string().transform((json): JsonObject => {
  const value: unknown = JSON.parse(json);
  if (!isJsonObject(value)) throw new Error('The column does not hold a JSON object.');
  return value;
});
