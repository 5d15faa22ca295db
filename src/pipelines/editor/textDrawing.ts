/** A text that may be edited, and its drawing, which follows every change whoever made it. */
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import type { Analyser } from '../analyser.ts';
import { AnalysedDocument } from '../graph/documentView.ts';
import { drawnText } from './blankText.ts';
import type { EditedText } from './editedText.ts';

/** Text is analysed when typing pauses this long, in milliseconds. */
const TYPING_PAUSE_MS = 200;
/** Characters; above, a text is drawn but not edited. */
export const MAX_EDITED_LENGTH = 5_000_000;

export class TextDrawing implements Disposable {
  readonly text: EditedText;
  readonly document: AnalysedDocument;
  readonly #disposables = new DisposableStore();
  #timer: NodeJS.Timeout | undefined;
  /** Drawings before this revision are of a text that others have changed since. */
  #editableFrom = 0;

  constructor(text: EditedText, analyser: Analyser) {
    this.text = text;
    this.document = this.#disposables.add(new AnalysedDocument(analyser, text.uri));
    this.#disposables.add({ dispose: () => clearTimeout(this.#timer) });
    this.#disposables.add(
      text.onDidChange((how) => {
        if (how === 'step') void this.draw();
        else this.#drawSoon();
      }),
    );
    void this.draw();
  }

  /** A gesture made on the drawing of this revision means the text as it is now. */
  isEditable(revision: number): boolean {
    return revision >= this.#editableFrom;
  }

  /** Why nothing can be edited here; `undefined`: it can. */
  get readOnlyReason(): string | undefined {
    if (this.text.readOnlyReason !== undefined) return this.text.readOnlyReason;
    return this.text.text.length > MAX_EDITED_LENGTH
      ? 'This file is larger than 5 MB: it is drawn, but it can only be changed as text.'
      : undefined;
  }

  /** What is planned on: the text, or what a blank one stands for. */
  get drawnText(): string {
    const { text, uri, python } = this.text;
    return python === undefined ? drawnText(text, uri) : text;
  }

  /** Resolves when the text as it is now is shown, or a newer one. */
  async draw(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.document.setText(this.drawnText);
    await this.document.settled();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #drawSoon(): void {
    this.#editableFrom = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const { version } = this.text;
      void this.draw().then(() => {
        if (this.text.version === version) this.#editableFrom = this.document.revision;
      });
    }, TYPING_PAUSE_MS);
  }
}
