/**
 * Python files that define pipelines: compiled when they are saved, their errors in the Problems panel, their pipelines
 * as documents of the scheme `slipway-python` that graphs and runs are made from.
 */
import {
  Diagnostic,
  DiagnosticSeverity,
  EventEmitter,
  languages,
  Range,
  Uri,
  workspace,
  type TextDocumentContentProvider,
} from 'vscode';
import {
  PythonCompiler,
  type CompiledPipeline,
  type CompileResult,
  type PythonProblem,
} from '../../clients/pythonCompiler.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import { pythonScheme } from '../../contributions.ts';
import type { ErrorReporter } from '../../platform/errorReporter.ts';
import { writeCompiled } from './compiledFiles.ts';
import { definesPipelines } from './definesPipelines.ts';
import type { Interpreters } from './interpreters.ts';

interface Known {
  readonly text: string;
  readonly result: CompileResult;
}

export class PythonPipelines implements TextDocumentContentProvider, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #compiler: PythonCompiler;
  readonly #interpreters: Interpreters;
  readonly #changed = this.#disposables.add(new EventEmitter<Uri>());
  readonly onDidChange = this.#changed.event;
  readonly #diagnostics = this.#disposables.add(languages.createDiagnosticCollection('slipway-python'));
  /** By file: the last good result stays while the file is broken. */
  readonly #known = new Map<string, Known>();
  /** By file: what to cancel when it is saved again. */
  readonly #pending = new Map<string, AbortController>();

  constructor(script: string, interpreters: Interpreters, reporter: ErrorReporter) {
    this.#compiler = this.#disposables.add(new PythonCompiler(script));
    this.#interpreters = interpreters;
    this.#disposables.add(workspace.registerTextDocumentContentProvider(pythonScheme, this));
    this.#disposables.add(
      workspace.onDidSaveTextDocument((document) => {
        // Importing runs the file: never without trust, and only what says that it is a pipeline.
        if (!workspace.isTrusted || !definesPipelines(document)) return;
        this.#pending.get(document.uri.toString())?.abort();
        const controller = new AbortController();
        this.#pending.set(document.uri.toString(), controller);
        reporter.background(this.#onSaved(document.uri, controller.signal));
      }),
    );
    this.#disposables.add(workspace.onDidCloseTextDocument(({ uri }) => this.#diagnostics.delete(uri)));
  }

  /** Of the file's text as it is in the editor. What is known already is not compiled again. */
  async compile(file: Uri, signal: AbortSignal): Promise<CompileResult> {
    const document = await workspace.openTextDocument(file);
    const text = document.getText();
    const known = this.#known.get(file.toString());
    if (known?.text === text && known.result.problems.length === 0) return known.result;
    const result = await this.compileText(file, text, signal);
    signal.throwIfAborted();
    this.note(file, text, result);
    return result;
  }

  /** What the file compiled to last, and the text that it had. */
  known(file: Uri): Known | undefined {
    return this.#known.get(file.toString());
  }

  /** Any text in the place of the file's; nothing is remembered of it. */
  async compileText(
    file: Uri,
    text: string,
    signal: AbortSignal,
    what: 'pipelines' | 'components' = 'pipelines',
  ): Promise<CompileResult> {
    if (!workspace.isTrusted)
      throw new SlipwayError('untrusted', 'This folder is not trusted, so nothing in it is run.');
    const { path, from } = await this.#interpreters.find(file, signal);
    const request = { file: file.fsPath, text, what };
    const result = await this.#compiler.compile({ ...request, python: path }, signal);
    // An interpreter that nobody chose for pipelines may well have no kfp.
    if (
      result.kfp !== null ||
      result.problems[0]?.kind !== 'noKfp' ||
      from === 'setting' ||
      from === 'slipway'
    )
      return result;
    const own = await this.#interpreters.own('sdk', signal);
    return this.#compiler.compile({ ...request, python: own }, signal);
  }

  /** What a text of the file compiles to is known: graphs and problems follow. */
  note(file: Uri, text: string, result: CompileResult): void {
    const isBroken = result.problems.length > 0 && result.pipelines.length === 0;
    if (!isBroken) this.#known.set(file.toString(), { text, result });
    this.#diagnostics.set(file, result.problems.filter((one) => one.file === file.fsPath).map(diagnosticOf));
    for (const pipeline of result.pipelines) this.#changed.fire(this.uriOf(file, pipeline));
  }

  /** The compiled pipeline as a document; its name says what it is. */
  uriOf(file: Uri, { function: name }: Pick<CompiledPipeline, 'function'>): Uri {
    return Uri.from({
      scheme: pythonScheme,
      path: `${file.path}/${name}.pipeline.yaml`,
      query: file.toString(),
    });
  }

  /** The file and the pipeline behind such a document. */
  find(
    uri: Uri,
  ): { readonly file: Uri; readonly text: string; readonly pipeline: CompiledPipeline } | undefined {
    if (uri.scheme !== pythonScheme) return undefined;
    const file = Uri.parse(uri.query);
    const known = this.#known.get(uri.query);
    const pipeline = known?.result.pipelines.find((one) => this.uriOf(file, one).path === uri.path);
    return known === undefined || pipeline === undefined ? undefined : { file, text: known.text, pipeline };
  }

  /** Whether the pipeline behind such a document calls this function. */
  calls(uri: Uri, path: string, name: string): boolean {
    return Object.values(this.find(uri)?.pipeline.nodes ?? {}).some(
      ({ component }) => component?.file === path && component.function === name,
    );
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    if (this.find(uri) === undefined) await this.compile(Uri.parse(uri.query), AbortSignal.timeout(60_000));
    return this.find(uri)?.pipeline.text ?? '';
  }

  async #onSaved(file: Uri, signal: AbortSignal): Promise<void> {
    const { pipelines, problems } = await this.compile(file, signal);
    const text = this.known(file)?.text;
    if (problems.length === 0 && text !== undefined) await writeCompiled(file, text, pipelines);
  }

  dispose(): void {
    for (const controller of this.#pending.values()) controller.abort();
    this.#disposables.dispose();
  }
}

function diagnosticOf({ line, column, endLine, endColumn, message, kind }: PythonProblem): Diagnostic {
  const start = column === null ? 0 : column - 1;
  const end = endColumn === null ? Number.MAX_SAFE_INTEGER : endColumn - 1;
  const diagnostic = new Diagnostic(
    new Range(line - 1, start, endLine - 1, Math.max(end, line === endLine ? start + 1 : 0)),
    message,
    DiagnosticSeverity.Error,
  );
  diagnostic.source = 'Slipway';
  diagnostic.code = kind;
  return diagnostic;
}
