/** From a Spec and what an edit made of it to the smallest splices of the text; all other bytes stay. */
import { isAlias, isScalar, visit, type ParsedNode, type Scalar } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { isEqual, type JsonPath } from './jsonPath.ts';
import {
  isList,
  renderAfterKey,
  renderDouble,
  renderEntry,
  renderFlow,
  renderItem,
  renderKey,
  renderLiteral,
  renderOther,
  renderString,
  type ScalarStyle,
  type YamlStyle,
} from './render.ts';
import type { Rename } from './spec.ts';
import { TextEdits, type TextEdit } from './textEdits.ts';
import {
  CannotSplice,
  collectionAt,
  endOf,
  isBlockScalar,
  isFirstOnLine,
  lineEnd,
  lineStart,
  nextLine,
  startWithComments,
  type Collection,
  type Place,
} from './yamlPlaces.ts';

/** Collects the splices of one text. Throws CannotSplice. */
export class Splicer {
  readonly #text: string;
  readonly #style: YamlStyle;
  readonly #renames: readonly Rename[];
  readonly #edits: TextEdits;
  #wrapper: string | undefined;

  constructor(text: string, style: YamlStyle, renames: readonly Rename[]) {
    this.#text = text;
    this.#edits = new TextEdits(text);
    this.#style = style;
    this.#renames = renames;
  }

  /** See TextEdits. */
  edits(): readonly TextEdit[] {
    return this.#edits.all();
  }

