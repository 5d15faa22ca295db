import { Emitter } from '../../src/core/base/event.ts';
import { applyEdits } from '../../src/core/ir/edit/plan.ts';
import type { TextEdit } from '../../src/core/ir/edit/textEdits.ts';
import type { EditedText } from '../../src/pipelines/editor/editedText.ts';

/** A document as VS Code has it: versions, undo steps, and somebody else who may type. */
export class MemoryText implements EditedText {
  readonly uri: string;
  readonly #changed = new Emitter<'typed' | 'step'>();
  readonly onDidChange = this.#changed.event;
  readonly #undone: string[] = [];
  readonly #done: string[] = [];
  readOnlyReason: string | undefined;
  text: string;
  version = 1;

  constructor(text: string, uri = 'file:///churn.pipeline.yaml') {
    this.text = text;
    this.uri = uri;
  }

  /** How many undo steps there are. */
  get steps(): number {
    return this.#done.length;
  }

  apply(splices: readonly TextEdit[], version: number): Promise<boolean> {
    if (version !== this.version) return Promise.resolve(false);
    this.#step(applyEdits(this.text, splices));
    this.#set(this.text, 'step');
    return Promise.resolve(true);
  }

  /** As a person in the text editor. */
  type(text: string): void {
    this.#step(text);
    this.#set(text, 'typed');
  }

  undo(): Promise<void> {
    const before = this.#done.pop();
    if (before === undefined) return Promise.resolve();
    this.#undone.push(this.text);
    this.#set(before, 'step');
    return Promise.resolve();
  }

  redo(): Promise<void> {
    const after = this.#undone.pop();
    if (after === undefined) return Promise.resolve();
    this.#done.push(this.text);
    this.#set(after, 'step');
    return Promise.resolve();
  }

  #step(text: string): void {
    this.#done.push(this.text);
    this.#undone.length = 0;
    this.text = text;
  }

  #set(text: string, how: 'typed' | 'step'): void {
    this.text = text;
    this.version++;
    this.#changed.fire(how);
  }
}
