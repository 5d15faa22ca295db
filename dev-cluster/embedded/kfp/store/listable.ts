/** What a resource tells the list call about itself. */
import type { SQLInputValue } from 'node:sqlite';
import { invalid } from '../errors.ts';

export interface Field {
  /** SQL expression, never NULL: it is compared and ordered by. */
  readonly sql: string;
  /** `time` columns hold milliseconds and take timestamps (or whole seconds) as filter values. */
  readonly kind: 'text' | 'time';
}

/** What may be listed, and by which API names it may be sorted and filtered. */
export interface Listable {
  /** For messages, as upstream names it, e.g. `Run`. */
  readonly name: string;
  readonly table: string;
  readonly select: string;
  readonly key: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** JSON column that `tags.<key>` filters look into. */
  readonly tags?: string;
}

/** One condition of a WHERE clause. */
export interface Where {
  readonly sql: string;
  readonly args: readonly SQLInputValue[];
}

export function textField(sql: string): Field {
  return { sql, kind: 'text' };
}

export function timeField(sql: string): Field {
  return { sql, kind: 'time' };
}

/** The field of an API name, or a 400 with the message. */
export function fieldOf(what: Listable, name: string, message: (name: string) => string): Field {
  const field = what.fields.get(name.startsWith('metric:') ? 'metric:' : name);
  if (field === undefined) throw invalid(message(name));
  return field;
}
