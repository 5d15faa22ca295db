import { Hover, MarkdownString, Range, type HoverProvider, type Position, type TextDocument } from 'vscode';
import { kfpHoverText, kfpWord } from './kfpWords.ts';

/** What names of `kfp.dsl` mean, in files that import kfp. */
export class KfpHovers implements HoverProvider {
  provideHover(document: TextDocument, position: Position): Hover | undefined {
    const range = document.getWordRangeAtPosition(position, /\w+/);
    if (range === undefined) return undefined;
    const before = document.lineAt(position.line).text.slice(0, range.start.character);
    const word = kfpWord(document.getText(range), before);
    if (word === undefined) return undefined;
    const head = document.getText(new Range(0, 0, 200, 0));
    if (!/^\s*(?:from|import)\s+kfp\b/m.test(head)) return undefined;
    return new Hover(new MarkdownString(kfpHoverText(word)), range);
  }
}
