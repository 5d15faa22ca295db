/** Where the parts of a YAML text are: entries of mappings and items of lists with their lines and comments. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { JsonPath } from './jsonPath.ts';

/** Thrown inside the splicer only: the text cannot be edited there without a change of meaning elsewhere. */
export class CannotSplice extends Error {
  readonly at: number;
  constructor(reason: string, at: number) {
    super(reason);
    this.at = at;
  }
}

/** An entry of a block mapping or an item of a block list. */
export interface Place {
  /** '' for items of lists. */
  readonly key: string;
  readonly keyNode: ParsedNode | undefined;
  readonly node: ParsedNode | null;
  /** Of the key, or of the dash. */
  readonly start: number;
  /** Just after the colon, or the dash. */
  readonly afterMark: number;
  /** Where the value ends, without comments and line breaks; `afterMark` when there is none. */
  readonly valueEnd: number;
}

export interface Collection {
  readonly kind: 'map' | 'list';
  readonly isFlow: boolean;
  readonly places: readonly Place[];
  /** Of a block: the column of its keys or dashes. */
  readonly column: number;
  readonly range: readonly [number, number];
}

/** The entries of a mapping or list; undefined for scalars. Refuses what stands there by an alias or has one. */
export function collectionAt(text: string, node: ParsedNode | null, path: JsonPath): Collection | undefined {
  if (isAlias(node) || node?.anchor !== undefined) {
    throw new CannotSplice('is shared by an anchor (&) and aliases (*)', node.range[0]);
  }
  if (!isMap(node) && !isSeq(node)) return undefined;
  const places = isMap(node) ? entriesOf(text, node, path) : itemsOf(text, node);
  const [start, end] = node.range;
  const isFlow = node.flow === true;
  const first = isFlow ? start : (places[0]?.start ?? start);
  return {
    kind: isMap(node) ? 'map' : 'list',
    isFlow,
    places,
    column: first - lineStart(text, first),
    range: [start, end],
  };
}

function entriesOf(
  text: string,
  map: Extract<ParsedNode, { items: { key: unknown }[] }>,
  path: JsonPath,
): readonly Place[] {
  const known = new Set<string>();
  return map.items.map(({ key: keyNode, value: node }) => {
    const [start, keyEnd] = keyNode.range;
    if (!isScalar(keyNode)) throw new CannotSplice('has a key that is not plain text', start);
    const key = typeof keyNode.value === 'string' ? keyNode.value : keyNode.source;
    if (key === '<<') throw new CannotSplice('is merged of other mappings (<<)', start);
    if (known.has(key)) {
      throw new CannotSplice(`has '${key}' twice in ${path.join('.') || 'the document'}`, start);
    }
    known.add(key);
    const afterMark = text.indexOf(':', keyEnd) + 1;
    // `? key` and a key without a value.
    if (
      afterMark === 0 ||
      text.slice(keyEnd, afterMark - 1).trim() !== '' ||
      text.charAt(start - 2) === '?'
    ) {
      throw new CannotSplice('has a key in a form of its own', start);
    }
    return { key, keyNode, node, start, afterMark, valueEnd: Math.max(afterMark, endOf(text, node)) };
  });
}

function itemsOf(text: string, list: Extract<ParsedNode, { items: unknown[] }>): readonly Place[] {
  let at = list.range[0];
  return (list.items as (ParsedNode | null)[]).map((node) => {
    if (list.flow === true) {
      if (node === null) throw new CannotSplice('has an empty item', at);
      const [start] = node.range;
      return { key: '', keyNode: undefined, node, start, afterMark: start, valueEnd: endOf(text, node) };
    }
    const start = nextDash(text, at);
    const afterMark = start + 1;
    const valueEnd = Math.max(afterMark, endOf(text, node));
    at = valueEnd;
    return { key: '', keyNode: undefined, node, start, afterMark, valueEnd };
  });
}

/** The dash after white space and comments. */
function nextDash(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charAt(at) !== '-') {
    if (text.charAt(at) === '#') at = lineEnd(text, at);
    else if (/\s/.test(text.charAt(at))) at++;
    else throw new CannotSplice('has a list in a form of its own', at);
  }
  return at;
}

/** Where a value ends: before the comments and line breaks that the yaml package counts to it. */
export function endOf(text: string, node: ParsedNode | null): number {
  if (node === null) return 0;
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return last === undefined ? node.range[1] : Math.max(endOf(text, last.key), endOf(text, last.value));
  }
  if (isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return last === undefined ? node.range[1] : endOf(text, last);
  }
  const [start, end] = node.range;
  if (isBlockScalar(node)) {
    if (end === start || text.charAt(end - 1) !== '\n') return end;
    return text.charAt(end - 2) === '\r' ? end - 2 : end - 1;
  }
  return end;
}

export function isBlockScalar(node: ParsedNode | null): boolean {
  return isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
}

/** The offset at which a line's characters begin. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** The offset of a line's break, or the end of the text. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  if (end === -1) return text.length;
  return end > at && text.charAt(end - 1) === '\r' ? end - 1 : end;
}

/** Where the next line begins. */
export function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

export function isFirstOnLine(text: string, at: number): boolean {
  return text.slice(lineStart(text, at), at).trim() === '';
}

/** Start of the comment lines right above a place, in its column: they belong to it. */
export function startWithComments(text: string, place: Place, notBefore: number): number {
  let start = lineStart(text, place.start);
  const column = place.start - start;
  while (start > notBefore) {
    const above = lineStart(text, start - 1);
    const line = text.slice(above, start);
    if (above < notBefore || line.search(/\S/) !== column || line.charAt(column) !== '#') break;
    start = above;
  }
  return start;
}
