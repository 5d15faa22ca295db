/** One list call for every resource: predicates, sort, keyset page tokens and the total, in two SQL statements. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { z } from 'zod';
import { invalid } from '../errors.ts';
import { OPERATIONS, parseFilter, predicateSql, type Predicate } from './filter.ts';
import { fieldOf, type Listable, type Where } from './listable.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

/** As the query string has them; an empty text is `undefined`. */
export interface ListRequest {
  readonly pageSize: string | undefined;
  readonly pageToken: string | undefined;
  readonly sortBy: string | undefined;
  readonly filter: string | undefined;
}

export interface ListResult {
  readonly rows: readonly Row[];
  readonly totalSize: number;
  readonly nextPageToken: string | undefined;
}

const DEFAULT_PAGE = 20;
const MAX_PAGE = 200;

const pageToken = z.strictObject({
  resource: z.string(),
  sort: z.string(),
  desc: z.boolean(),
  value: z.union([z.string(), z.number()]),
  key: z.union([z.string(), z.number()]),
  filter: z.array(
    z.strictObject({
      operation: z.enum(OPERATIONS),
      key: z.string(),
      value: z.union([z.string(), z.number(), z.array(z.string()), z.array(z.number())]),
    }),
  ),
});

interface Order {
  readonly sort: string;
  readonly desc: boolean;
  readonly filter: readonly Predicate[];
}

export function list(
  db: DatabaseSync,
  what: Listable,
  request: ListRequest,
  scope: readonly Where[] = [],
): ListResult {
  const size = parsePageSize(request.pageSize);
  const token = request.pageToken === undefined ? undefined : parseToken(request.pageToken, what);
  const { sort, desc, filter } = orderOf(request, token);
  const sortSql = fieldOf(
    what,
    sort,
    (name) => `Invalid sorting field: "${name}" on listable type ${what.name}`,
  ).sql;
  const wheres: Where[] = [...scope, ...filter.map((predicate) => predicateSql(predicate, what))];
  const from = (parts: readonly Where[]): string =>
    `FROM ${what.table}${parts.length > 0 ? ` WHERE ${parts.map(({ sql }) => sql).join(' AND ')}` : ''}`;
  const totalSize = Number(
    db.prepare(`SELECT count(*) AS n ${from(wheres)}`).get(...wheres.flatMap(({ args }) => args))?.['n'] ?? 0,
  );
  const paged: Where[] = token
    ? [
        ...wheres,
        { sql: `(${sortSql}, ${what.key}) ${desc ? '<=' : '>='} (?, ?)`, args: [token.value, token.key] },
      ]
    : wheres;
  const direction = desc ? 'DESC' : 'ASC';
  // One more row than asked for: it is where the next page begins.
  const rows = db
    .prepare(
      `SELECT ${what.select}, ${sortSql} AS sort_value, ${what.key} AS sort_key ${from(paged)}
       ORDER BY ${sortSql} ${direction}, ${what.key} ${direction} LIMIT ${size + 1}`,
    )
    .all(...paged.flatMap(({ args }) => args));
  const next = rows[size];
  return {
    rows: rows.slice(0, size),
    totalSize,
    nextPageToken: next === undefined ? undefined : encodeToken(what, { sort, desc, filter }, next),
  };
}

function orderOf(request: ListRequest, token: Order | undefined): Order {
  if (token !== undefined && request.sortBy === undefined && request.filter === undefined) return token;
  const asked: Order = { ...parseSort(request.sortBy ?? ''), filter: parseFilter(request.filter) };
  if (token !== undefined && !isSameOrder(token, asked)) {
    throw invalid(
      'page token does not match the supplied sort by and/or filtering criteria. Either specify the same criteria or leave the latter empty if page token is specified',
    );
  }
  return asked;
}

function parsePageSize(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PAGE;
  const size = Number(text);
  if (!Number.isInteger(size) || Math.abs(size) > 0x7fff_ffff)
    throw invalid(`page_size must be an int32, not "${text}"`);
  if (size < 0) throw invalid(`The page size should be greater than 0. Got ${size}`);
  return size === 0 ? DEFAULT_PAGE : Math.min(size, MAX_PAGE);
}

function parseSort(sortBy: string): { sort: string; desc: boolean } {
  const [name = 'created_at', direction = 'asc', ...rest] = sortBy.toLowerCase().split(/\s+/).filter(Boolean);
  if (rest.length > 0 || (direction !== 'asc' && direction !== 'desc')) {
    throw invalid(
      `Received invalid sort by format "${sortBy}". Supported format: "field_name", "field_name desc", or "field_name asc"`,
    );
  }
  return { sort: name, desc: direction === 'desc' };
}

function parseToken(text: string, what: Listable): z.infer<typeof pageToken> {
  try {
    const token = pageToken.parse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
    if (token.resource === what.name) return token;
  } catch {
    // Refused below, whatever is wrong with it.
  }
  throw invalid('Invalid page token');
}

function encodeToken(what: Listable, order: Order, next: Row): string {
  const token = { resource: what.name, ...order, value: next['sort_value'], key: next['sort_key'] };
  return Buffer.from(JSON.stringify(token), 'utf8').toString('base64');
}

function isSameOrder(a: Order, b: Order): boolean {
  return a.sort === b.sort && a.desc === b.desc && JSON.stringify(a.filter) === JSON.stringify(b.filter);
}