  /** The root of a document; paths of renames begin in `wrapper`, where there is one. */
  document(
    node: ParsedNode | null,
    before: JsonObject,
    after: JsonObject,
    wrapper: string | undefined,
  ): void {
    this.#wrapper = wrapper;
    this.#value(node, before, after, [], () => {
      throw new CannotSplice('has nothing to add to', node?.range[0] ?? 0);
    });
  }

  remove(start: number, end: number): void {
    this.#edits.remove(start, end);
  }

  /** One more document at the end of the text. */
  append(marker: string, json: JsonObject): void {
    const { eol } = this.#style;
    const isEnded = this.#text === '' || this.#text.endsWith('\n');
    const lines = Object.entries(json).map(([key, value]) => renderEntry(key, value, 0, this.#style) + eol);
    this.#edits.insert(this.#text.length, `${isEnded ? '' : eol}${marker}${eol}${lines.join('')}`);
  }

  #value(
    node: ParsedNode | null,
    before: JsonValue,
    after: JsonValue,
    path: JsonPath,
    replace: (value: JsonValue) => void,
  ): void {
    if (before === after || isEqual(before, after)) return;
    const collection = collectionAt(this.#text, node, path);
    if (collection?.kind === 'map' && isJsonObject(before) && isJsonObject(after)) {
      if (!this.#map(collection, before, after, path)) replace(after);
    } else if (collection?.kind === 'list' && isList(before) && isList(after)) {
      if (!this.#list(collection, before, after, path)) replace(after);
    } else replace(after);
  }

  /** False when nothing of the mapping stays, so that it is written anew. */
  #map(collection: Collection, before: JsonObject, after: JsonObject, path: JsonPath): boolean {
    const inPart = this.#wrapper !== undefined && path[0] === this.#wrapper ? path.slice(1) : path;
    const renamed = new Map(
      this.#renames
        .filter((rename) => rename.from !== rename.to && isSamePath(rename.path, inPart))
        .map(({ from, to }) => [from, to]),
    );
    const kept: { readonly place: Place; readonly key: string; readonly index: number }[] = [];
    const removed: number[] = [];
    for (const [index, place] of collection.places.entries()) {
      const wanted = renamed.get(place.key);
      const key = wanted !== undefined && Object.hasOwn(after, wanted) ? wanted : place.key;
      if (Object.hasOwn(after, key) && !kept.some((other) => other.key === key))
        kept.push({ place, key, index });
      else removed.push(index);
    }
    if (kept.length === 0) return false;
    for (const { place, key } of kept) {
      if (key !== place.key) this.#renameKey(place, key, collection);
      const [was, is] = [before[place.key], after[key]];
      if (was === undefined || is === undefined) continue;
      this.#value(place.node, was, is, [...path, key], (value) =>
        this.#replaceValue(collection, place, value),
      );
    }
    const names = new Set(kept.map(({ key }) => key));
    const added = Object.keys(after).filter((key) => !names.has(key));
    const isSorted = isInOrder(collection.places.map(({ key }) => key));
    if (isSorted) added.sort();
    const insertions = new Map<number, string[]>();
    for (const key of added) {
      // An index among the places before which it goes.
      const next = isSorted ? kept.find((other) => other.place.key > key)?.index : undefined;
      const at = next ?? collection.places.length;
      insertions.set(at, [...(insertions.get(at) ?? []), key]);
    }
    const render = (key: string): string => {
      const value = after[key] ?? null;
      return collection.isFlow
        ? this.#flowEntry(collection, key, value)
        : renderEntry(key, value, collection.column, this.#style);
    };
    this.#apply(collection, removed, insertions, render);
    return true;
  }

  #list(
    collection: Collection,
    before: readonly JsonValue[],
    after: readonly JsonValue[],
    path: JsonPath,
  ): boolean {
    if (after.length === 0 || before.length !== collection.places.length) return false;
    let head = 0;
    while (head < before.length && head < after.length && isEqual(before[head], after[head])) head++;
    let tail = 0;
    while (
      tail < Math.min(before.length, after.length) - head &&
      isEqual(before[before.length - 1 - tail], after[after.length - 1 - tail])
    ) {
      tail++;
    }
    const [beforeEnd, afterEnd] = [before.length - tail, after.length - tail];
    const common = Math.min(beforeEnd, afterEnd) - head;
    if (before.length === 0 || (head + tail === 0 && common === 0)) return false;
    for (let i = head; i < head + common; i++) {
      const [place, was, is] = [collection.places[i], before[i], after[i]];
      if (place === undefined || was === undefined || is === undefined) continue;
      this.#value(place.node, was, is, [...path, String(i)], (value) =>
        this.#replaceValue(collection, place, value),
      );
    }
    const removed = Array.from({ length: beforeEnd - head - common }, (_, i) => head + common + i);
    const added = Array.from({ length: afterEnd - head - common }, (_, i) => String(head + common + i));
    const insertions = new Map(added.length === 0 ? [] : [[beforeEnd, added]]);
    this.#apply(collection, removed, insertions, (index) => {
      const value = after[Number(index)] ?? null;
      return collection.isFlow
        ? this.#flowValue(collection, value)
        : `- ${renderItem(value, collection.column, this.#style)}`;
    });
    return true;
  }

  /** Takes places out and puts new ones in, before the place of that index (its number: after the last). */
  #apply(
    collection: Collection,
    removed: readonly number[],
    insertions: ReadonlyMap<number, readonly string[]>,
    render: (key: string) => string,
  ): void {
    for (const index of removed) this.#refuseAnchors(collection.places[index]?.node ?? null);
    if (collection.isFlow) this.#applyFlow(collection, removed, insertions, render);
    else this.#applyBlock(collection, removed, insertions, render);
  }

  #applyBlock(
    collection: Collection,
    removed: readonly number[],
    insertions: ReadonlyMap<number, readonly string[]>,
    render: (key: string) => string,
  ): void {
    const { places, column } = collection;
    for (const index of removed) {
      const [place, next] = [places[index], places[index + 1]];
      if (place === undefined) continue;
      if (isFirstOnLine(this.#text, place.start)) {
        this.#remove(this.#startOf(collection, index), this.#endOfLines(place));
      } else if (next === undefined) {
        throw new CannotSplice('shares its line with something else', place.start);
      } else this.#remove(place.start, next.start);
    }
    const indent = ' '.repeat(column);
    const { eol } = this.#style;
    for (const [index, keys] of insertions) {
      const entries = keys.map(render);
      const next = places[index];
      if (next === undefined) {
        const last = places.at(-1);
        if (last === undefined) throw new CannotSplice('has nothing to add to', collection.range[0]);
        const at = this.#endOfLines(last);
        const lines = entries.map((entry) => indent + entry);
        const isEnded = at === 0 || this.#text.charAt(at - 1) === '\n';
        this.#edits.insert(at, isEnded ? lines.map((line) => line + eol).join('') : eol + lines.join(eol));
      } else if (isFirstOnLine(this.#text, next.start)) {
        this.#edits.insert(
          this.#startOf(collection, index),
          entries.map((entry) => indent + entry + eol).join(''),
        );
      } else this.#edits.insert(next.start, entries.map((entry) => entry + eol + indent).join(''));
    }
  }

  #remove(start: number, end: number): void {
    const isLast = end === this.#text.length && this.#text.charAt(end - 1) !== '\n';
    const before = this.#text.slice(0, start);
    // The text ended without a line break, and goes on to.
    this.#edits.remove(isLast && start > 0 ? start - (before.endsWith('\r\n') ? 2 : 1) : start, end);
  }

  /** Comments above the first entry of a document are the document's. */
  #startOf(collection: Collection, index: number): number {
    const place = collection.places[index];
    if (place === undefined) return collection.range[1];
    const before = collection.places[index - 1];
    if (before === undefined && collection.column === 0) return lineStart(this.#text, place.start);
    return startWithComments(this.#text, place, before === undefined ? 0 : this.#endOfLines(before));
  }

  #endOfLines(place: Place): number {
    return nextLine(this.#text, place.valueEnd);
  }

  #applyFlow(
    { places, range }: Collection,
    removed: readonly number[],
    insertions: ReadonlyMap<number, readonly string[]>,
    render: (key: string) => string,
  ): void {
    const gone = new Set(removed);
    const lastKept = places.findLastIndex((_, index) => !gone.has(index));
    for (const index of removed) {
      const [place, before, next] = [places[index], places[index - 1], places[index + 1]];
      if (place === undefined) continue;
      if (index < lastKept && next !== undefined) this.#edits.remove(place.start, next.start);
      else if (before !== undefined) this.#edits.remove(before.valueEnd, place.valueEnd);
    }
    const [first] = places;
    const isOnLines = first !== undefined && isFirstOnLine(this.#text, first.start);
    const separator = isOnLines
      ? this.#style.eol + this.#text.slice(lineStart(this.#text, first.start), first.start)
      : ' ';
    for (const [index, keys] of insertions) {
      const entries = keys.map(render);
      const next = places[index];
      if (next !== undefined) {
        this.#edits.insert(next.start, entries.map((entry) => `${entry},${separator}`).join(''));
        continue;
      }
      const last = places[lastKept];
      if (last === undefined) throw new CannotSplice('has nothing to add to', range[0]);
      this.#edits.insert(last.valueEnd, entries.map((entry) => `,${separator}${entry}`).join(''));
    }
  }

  #flowEntry(collection: Collection, key: string, value: JsonValue): string {
    const isQuoted = collection.places.some(({ start }) => this.#text.charAt(start) === '"');
    const name = isQuoted || !/^[A-Za-z_][\w.-]*$/.test(key) ? renderDouble(key) : renderKey(key);
    return `${name}: ${this.#flowValue(collection, value)}`;
  }

  #flowValue({ places }: Collection, value: JsonValue): string {
    const [first] = places;
    const isOnLines = first !== undefined && isFirstOnLine(this.#text, first.start);
    const pad = isOnLines ? ' '.repeat(first.start - lineStart(this.#text, first.start)) : undefined;
    return renderFlow(value, this.#style.step, pad, this.#style.eol);
  }

  #renameKey({ keyNode, start }: Place, key: string, { isFlow }: Collection): void {
    if (keyNode === undefined) return;
    const mark = this.#text.charAt(start);
    const style = mark === '"' ? 'double' : mark === "'" ? 'single' : 'plain';
    const text = isFlow && !/^[A-Za-z_][\w.-]*$/.test(key) ? renderDouble(key) : renderKey(key, style);
    this.#edits.replace(start, keyNode.range[1], text);
  }

  #replaceValue(collection: Collection, place: Place, value: JsonValue): void {
    this.#refuseAnchors(place.node);
    const { node } = place;
    if (collection.isFlow) {
      if (node === null) throw new CannotSplice('has an empty value', place.start);
      const [start, end] = [node.range[0], Math.max(node.range[0], endOf(this.#text, node))];
      if (isScalar(node) && typeof value === 'string') {
        const isWord = /^[A-Za-z_][\w.-]*$/.test(value);
        const style = isWord || styleOf(node) !== 'plain' ? styleOf(node) : 'single';
        this.#edits.replace(start, end, renderString(value, style));
        return;
      }
      const space = start === place.afterMark && collection.kind === 'map' ? ' ' : '';
      this.#edits.replace(start, end, space + this.#flowValue(collection, value));
      return;
    }
    if (this.#replaceScalar(place, value)) return;
    const column = collection.column;
    const text =
      collection.kind === 'map'
        ? renderAfterKey(value, column, this.#style)
        : ` ${renderItem(value, column, this.#style)}`;
    const { afterMark, valueEnd } = place;
    if (isBlockScalar(node)) {
      // Its last line break is part of the value.
      this.#edits.replace(afterMark, valueEnd, text);
      return;
    }
    // A comment on the line goes where the line is now.
    const inline =
      node !== null && lineStart(this.#text, node.range[0]) === lineStart(this.#text, place.start);
    const lineOfMark = lineEnd(this.#text, inline ? valueEnd : afterMark);
    const comment = this.#text.slice(inline ? valueEnd : afterMark, lineOfMark).trimEnd();
    const [head, ...rest] = text.split(this.#style.eol);
    const withComment = comment.trim().startsWith('#')
      ? [`${head ?? ''}${comment}`, ...rest].join(this.#style.eol)
      : text;
    this.#edits.replace(afterMark, Math.max(lineOfMark, valueEnd), withComment);
  }

  /** A scalar by a scalar: in its style, where that can hold it. */
  #replaceScalar({ node }: Place, value: JsonValue): boolean {
    if (!isScalar(node) || isList(value) || isJsonObject(value) || isBlockScalar(node)) return false;
    const [start, end] = node.range;
    if (start === end) return false;
    if (typeof value !== 'string') {
      this.#edits.replace(start, end, renderOther(value));
      return true;
    }
    // Several lines are written as lines; a quoted one of them would be one long line.
    if (renderLiteral(value, 0, this.#style) !== undefined) return false;
    const style = node.type === 'QUOTE_DOUBLE' ? 'double' : node.type === 'QUOTE_SINGLE' ? 'single' : 'plain';
    this.#edits.replace(start, end, renderString(value, style));
    return true;
  }

  #refuseAnchors(node: ParsedNode | null): void {
    if (node === null) return;
    visit(node, {
      Alias: (_key, inner) => {
        throw new CannotSplice(`has the alias *${inner.source}`, node.range[0]);
      },
      Node: (_key, inner) => {
        if (!isAlias(inner) && inner.anchor !== undefined) {
          throw new CannotSplice(`has the anchor &${inner.anchor}`, node.range[0]);
        }
      },
    });
  }
}

function styleOf(node: Scalar): ScalarStyle {
  return node.type === 'QUOTE_DOUBLE' ? 'double' : node.type === 'QUOTE_SINGLE' ? 'single' : 'plain';
}

function isInOrder(keys: readonly string[]): boolean {
  return keys.every((key, i) => i === 0 || (keys[i - 1] ?? '') <= key);
}

function isSamePath(a: JsonPath, b: JsonPath): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}
