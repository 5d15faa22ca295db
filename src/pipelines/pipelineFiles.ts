import { open, readFile } from 'node:fs/promises';
import { RelativePattern, workspace, type FileSystemWatcher, type Uri } from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { isPipelineFileName, looksLikePipeline, pipelineNameIn, sniffLength } from './sniff.ts';
import type { PipelineFile } from './store.ts';

const exclude = '**/{node_modules,.git,.venv,venv,__pycache__}/**';
/** YAML files without the pipeline ending that are looked into: a monorepo has thousands. */
const maxSniffed = 500;
/** Longer files keep their path as name. */
const maxNamed = 2 * 1_024 * 1_024;

/** The workspace's pipeline files: `*.pipeline.yaml`, and YAML whose head looks like one. Kept fresh by a watcher. */
export class PipelineFiles implements Disposable {
  readonly #disposables = new DisposableStore();
  readonly #files = new Map<string, PipelineFile>();
  readonly #onChange: (files: readonly PipelineFile[]) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: (files: readonly PipelineFile[]) => void) {
    this.#onChange = onChange;
    const watcher: FileSystemWatcher = this.#disposables.add(
      workspace.createFileSystemWatcher('**/*.{yaml,yml}'),
    );
    const look = (uri: Uri): void => void this.#look(uri);
    this.#disposables.add(watcher.onDidCreate(look));
    this.#disposables.add(watcher.onDidChange(look));
    this.#disposables.add(
      watcher.onDidDelete((uri) => {
        if (this.#files.delete(uri.toString())) this.#tellSoon();
      }),
    );
    this.#disposables.add(workspace.onDidChangeWorkspaceFolders(() => void this.scan()));
  }

  /** Looks through all folders. Never rejects: a file that cannot be read is not a pipeline. */
  async scan(): Promise<void> {
    this.#files.clear();
    for (const folder of workspace.workspaceFolders ?? []) {
      const found = await workspace.findFiles(new RelativePattern(folder, '**/*.{yaml,yml}'), exclude, 5_000);
      const named = found.filter((uri) => isPipelineFileName(uri.path));
      const others = found.filter((uri) => !isPipelineFileName(uri.path)).slice(0, maxSniffed);
      for (const batch of batches([...named, ...others], 16))
        await Promise.all(batch.map((uri) => this.#look(uri)));
    }
    this.#tellSoon();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  async #look(uri: Uri): Promise<void> {
    if (uri.scheme !== 'file' || /\/(?:node_modules|\.git|\.?venv)\//.test(uri.path)) return;
    let file: PipelineFile | undefined;
    try {
      file = await inspect(uri);
    } catch {
      // Gone again, or not readable: then it is not listed.
      file = undefined;
    }
    const key = uri.toString();
    if (file === undefined) this.#files.delete(key);
    else this.#files.set(key, file);
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onChange([...this.#files.values()].toSorted((a, b) => title(a).localeCompare(title(b))));
    }, 100);
  }
}

function title(file: PipelineFile): string {
  return file.pipelineName ?? file.path;
}

async function inspect(uri: Uri): Promise<PipelineFile | undefined> {
  const handle = await open(uri.fsPath, 'r');
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(Math.min(size, sniffLength));
    await handle.read(head, 0, head.length, 0);
    if (!isPipelineFileName(uri.path) && !looksLikePipeline(head.toString('utf8'))) return undefined;
    return {
      uri: uri.toString(),
      path: workspace.asRelativePath(uri, (workspace.workspaceFolders ?? []).length > 1),
      pipelineName: size > maxNamed ? undefined : pipelineNameIn(await readFile(uri.fsPath, 'utf8')),
    };
  } finally {
    await handle.close();
  }
}

function* batches<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
