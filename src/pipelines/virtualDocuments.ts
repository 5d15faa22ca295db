import { EventEmitter, Uri, workspace, type TextDocumentContentProvider } from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';

const scheme = 'slipway';
/** Texts kept for editors that may be shown again; older ones answer with a sentence. */
const maxTexts = 50;

/** Read-only documents made here: artifact texts and explained failures. */
export class VirtualDocuments implements TextDocumentContentProvider, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new EventEmitter<Uri>());
  readonly onDidChange = this.#changed.event;
  readonly #texts = new Map<string, string>();

  constructor() {
    this.#disposables.add(workspace.registerTextDocumentContentProvider(scheme, this));
  }

  /** `path` decides title and language, e.g. `run-1/train.md`. */
  put(path: string, text: string): Uri {
    const uri = Uri.from({ scheme, path: `/${path}` });
    const key = uri.toString();
    this.#texts.delete(key);
    this.#texts.set(key, text);
    for (const old of [...this.#texts.keys()].slice(0, -maxTexts)) this.#texts.delete(old);
    this.#changed.fire(uri);
    return uri;
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.#texts.get(uri.toString()) ?? 'This text is not kept any more: open it again from its run.';
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}
