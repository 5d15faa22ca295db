import { isAlias, isMap, isPair, isScalar, isSeq, visit, type ParsedNode } from 'yaml';
import type { JsonObject, JsonValue } from '../base/json.ts';
import type { Problem, SourceRange } from './model.ts';
import { problem, type ProblemCode } from './problemCodes.ts';

/** A value where it is written: for an alias, `range` is the alias and `node` what it stands for. */
export interface Value {
  readonly node: ParsedNode | null;
  readonly range: SourceRange;
}

export interface Entry {
  readonly key: string;
  readonly keyRange: SourceRange;
  readonly value: Value;
  /** From the key to the end of the value. */
  readonly range: SourceRange;
}

export type Entries = ReadonlyMap<string, Entry>;

/** Thrown inside the parser only: the text asks for more than a reader should give it. */
export class LimitError extends Error {
  readonly code: ProblemCode;
  readonly range: SourceRange;

  constructor(code: ProblemCode, message: string, range: SourceRange) {
    super(message);
    this.code = code;
    this.range = range;
  }
}

/** Protobuf readers stop at 100 levels, so no pipeline that runs is deeper. */
const maxDepth = 100;
const noEntries: Entries = new Map();

/**
 * Reads typed values out of YAML nodes. What has the wrong type becomes a problem and reads as absent, so one bad
 * value never hides the rest. Mappings become Maps: a key called `__proto__` is a key like any other.
 */
export class YamlReader {
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #contents: ParsedNode | null;
  /** Values that may still be read; only aliases of aliases can use it up. */
  #budget: number;
  #aliasTargets: Map<ParsedNode, ParsedNode> | undefined;

  readonly #known: WeakMap<ParsedNode, JsonValue> | undefined;

  /** `known`: what mappings and lists read as before; what the text does wrong in those is not reported again. */
  constructor(contents: ParsedNode | null, text: string, known?: WeakMap<ParsedNode, JsonValue>) {
    this.#contents = contents;
    this.#known = known;
    this.#text = text;
    this.#budget = 4 * text.length + 10_000;
  }

  root(): Value {
    return this.#locate(this.#contents, { start: 0, end: 0 });
  }

  report(code: ProblemCode, message: string, range: SourceRange): void {
    this.problems.push(problem(code, message, range));
  }

  /** The entries of a mapping in document order; of duplicates the last, as every other reader does. */
  entries(value: Value | undefined, name: string): Entries {
    if (value === undefined || isNull(value)) return noEntries;
    if (!isMap(value.node)) {
      this.#wrongType(value, name, 'a mapping');
      return noEntries;
    }
    const entries = new Map<string, Entry>();
    const merged: Value[] = [];
    for (const { key, value: node } of value.node.items) {
      this.#spend(value.range);
      const keyRange = this.#rangeOf(key, value.range);
      if (!isScalar(key)) {
        this.report('wrong-type', 'A key must be plain text.', keyRange);
        continue;
      }
      const entryValue = this.#locate(node, { start: keyRange.end, end: keyRange.end });
      const text = typeof key.value === 'string' ? key.value : key.source;
      if (text === '<<' && key.type === 'PLAIN') {
        merged.push(entryValue);
        continue;
      }
      if (entries.has(text)) {
        this.report('duplicate-key', `The key ${quote(text)} is here twice: remove one.`, keyRange);
        entries.delete(text);
      }
      const range = { start: keyRange.start, end: Math.max(keyRange.end, entryValue.range.end) };
      entries.set(text, { key: text, keyRange, value: entryValue, range });
    }
    for (const source of merged) this.#merge(entries, source);
    return entries;
  }

