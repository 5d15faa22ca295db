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
  type CancellationToken,
  type CodeActionContext,
  type CodeActionProvider,
  type TextDocument,
} from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import type { GraphWorker } from '../clients/graphWorker.ts';
import { isAbort, SlipwayError } from '../core/base/errors.ts';
import { fixesFor, type Fix } from '../core/ir/edit/fixes.ts';
import type { TextEdit } from '../core/ir/edit/textEdits.ts';
import type { PipelineDocument, Problem, SourceRange } from '../core/ir/model.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import { isPipelineDocument } from './activeEditor.ts';

const debounceMs = 250;

interface Found {
  readonly version: number;
  readonly problems: readonly Problem[];
  /** `undefined`: it is none. */
  readonly pipeline: PipelineDocument | undefined;
}

export class PipelineDiagnostics implements CodeActionProvider<FixAction>, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #collection = this.#disposables.add(languages.createDiagnosticCollection('slipway'));
  readonly #worker: Pick<GraphWorker, 'analyse' | 'plan'>;
  readonly #reporter: ErrorReporter;
  /** By document: what to cancel when its text moves on. */
  readonly #pending = new Map<string, AbortController>();
  /** By document: the version that was analysed and what was found in it. */
  readonly #found = new Map<string, Found>();

  constructor(worker: Pick<GraphWorker, 'analyse' | 'plan'>, reporter: ErrorReporter) {
    this.#worker = worker;
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

  provideCodeActions(document: TextDocument, range: Range, context: CodeActionContext): FixAction[] {
    const found = this.#found.get(document.uri.toString());
    // A fix is for one text: in any other version it would hit the wrong place.
    if (found?.version !== document.version) return [];
    return found.problems.flatMap((problem) => {
      const where = toRange(document, problem.range);
      if (where.intersection(range) === undefined) return [];
      const fixes = found.pipeline === undefined ? [] : fixesFor(found.pipeline, problem);
      const actions = fixes.map((fix) => new FixAction(document, fix, fix.kind === 'text'));
      if (problem.taskPath !== undefined) actions.push(showOnCanvas(document, problem.taskPath));
      for (const action of actions) {
        action.diagnostics = context.diagnostics.filter(
          (one) => one.code === problem.code && one.range.isEqual(where),
        );
      }
      return actions;
    });
  }

  /** Plans what only a few of the offered fixes are asked for. */
  async resolveCodeAction(action: FixAction, token: CancellationToken): Promise<FixAction> {
    const { document, fix } = action;
    if (fix?.kind !== 'gesture' || action.edit !== undefined) return action;
    const { version } = document;
    const plan = await this.#worker.plan(
      { text: document.getText(), source: document.uri.toString(), gesture: fix.gesture },
      abortedBy(token),
    );
    if (plan.kind === 'refused') throw new SlipwayError('refused', plan.reason);
    if (document.version === version) action.edit = toEdit(document, plan.edits);
    return action;
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
    const key = document.uri.toString();
    try {
      const analysis = await this.#worker.analyse(
        { text: document.getText(), source: key, withoutLayout: true },
        signal,
      );
      if (signal.aborted || document.isClosed || document.version !== version) return;
      const problems = analysis.kind === 'pipeline' ? analysis.problems : [analysis.problem];
      const pipeline = analysis.kind === 'pipeline' ? analysis.document : undefined;
      this.#found.set(key, { version, problems, pipeline });
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

/** A fix of one problem. Those that are certain texts carry their edit; the others are planned when they are chosen. */
class FixAction extends CodeAction {
  readonly document: TextDocument;
  readonly fix: Fix | undefined;

  constructor(document: TextDocument, fix: Fix | string, isPreferred: boolean) {
    super(typeof fix === 'string' ? fix : fix.title, CodeActionKind.QuickFix);
    this.document = document;
    this.fix = typeof fix === 'string' ? undefined : fix;
    this.isPreferred = isPreferred;
    if (this.fix?.kind === 'text') this.edit = toEdit(document, this.fix.edits);
  }
}

function showOnCanvas(document: TextDocument, nodeId: string): FixAction {
  const action = new FixAction(document, 'Show on canvas', false);
  action.command = {
    title: action.title,
    command: 'slipway.pipeline.showOnCanvas',
    arguments: [document.uri, nodeId],
  };
  return action;
}

function toEdit(document: TextDocument, changes: readonly TextEdit[]): WorkspaceEdit {
  const edit = new WorkspaceEdit();
  for (const { range, text } of changes) edit.replace(document.uri, toRange(document, range), text);
  return edit;
}

function abortedBy(token: CancellationToken): AbortSignal {
  const abort = new AbortController();
  token.onCancellationRequested(() => abort.abort());
  return AbortSignal.any([abort.signal, AbortSignal.timeout(60_000)]);
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
