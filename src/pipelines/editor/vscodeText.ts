import {
  commands,
  Range,
  TextDocumentChangeReason,
  workspace,
  WorkspaceEdit,
  type TextDocument,
} from 'vscode';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { Emitter } from '../../core/base/event.ts';
import { compiledFrom } from '../../core/ir/python/compiledFrom.ts';
import type { TextEdit } from '../../core/ir/edit/textEdits.ts';
import type { EditedText } from './editedText.ts';

/** An open document of the editor. Undo and redo are those of the editor that has the focus. */
export class DocumentText implements EditedText, Disposable {
  readonly uri: string;
  readonly #document: TextDocument;
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new Emitter<'typed' | 'step'>());
  readonly onDidChange = this.#changed.event;
  #isApplying = false;

  constructor(document: TextDocument) {
    this.#document = document;
    this.uri = document.uri.toString();
    this.#disposables.add(
      workspace.onDidChangeTextDocument((event) => {
        // Also said when only the dirty mark changes.
        if (event.document !== document || event.contentChanges.length === 0) return;
        const isStep =
          this.#isApplying ||
          event.reason === TextDocumentChangeReason.Undo ||
          event.reason === TextDocumentChangeReason.Redo;
        this.#changed.fire(isStep ? 'step' : 'typed');
      }),
    );
  }

  get text(): string {
    return this.#document.getText();
  }

  get version(): number {
    return this.#document.version;
  }

  get readOnlyReason(): string | undefined {
    const { scheme } = this.#document.uri;
    const python = compiledFrom(this.text);
    if (python !== undefined)
      return `This is compiled from ${python}: edit the graph of that file, or its code.`;
    return scheme !== 'untitled' && workspace.fs.isWritableFileSystem(scheme) !== true
      ? 'This text cannot be changed here: it is a copy that is only for reading.'
      : undefined;
  }

  async apply(splices: readonly TextEdit[], version: number): Promise<boolean> {
    const document = this.#document;
    if (document.isClosed || document.version !== version) return false;
    const edit = new WorkspaceEdit();
    for (const { range, text } of splices) {
      const where = new Range(document.positionAt(range.start), document.positionAt(range.end));
      edit.replace(document.uri, where, text);
    }
    this.#isApplying = true;
    try {
      // VS Code refuses it too, when the document has moved on by the time it gets there.
      return await workspace.applyEdit(edit);
    } finally {
      this.#isApplying = false;
    }
  }

  async undo(): Promise<void> {
    await commands.executeCommand('undo');
  }

  async redo(): Promise<void> {
    await commands.executeCommand('redo');
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}