  /** The values of a list. */
  items(value: Value | undefined, name: string): readonly Value[] {
    if (value === undefined || isNull(value)) return [];
    if (!isSeq(value.node)) {
      this.#wrongType(value, name, 'a list');
      return [];
    }
    return value.node.items.map((node) => this.#locate(node, value.range));
  }

  text(value: Value | undefined, name: string): string | undefined {
    if (value === undefined || isNull(value)) return undefined;
    if (!isScalar(value.node)) {
      this.#wrongType(value, name, 'text');
      return undefined;
    }
    if (typeof value.node.value === 'string') return value.node.value;
    this.#wrongType(value, name, 'text: put it in quotes');
    return value.node.source;
  }

  /** A number, or the decimal text that protobuf's JSON allows for one. */
  number(value: Value | undefined, name: string): number | undefined {
    if (value === undefined || isNull(value)) return undefined;
    const raw = isScalar(value.node) ? value.node.value : undefined;
    const number = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    this.#wrongType(value, name, 'a number');
    return undefined;
  }

  flag(value: Value | undefined, name: string): boolean {
    if (value === undefined || isNull(value)) return false;
    if (isScalar(value.node) && typeof value.node.value === 'boolean') return value.node.value;
    this.#wrongType(value, name, 'true or false');
    return false;
  }

  json(value: Value, depth = 0): JsonValue {
    this.#spend(value.range);
    if (depth > maxDepth) {
      throw new LimitError(
        'nested-too-deeply',
        `Values are nested more than ${maxDepth} levels deep.`,
        value.range,
      );
    }
    const { node } = value;
    if (isMap(node) || isSeq(node)) {
      const known = this.#known?.get(node);
      if (known !== undefined) return known;
      const json = isMap(node)
        ? this.#object(value, depth)
        : this.items(value, '').map((item) => this.json(item, depth + 1));
      this.#known?.set(node, json);
      return json;
    }
    if (!isScalar(node)) return null;
    const scalar: unknown = node.value;
    switch (typeof scalar) {
      case 'string':
      case 'boolean':
        return scalar;
      case 'number':
        if (Number.isFinite(scalar)) return scalar;
        this.report('wrong-type', 'JSON has no such number.', value.range);
        return null;
      default:
        return isNull(value) ? null : node.source;
    }
  }

  object(value: Value | undefined, name: string): JsonObject {
    if (value === undefined || isNull(value)) return {};
    if (isMap(value.node)) return this.#object(value, 0);
    this.#wrongType(value, name, 'a mapping');
    return {};
  }

  /** `fromEntries` defines own properties: unlike an assignment it cannot set a prototype. */
  #object(value: Value, depth: number): JsonObject {
    const entries = [...this.entries(value, '')].map(
      ([key, entry]) => [key, this.json(entry.value, depth + 1)] as const,
    );
    return Object.fromEntries(entries);
  }

  #merge(entries: Map<string, Entry>, source: Value): void {
    this.#spend(source.range);
    const maps = isSeq(source.node) ? this.items(source, '<<') : [source];
    for (const map of maps) {
      for (const [key, entry] of this.entries(map, '<<')) if (!entries.has(key)) entries.set(key, entry);
    }
  }

  #wrongType(value: Value, name: string, wanted: string): void {
    this.report('wrong-type', `${quote(name)} must be ${wanted}, not ${kindOf(value)}.`, value.range);
  }

  #locate(node: ParsedNode | null, otherwise: SourceRange): Value {
    this.#spend(otherwise);
    const range = this.#rangeOf(node, otherwise);
    let target = node;
    for (let hops = 0; isAlias(target); hops++) {
      target = hops > maxDepth ? null : (this.#aliases().get(target) ?? null);
    }
    return { node: target, range };
  }

  #rangeOf(node: ParsedNode | null, otherwise: SourceRange): SourceRange {
    const range: readonly number[] | null | undefined = node?.range;
    const [start, valueEnd] = range ?? [];
    if (start === undefined || valueEnd === undefined) return otherwise;
    // The yaml package lets a block end after its last line break.
    let end = valueEnd;
    while (end > start && isSpace(this.#text.charCodeAt(end - 1))) end--;
    return { start, end };
  }

  /** An alias means the last node before it that carries its name. */
  #aliases(): Map<ParsedNode, ParsedNode> {
    if (this.#aliasTargets !== undefined) return this.#aliasTargets;
    const targets = new Map<ParsedNode, ParsedNode>();
    const anchors = new Map<string, ParsedNode>();
    visit(this.#contents, (_key, node) => {
      if (isPair(node)) return;
      const parsed = node as ParsedNode;
      if (isAlias(parsed)) {
        const target = anchors.get(parsed.source);
        if (target !== undefined) targets.set(parsed, target);
      } else if (parsed.anchor !== undefined) anchors.set(parsed.anchor, parsed);
    });
    this.#aliasTargets = targets;
    return targets;
  }

  #spend(range: SourceRange): void {
    if (--this.#budget >= 0) return;
    throw new LimitError('too-many-aliases', 'The aliases in this text expand without end.', range);
  }
}

/** For messages; at most 80 characters of a name. */
export function quote(name: string): string {
  return `'${name.length > 80 ? `${name.slice(0, 79)}…` : name}'`;
}

function isNull(value: Value): boolean {
  return value.node === null || (isScalar(value.node) && value.node.value === null);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function kindOf({ node }: Value): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (isScalar(node)) return node.value === null ? 'empty' : `the ${typeof node.value} ${quote(node.source)}`;
  return 'an alias of nothing';
}
