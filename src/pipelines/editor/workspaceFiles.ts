/** Files of the workspace that hold components: looked for when a palette first asks, then kept fresh by a watcher. */
import { workspace, type Uri } from 'vscode';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { Emitter } from '../../core/base/event.ts';
import type { ComponentFile } from './componentFiles.ts';

const EXCLUDE = '**/{node_modules,.git,.venv,venv,__pycache__,site-packages}/**';
const excluded = /\/(?:node_modules|\.git|\.?venv|__pycache__|site-packages)\//;
/** A monorepo has more; a palette of more is no choice. */
const MAX_FILES = 2_000;
const MAX_BYTES = 512 * 1_024;
/** Saving all, or a checkout, is one change. */
const QUIET_MS = 200;

export class WorkspaceFiles implements Disposable {
  readonly #disposables = new DisposableStore();
  readonly #glob: string;
  readonly #holds: (text: string) => boolean;
  readonly #changed = this.#disposables.add(new Emitter<void>());
  /** A listed file has changed, or the list. */
  readonly onDidChange = this.#changed.event;
  readonly #files = new Map<string, ComponentFile>();
  #scanned: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `holds`: whether a text has components; asked often, so it only looks. */
  constructor(glob: string, holds: (text: string) => boolean) {
    this.#glob = glob;
    this.#holds = holds;
  }

  /** By path. The first time after looking through the workspace. */
  async list(): Promise<readonly ComponentFile[]> {
    this.#scanned ??= this.#scan();
    await this.#scanned;
    return [...this.#files.values()].toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  async #scan(): Promise<void> {
    const watcher = this.#disposables.add(workspace.createFileSystemWatcher(this.#glob));
    const look = (uri: Uri): void => void this.#look(uri).then((isNews) => isNews && this.#tellSoon());
    this.#disposables.add(watcher.onDidCreate(look));
    this.#disposables.add(watcher.onDidChange(look));
    this.#disposables.add(
      watcher.onDidDelete((uri) => {
        if (this.#files.delete(uri.toString())) this.#tellSoon();
      }),
    );
    this.#disposables.add(
      workspace.onDidChangeWorkspaceFolders(() => {
        this.#scanned = this.#lookThrough().then(() => this.#tellSoon());
      }),
    );
    await this.#lookThrough();
  }

  async #lookThrough(): Promise<void> {
    this.#files.clear();
    const found = await workspace.findFiles(this.#glob, EXCLUDE, MAX_FILES);
    for (let start = 0; start < found.length; start += 16)
      await Promise.all(found.slice(start, start + 16).map((uri) => this.#look(uri)));
  }

  /** True when there is something new to offer. Never rejects: what cannot be read is not listed. */
  async #look(uri: Uri): Promise<boolean> {
    if (excluded.test(uri.path)) return false;
    const key = uri.toString();
    let holds: boolean;
    try {
      const { size } = await workspace.fs.stat(uri);
      holds = size <= MAX_BYTES && this.#holds(new TextDecoder().decode(await workspace.fs.readFile(uri)));
    } catch {
      holds = false;
    }
    if (!holds) return this.#files.delete(key);
    const isMany = (workspace.workspaceFolders ?? []).length > 1;
    this.#files.set(key, { uri: key, origin: workspace.asRelativePath(uri, isMany) });
    return true;
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire();
    }, QUIET_MS);
  }
}
