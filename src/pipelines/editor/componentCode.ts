/**
 * Functions of lightweight components as Python files of a scheme of their own, so that the Python extension helps as
 * in any file. What is saved is spliced into the pipeline's text, with the inputs and outputs that follow from it.
 */
import {
  EventEmitter,
  FileChangeType,
  FileSystemError,
  FileType,
  Uri,
  ViewColumn,
  window,
  workspace,
  type FileChangeEvent,
  type FileStat,
  type FileSystemProvider,
  type TextDocument,
} from 'vscode';
import type { GraphWorker } from '../../clients/graphWorker.ts';
import { codeScheme } from '../../contributions.ts';
import { Disposable } from 'vscode';
import { SlipwayError } from '../../core/base/errors.ts';
import { brokenUses } from '../../core/ir/brokenUses.ts';
import { blankComponent } from '../../core/ir/edit/blankComponent.ts';
import type { ComponentDefinition } from '../../core/ir/edit/gesture.ts';
import type { Component, PipelineDocument, PythonFunction } from '../../core/ir/model.ts';
import { readSignature } from '../../core/ir/pythonSignature.ts';
import type { ComponentCode } from './services.ts';
import { DocumentText } from './vscodeText.ts';

interface Found {
  readonly document: TextDocument;
  readonly pipeline: PipelineDocument;
  readonly component: Component;
  readonly python: PythonFunction;
}

interface Seen {
  readonly source: string;
  readonly mtime: number;
}

const READ_TIMEOUT_MS = 60_000;

export class ComponentCodeFiles implements FileSystemProvider, ComponentCode, Disposable {
  readonly #worker: GraphWorker;
  readonly #changed = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;
  /** By URI of what is open: the function as it was last read, to tell when the pipeline's text changes it. */
  readonly #seen = new Map<string, Seen>();
  readonly #subscriptions: Disposable;

  constructor(worker: GraphWorker) {
    this.#worker = worker;
    this.#subscriptions = Disposable.from(
      this.#changed,
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#onPipelineChange(document);
      }),
      workspace.onDidCloseTextDocument((document) => this.#seen.delete(document.uri.toString())),
    );
  }

  async open(pipeline: string, component: string): Promise<void> {
    const uri = Uri.from({
      scheme: codeScheme,
      path: `/${component.replace(/^comp-/, '')}.py`,
      query: `${component}\n${pipeline}`,
    });
    await window.showTextDocument(uri, { viewColumn: ViewColumn.Beside });
  }

  blank(name: string): ComponentDefinition {
    return blankComponent(name);
  }

  async stat(uri: Uri): Promise<FileStat> {
    const { source } = (await this.#find(uri)).python;
    const { mtime } = this.#see(uri, source);
    return { type: FileType.File, ctime: 0, mtime, size: Buffer.byteLength(source) };
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    const { source } = (await this.#find(uri)).python;
    this.#see(uri, source);
    return new TextEncoder().encode(source);
  }

  async writeFile(uri: Uri, content: Uint8Array): Promise<void> {
    const source = new TextDecoder().decode(content).replaceAll('\r\n', '\n');
    const { document, pipeline, component, python } = await this.#find(uri);
    const signature = readSignature(source, python.functionName);
    if (signature.kind === 'refused') throw FileSystemError.Unavailable(signature.reason);
    await confirmBroken(brokenUses(pipeline, component, signature));
    const { functionName, inputs, outputs } = signature;
    const text = new DocumentText(document);
    try {
      const { version } = text;
      const plan = await this.#worker.plan(
        {
          text: text.text,
          source: text.uri,
          gesture: {
            kind: 'setPythonSource',
            component: component.name,
            functionName,
            source,
            inputs: [...inputs],
            outputs: [...outputs],
          },
        },
        AbortSignal.timeout(READ_TIMEOUT_MS),
      );
      if (plan.kind === 'refused') throw FileSystemError.Unavailable(plan.reason);
      const wasSaved = !document.isDirty;
      this.#see(uri, source);
      if (!(await text.apply(plan.edits, version)))
        throw FileSystemError.Unavailable('The pipeline changed meanwhile. Save again.');
      // The user has just saved, and nothing else was waiting to be.
      if (wasSaved) await document.save();
    } finally {
      text.dispose();
    }
    this.#changed.fire([{ type: FileChangeType.Changed, uri }]);
  }

  watch(): Disposable {
    // Every open file is watched through its pipeline's text.
    return new Disposable(() => undefined);
  }

  readDirectory(): [string, FileType][] {
    return [];
  }

  createDirectory(): void {
    throw FileSystemError.NoPermissions();
  }

  delete(): void {
    throw FileSystemError.NoPermissions('Delete the step on the canvas instead.');
  }

  rename(): void {
    throw FileSystemError.NoPermissions('Rename the step on the canvas instead.');
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #see(uri: Uri, source: string): Seen {
    const key = uri.toString();
    const before = this.#seen.get(key);
    if (before?.source === source) return before;
    const seen = { source, mtime: Math.max(Date.now(), (before?.mtime ?? 0) + 1) };
    this.#seen.set(key, seen);
    return seen;
  }

  #onPipelineChange(document: TextDocument): void {
    const pipeline = document.uri.toString();
    for (const key of this.#seen.keys()) {
      const uri = Uri.parse(key);
      if (pathsOf(uri).pipeline === pipeline) this.#changed.fire([{ type: FileChangeType.Changed, uri }]);
    }
  }

  async #find(uri: Uri): Promise<Found> {
    const { pipeline, component: name } = pathsOf(uri);
    const document = await workspace.openTextDocument(Uri.parse(pipeline));
    const analysis = await this.#worker.analyse(
      { text: document.getText(), source: pipeline, withoutLayout: true },
      AbortSignal.timeout(READ_TIMEOUT_MS),
    );
    if (analysis.kind === 'notPipeline') throw FileSystemError.Unavailable(analysis.problem.message);
    const component = analysis.document.components.get(name);
    const executor =
      component?.implementation.kind === 'executor'
        ? analysis.document.executors.get(component.implementation.label)
        : undefined;
    if (component === undefined || executor?.kind !== 'container' || executor.python === undefined)
      throw FileSystemError.FileNotFound(uri);
    return { document, pipeline: analysis.document, component, python: executor.python };
  }
}

function pathsOf(uri: Uri): { readonly component: string; readonly pipeline: string } {
  const [component = '', pipeline = ''] = uri.query.split('\n');
  return { component, pipeline };
}

/** Shows what would be left without its source; goes on when the user wants that. */
async function confirmBroken(uses: readonly string[]): Promise<void> {
  if (uses.length === 0) return;
  const save = 'Save Anyway';
  const shown = uses.length > 12 ? [...uses.slice(0, 12), `… and ${uses.length - 12} more.`] : uses;
  const choice = await window.showWarningMessage(
    'The function no longer offers what the pipeline uses of it.',
    { modal: true, detail: shown.join('\n') },
    save,
  );
  if (choice !== save)
    throw new SlipwayError('notSaved', 'Not saved: the pipeline still uses what the function had.');
}
