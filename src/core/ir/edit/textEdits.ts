import type { SourceRange } from '../model.ts';
import { CannotSplice } from './yamlPlaces.ts';

export interface TextEdit {
  readonly range: SourceRange;
  readonly text: string;
}

/** Edits of one text, in any order. */
export class TextEdits {
  readonly #text: string;
  readonly #edits: TextEdit[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  remove(start: number, end: number): void {
    this.replace(start, end, '');
  }

  replace(start: number, end: number, text: string): void {
    this.#edits.push({ range: { start, end }, text });
  }

  /** Ascending, not overlapping, each as small as it can be. Those that touch are one. Throws CannotSplice. */
  all(): readonly TextEdit[] {
    const merged: { range: SourceRange; text: string }[] = [];
    const isInsertion = ({ range }: TextEdit): boolean => range.start === range.end;
    const sorted = this.#edits.toSorted(
      (a, b) => a.range.start - b.range.start || Number(isInsertion(b)) - Number(isInsertion(a)),
    );
    for (const edit of sorted) {
      const last = merged.at(-1);
      if (last === undefined || edit.range.start > last.range.end) merged.push({ ...edit });
      else if (edit.range.start < last.range.end) {
        throw new CannotSplice('is written so that two changes meet', edit.range.start);
      } else {
        last.range = { start: last.range.start, end: edit.range.end };
        last.text += edit.text;
      }
    }
    return merged
      .map((edit) => this.#smallest(edit))
      .filter(({ range, text }) => range.end > range.start || text !== '');
  }

  /** What a replacement has in common with the text at either end stays. */
  #smallest({ range: { start, end }, text }: TextEdit): TextEdit {
    const old = this.#text.slice(start, end);
    const shorter = Math.min(old.length, text.length);
    let head = 0;
    while (head < shorter && old.charCodeAt(head) === text.charCodeAt(head)) head++;
    let tail = 0;
    while (tail < shorter - head && old.at(-1 - tail) === text.at(-1 - tail)) tail++;
    // An editor's positions are never inside a line break or a character.
    while (head > 0 && this.#isInside(start + head)) head--;
    while (tail > 0 && this.#isInside(end - tail)) tail--;
    return {
      range: { start: start + head, end: end - tail },
      text: text.slice(head, text.length - tail),
    };
  }

  #isInside(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    return (this.#text.charAt(at - 1) === '\r' && code === 0x0a) || (code >= 0xdc00 && code <= 0xdfff);
  }
}
