/** Validator problems of open pipelines in the Problems panel, and their certain fixes as quick fixes. */
import {
  CodeAction,
  CodeActionKind,
  Diagnostic,
  DiagnosticSeverity,
  languages,
  Range,
  WorkspaceEdit,
  workspace,
  type CodeActionContext,
  type CodeActionProvider,
  type TextDocument,
} from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { isAbort } from '../core/base/errors.ts';
import type { Problem, SourceRange } from '../core/ir/model.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import { isPipelineDocument } from './activeEditor.ts';
import type { Analyser } from './analyser.ts';

const debounceMs = 250;

export class PipelineDiagnostics implements CodeActionProvider, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #collection = this.#disposables.add(languages.createDiagnosticCollection('slipway'));
  readonly #analyser: Analyser;
  readonly #reporter: ErrorReporter;
  /** By document: what to cancel when its text moves on. */
  readonly #pending = new Map<string, AbortController>();
  /** By document: the version that was analysed and what was found in it. */
  readonly #found = new Map<string, { readonly version: number; readonly problems: readonly Problem[] }>();

  constructor(analyser: Analyser, reporter: ErrorReporter) {
    this.#analyser = analyser;
    this.#reporter = reporter;
    this.#disposables.add(workspace.onDidOpenTextDocument((document) => this.#check(document, 0)));
    this.#disposables.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#check(document, debounceMs);
      }),
    );
    this.#disposables.add(workspace.onDidCloseTextDocument((document) => this.#forget(document)));
    this.#disposables.add(
      languages.registerCodeActionsProvider([{ language: 'yaml' }, { language: 'json' }], this, {
        providedCodeActionKinds: [CodeActionKind.QuickFix],
      }),
    );
    for (const document of workspace.textDocuments) this.#check(document, 0);
  }

  provideCodeActions(document: TextDocument, range: Range, context: CodeActionContext): CodeAction[] {
    const found = this.#found.get(document.uri.toString());
    // A fix is offsets into one text: for any other version it would hit the wrong place.
    if (found?.version !== document.version) return [];
    return found.problems.flatMap((problem) => {
      const where = toRange(document, problem.range);
      if (problem.fix === undefined || where.intersection(range) === undefined) return [];
      const action = new CodeAction(problem.fix.title, CodeActionKind.QuickFix);
      const edit = new WorkspaceEdit();
      for (const change of problem.fix.edits)
        edit.replace(document.uri, toRange(document, change.range), change.text);
      action.edit = edit;
      action.isPreferred = true;
      action.diagnostics = context.diagnostics.filter(
        (one) => one.code === problem.code && one.range.isEqual(where),
      );
      return [action];
    });
  }

  dispose(): void {
    for (const abort of this.#pending.values()) abort.abort();
    this.#disposables.dispose();
  }

  #check(document: TextDocument, waitMs: number): void {
    const key = document.uri.toString();
    this.#pending.get(key)?.abort();
    if (document.uri.scheme === 'slipway' || !isPipelineDocument(document)) {
      this.#forget(document);
      return;
    }
    const abort = new AbortController();
    this.#pending.set(key, abort);
    const timer = setTimeout(() => {
      this.#reporter.background(this.#analyse(document, abort.signal));
    }, waitMs);
    abort.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  async #analyse(document: TextDocument, signal: AbortSignal): Promise<void> {
    const { version } = document;
    try {
      const analysis = await this.#analyser.analyse(
        { text: document.getText(), withoutLayout: true },
        signal,
      );
      if (signal.aborted || document.isClosed || document.version !== version) return;
      const problems = analysis.kind === 'pipeline' ? analysis.problems : [analysis.problem];
      this.#found.set(document.uri.toString(), { version, problems });
      this.#collection.set(
        document.uri,
        problems.map((problem) => toDiagnostic(document, problem)),
      );
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) throw error;
    }
  }

  #forget(document: TextDocument): void {
    const key = document.uri.toString();
    this.#pending.get(key)?.abort();
    this.#pending.delete(key);
    this.#found.delete(key);
    this.#collection.delete(document.uri);
  }
}

function toRange(document: TextDocument, range: SourceRange): Range {
  return new Range(document.positionAt(range.start), document.positionAt(range.end));
}

function toDiagnostic(document: TextDocument, problem: Problem): Diagnostic {
  const diagnostic = new Diagnostic(
    toRange(document, problem.range),
    problem.message,
    problem.severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
  );
  diagnostic.source = 'Slipway';
  diagnostic.code = problem.code;
  return diagnostic;
}
