/** KFP's filter: JSON of filter.proto, all predicates AND-ed. */
import type { SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import { invalid } from '../errors.ts';
import { fieldOf, type Field, type Listable, type Where } from './listable.ts';

/** In the order of their numbers in filter.proto. */
export const OPERATIONS = [
  'EQUALS',
  'NOT_EQUALS',
  'GREATER_THAN',
  'GREATER_THAN_EQUALS',
  'LESS_THAN',
  'LESS_THAN_EQUALS',
  'IN',
  'IS_SUBSTRING',
] as const;

export interface Predicate {
  readonly operation: (typeof OPERATIONS)[number];
  readonly key: string;
  /** Timestamps are seconds since the epoch, with a fraction. */
  readonly value: string | number | readonly string[] | readonly number[];
}

/** protobuf's JSON takes an enum by its number, too, and the SDK sends it so. */
const NUMBERED: ReadonlyMap<unknown, string> = new Map(
  [1, 2, 3, 5, 6, 7, 8, 9].map((number, index) => [number, OPERATIONS[index] ?? '']),
);
const operation = z.preprocess((given) => NUMBERED.get(given) ?? given, z.enum(OPERATIONS));

// int64 travels as a string; everything ours is compared with fits a double.
const int64 = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);
const int32 = int64.pipe(z.int32());
const seconds = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text) / 1000);

const predicate = z
  .strictObject({
    operation,
    key: z.string().default(''),
    int_value: int32.optional(),
    long_value: int64.optional(),
    string_value: z.string().optional(),
    timestamp_value: seconds.optional(),
    int_values: z.strictObject({ values: z.array(int32).default([]) }).optional(),
    long_values: z.strictObject({ values: z.array(int64).default([]) }).optional(),
    string_values: z.strictObject({ values: z.array(z.string()).default([]) }).optional(),
  })
  .transform(({ operation: by, key, ...values }): Predicate => {
    const given = Object.values(values).filter((value) => value !== undefined);
    const [only] = given;
    if (key === '') throw invalid(`Predicate key cannot be empty for operation ${by}`);
    if (only === undefined || given.length > 1)
      throw invalid(`The predicate on "${key}" must have exactly one value`);
    return { operation: by, key, value: typeof only === 'object' ? only.values : only };
  });

const filter = z.strictObject({ predicates: z.array(predicate).default([]) });

/** SDKs before 2.0 wrote the value fields in camelCase; upstream still takes them. */
const OLD_NAMES = /"(int|long|string|timestamp)Value(s?)":/g;

export function parseFilter(text: string | undefined): readonly Predicate[] {
  if (text === undefined || text === '') return [];
  let json: unknown;
  try {
    json = JSON.parse(decode(text).replaceAll(OLD_NAMES, '"$1_value$2":'));
  } catch {
    throw invalid(`failed to parse valid filter from ${JSON.stringify(text)}: it is not JSON`);
  }
  const result = filter.safeParse(json);
  if (result.success) return result.data.predicates.map(checked);
  const [issue] = result.error.issues;
  throw invalid(
    `failed to parse valid filter from ${JSON.stringify(text)}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  );
}

/** The SDK escapes the filter once more than HTTP does. */
function decode(text: string): string {
  if (text.trimStart().startsWith('{')) return text;
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function checked(one: Predicate): Predicate {
  const isList = typeof one.value === 'object';
  if (one.operation === 'IN' && !isList)
    throw invalid(`cannot use IN operator with scalar type on "${one.key}"`);
  if (one.operation === 'IS_SUBSTRING' && typeof one.value !== 'string')
    throw invalid(`cannot use non string value type with operator IS_SUBSTRING on "${one.key}"`);
  if (one.operation !== 'IN' && isList)
    throw invalid(`cannot use scalar operator ${one.operation} on array type on "${one.key}"`);
  return one;
}

const COMPARE = {
  EQUALS: '=',
  NOT_EQUALS: '<>',
  GREATER_THAN: '>',
  GREATER_THAN_EQUALS: '>=',
  LESS_THAN: '<',
  LESS_THAN_EQUALS: '<=',
} as const;

export function predicateSql({ operation, key, value }: Predicate, what: Listable): Where {
  if (key.startsWith('tags.') && what.tags !== undefined) return tagSql(key, operation, value, what.tags);
  const field = fieldOf(what, key, (name) => `no support for filtering on unrecognized field "${name}"`);
  if (operation === 'IS_SUBSTRING')
    return { sql: `instr(lower(${field.sql}), lower(?)) > 0`, args: [String(value)] };
  if (operation === 'IN') {
    const values = (typeof value === 'object' ? value : [value]).map((one) => toSql(one, field, key));
    return { sql: `${field.sql} IN (${values.map(() => '?').join(', ')})`, args: values };
  }
  if (typeof value === 'object') throw invalid(`"${key}" takes one value`);
  return { sql: `${field.sql} ${COMPARE[operation]} ?`, args: [toSql(value, field, key)] };
}

function toSql(value: string | number, field: Field, key: string): SQLInputValue {
  if (field.kind === 'text') return String(value);
  if (typeof value === 'string')
    throw invalid(`"${key}" is a time: compare it with a timestamp_value, not with a string_value`);
  return Math.round(value * 1000);
}

function tagSql(key: string, operation: string, value: Predicate['value'], column: string): Where {
  if (operation !== 'EQUALS')
    throw invalid(`only EQUALS operation is supported for tag filtering, got ${operation} for key "${key}"`);
  if (typeof value !== 'string') throw invalid(`tag filter value must be a string for key "${key}"`);
  return {
    sql: `EXISTS (SELECT 1 FROM json_each(${column}) AS tag WHERE tag.key = ? AND tag.value = ?)`,
    args: [key.slice('tags.'.length), value],
  };
}
