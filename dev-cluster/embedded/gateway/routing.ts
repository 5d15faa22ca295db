/** Which rule a request belongs to: the Gateway API's matching and precedence. Pure. */
import type { PathMatch, RouteMatch, ValueMatch } from './resources.ts';

/** What matching looks at. */
export interface RequestFacts {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** By lower-case name; several values of one name joined by commas. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** One match of one rule, ready to be asked. */
export interface CompiledMatch {
  readonly path: PathMatch;
  readonly matches: (request: RequestFacts) => boolean;
  readonly rank: readonly number[];
}

/** Where the rule of a match stands among others that are as specific: older routes go first, then by name. */
export interface RouteOrder {
  readonly creationTimestamp: string;
  readonly namespacedName: string;
  readonly rule: number;
  readonly match: number;
}

// Regular expressions stand between exact paths and prefixes, as in Envoy Gateway: the specification leaves it open.
const PATH_RANK = { Exact: 2, RegularExpression: 1, PathPrefix: 0 } as const;

/** Throws a SyntaxError for a regular expression that isn't one. */
export function compileMatch(match: RouteMatch): CompiledMatch {
  const { path, method, headers, queryParams } = match;
  const matchesPath = compilePath(path);
  // Of several entries for one name the first counts.
  const ofHeaders = firstOfEachName(headers.map((one) => ({ ...one, name: one.name.toLowerCase() })));
  const checks = ofHeaders.map(({ name, ...rest }) => ({ name, test: compileValue(rest) }));
  const queries = firstOfEachName(queryParams).map(({ name, ...rest }) => ({
    name,
    test: compileValue(rest),
  }));
  return {
    path,
    matches: (request) => {
      if (!matchesPath(request.path)) return false;
      if (method !== undefined && method !== request.method) return false;
      for (const { name, test } of checks) {
        const value = request.headers[name];
        if (value === undefined || !test(typeof value === 'string' ? value : value.join(','))) return false;
      }
      if (queries.length === 0) return true;
      const parameters = new URLSearchParams(request.query);
      return queries.every(({ name, test }) => {
        const value = parameters.get(name);
        return value !== null && test(value);
      });
    },
    rank: [
      PATH_RANK[path.type],
      path.value.length,
      method === undefined ? 0 : 1,
      ofHeaders.length,
      queries.length,
    ],
  };
}

/** Negative when `a` is asked before `b`. */
export function comparePrecedence(
  a: { readonly match: CompiledMatch; readonly order: RouteOrder },
  b: { readonly match: CompiledMatch; readonly order: RouteOrder },
): number {
  for (const [index, rank] of a.match.rank.entries()) {
    const difference = (b.match.rank[index] ?? 0) - rank;
    if (difference !== 0) return difference;
  }
  return (
    compareText(a.order.creationTimestamp, b.order.creationTimestamp) ||
    compareText(a.order.namespacedName, b.order.namespacedName) ||
    a.order.rule - b.order.rule ||
    a.order.match - b.order.match
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By whole segments: `/abc` has the prefix of `/abc/def`, not of `/abcd`. */
export function hasPathPrefix(path: string, prefix: string): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path.startsWith(bare) && (path.length === bare.length || path.charCodeAt(bare.length) === SLASH);
}

const SLASH = 47;

function compilePath({ type, value }: PathMatch): (path: string) => boolean {
  if (type === 'Exact') return (path) => path === value;
  if (type === 'RegularExpression') return wholeRegExp(value);
  if (value === '/') return () => true;
  return (path) => hasPathPrefix(path, value);
}

function compileValue({ type, value }: Omit<ValueMatch, 'name'>): (text: string) => boolean {
  return type === 'Exact' ? (text) => text === value : wholeRegExp(value);
}

/** Of the whole text, as Envoy does. */
function wholeRegExp(source: string): (text: string) => boolean {
  const expression = new RegExp(`^(?:${source})$`, 's');
  return (text) => expression.test(text);
}

function firstOfEachName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return items.filter(({ name }) => !seen.has(name) && seen.add(name));
}

/** True when a request for `host` (lower case, no port) may use `pattern`: exact, `*.suffix`, or empty for all. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === '') return true;
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

/** Greater for the more specific of two patterns that match the same host. */
export function hostSpecificity(pattern: string): number {
  if (pattern === '') return 0;
  return pattern.startsWith('*.') ? pattern.length : 1_000_000;
}

/** What both admit; `undefined` when they have no host in common. */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (a === '' || a === b) return b;
  if (b === '') return a;
  const [isWildA, isWildB] = [a.startsWith('*.'), b.startsWith('*.')];
  if (isWildA && isWildB) {
    if (a.endsWith(b.slice(1))) return a;
    return b.endsWith(a.slice(1)) ? b : undefined;
  }
  if (isWildA) return hostMatches(a, b) ? b : undefined;
  return isWildB && hostMatches(b, a) ? a : undefined;
}

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A Gateway API duration (GEP-2257) in milliseconds; `undefined` when none is given or it is zero: no limit. */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|h|m|s)/g))
    total += Number(amount) * (UNITS_MS[unit ?? ''] ?? 0);
  return total === 0 ? undefined : total;
}

const GOLDEN_RATIO = 0.618_033_988_749_894_9;

/**
 * Picks indexes in proportion to their weights, as evenly as can be: after n picks each is within a few of its share,
 * whatever the weights (a Weyl sequence). -1 when all weights are 0.
 */
export function weightedPicker(weights: readonly number[], start = Math.random()): () => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let point = start;
  return () => {
    if (total === 0) return -1;
    point = (point + GOLDEN_RATIO) % 1;
    let rest = point * total;
    for (const [index, weight] of weights.entries()) {
      rest -= weight;
      if (rest < 0) return index;
    }
    return weights.findLastIndex((weight) => weight > 0);
  };
}
