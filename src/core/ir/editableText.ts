import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  Pair,
  parseAllDocuments,
  parseDocument,
  visit,
  YAMLMap,
  type ParsedNode,
  type YAMLParseError,
} from 'yaml';
import { splitDocuments, splitEntries, type TextRegion } from './yamlRegions.ts';

/** One YAML document of a text; ranges count from the start of the text. */
export interface YamlDocument {
  readonly contents: ParsedNode | null;
  readonly errors: readonly YAMLParseError[];
}

const options = {
  logLevel: 'silent',
  prettyErrors: false,
  // The package compares every key with every other one; the reader finds duplicates in linear time.
  uniqueKeys: false,
} as const;

/** An entry of a mapping, parsed by itself; its nodes' ranges count from `start` as they stand now. */
interface Leaf {
  readonly pair: Pair<ParsedNode, ParsedNode | null>;
  readonly nodes: readonly ParsedNode[];
  start: number;
}

/** Entries up to this many characters are parsed as one. */
const leafSize = 2_000;
/** Entries within entries are parsed apart down to here; a pipeline's tasks are at the fourth level. */
const maxDepth = 8;
/** Longer texts are read whole, where the count of their tokens is limited. */
const maxSplit = 2_000_000;

/**
 * The YAML of a text that changes. `read` parses only the entries whose text is new, moves the others to where they
 * are now, and gives what a fresh parse gives. What is not simple (anchors, tags, flow style or broken text) is parsed
 * whole.
 */
export class EditableText {
  #leaves = new Map<string, Leaf[]>();
  #text: string | undefined;
  #documents: readonly YamlDocument[] = [];

  /** The nodes are valid until the next `read` of another text. */
  read(text: string): readonly YamlDocument[] {
    if (text === this.#text) return this.#documents;
    this.#text = undefined;
    const pool = this.#leaves;
    this.#leaves = new Map();
    this.#documents = this.#readSplit(text, pool) ?? parseWhole(text);
    this.#text = text;
    return this.#documents;
  }

  #readSplit(text: string, pool: Map<string, Leaf[]>): readonly YamlDocument[] | undefined {
    if (text.length > maxSplit) return undefined;
    const regions = splitDocuments(text);
    if (regions === undefined) return undefined;
    const documents: YamlDocument[] = [];
    for (const region of regions) {
      const contents = this.#readMap(text, region, pool, 0);
      if (contents === undefined) return undefined;
      documents.push({ contents, errors: [] });
    }
    return documents;
  }

  #readMap(
    text: string,
    region: TextRegion,
    pool: Map<string, Leaf[]>,
    depth: number,
  ): ParsedNode | undefined {
    const entries = splitEntries(text, region);
    if (entries === undefined) return undefined;
    const pairs: Pair<ParsedNode, ParsedNode | null>[] = [];
    for (const entry of entries) {
      const inner =
        depth < maxDepth && entry.inner !== undefined && entry.end - entry.start > leafSize
          ? this.#readMap(text, entry.inner, pool, depth + 1)
          : undefined;
      const end = inner === undefined || entry.inner === undefined ? entry.end : entry.inner.start;
      const leaf = this.#leaf(text, { start: entry.start, end }, pool);
      if (leaf === undefined) return undefined;
      pairs.push(inner === undefined ? leaf.pair : new Pair(leaf.pair.key, inner));
    }
    return mapOf(pairs);
  }

  #leaf(text: string, { start, end }: TextRegion, pool: Map<string, Leaf[]>): Leaf | undefined {
    const slice = text.slice(start, end);
    const leaf = pool.get(slice)?.pop() ?? parseLeaf(slice);
    if (leaf === undefined) return undefined;
    moveTo(leaf, start);
    const same = this.#leaves.get(slice);
    if (same === undefined) this.#leaves.set(slice, [leaf]);
    else same.push(leaf);
    return leaf;
  }
}

/** A text that is read once. */
export function parseWhole(text: string): readonly YamlDocument[] {
  const documents = parseAllDocuments(text, options);
  return 'empty' in documents ? [] : documents;
}

function parseLeaf(slice: string): Leaf | undefined {
  // A slice, and every scalar in it, would keep the whole text alive that it was cut from.
  const document = parseDocument(` ${slice}`.slice(1), options);
  const { contents, errors } = document;
  if (errors.length > 0 || !isMap(contents) || contents.items.length !== 1) return undefined;
  const [pair] = contents.items;
  const nodes: ParsedNode[] = [];
  let isSimple = pair !== undefined && isScalar(pair.key);
  visit(contents, (_key, node) => {
    if (isPair(node)) {
      if (isScalar(node.key) && node.key.value === '<<') isSimple = false;
    } else if (isNode(node)) {
      const parsed = node as ParsedNode;
      if (isAlias(parsed) || parsed.anchor !== undefined || parsed.tag !== undefined) isSimple = false;
      nodes.push(parsed);
    }
    return isSimple ? undefined : visit.BREAK;
  });
  return isSimple && pair !== undefined ? { pair, nodes, start: 0 } : undefined;
}

function moveTo(leaf: Leaf, start: number): void {
  const by = start - leaf.start;
  if (by === 0) return;
  leaf.start = start;
  for (const node of leaf.nodes) {
    const [from, valueEnd, nodeEnd] = node.range;
    node.range = [from + by, valueEnd + by, nodeEnd + by];
  }
}

function mapOf(pairs: Pair<ParsedNode, ParsedNode | null>[]): ParsedNode {
  const map = new YAMLMap<ParsedNode, ParsedNode | null>();
  map.items = pairs;
  const last = pairs.at(-1);
  const end = Math.max(last?.key.range[1] ?? 0, last?.value?.range[1] ?? 0);
  return Object.assign(map, {
    range: [pairs[0]?.key.range[0] ?? 0, end, end] as [number, number, number],
  }) as YAMLMap.Parsed;
}
