/** One pipeline text as the graph shows it: analysed by the worker, latest text wins, last good drawing kept. */
import type { Disposable } from '../../core/base/disposable.ts';
import { asError, isAbort, SlipwayError } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import type { LaidOutGraph } from '../../core/ir/graphModel.ts';
import type { Analysis } from '../../core/protocol/graphWorker.ts';
import type { DocumentView } from '../../core/protocol/runGraph.ts';
import type { Analyser } from '../analyser.ts';

export type PipelineAnalysis = Extract<Analysis, { kind: 'pipeline' }>;

interface Good {
  readonly text: string;
  readonly analysis: PipelineAnalysis;
  /** Which groups the drawing was asked with. */
  readonly collapsedKey: string;
}

/** Revisions never repeat in a session, whichever document they come from. */
let lastRevision = 0;
let lastKey = 0;

export class AnalysedDocument implements Disposable {
  readonly #analyser: Analyser;
  /** By which the worker keeps this document's drawing in place from edit to edit. */
  readonly #key = `graph-${++lastKey}`;
  readonly #changed = new Emitter<void>();
  /** `view` has something new. */
  readonly onDidChange = this.#changed.event;
  #abort = new AbortController();
  #good: Good | undefined;
  #view: DocumentView = { kind: 'loading' };
  #collapsed: readonly string[] | undefined;

  constructor(analyser: Analyser) {
    this.#analyser = analyser;
  }

  get view(): DocumentView {
    return this.#view;
  }

  /** Of the last text that could be drawn. */
  get analysis(): PipelineAnalysis | undefined {
    return this.#good?.analysis;
  }

  get text(): string | undefined {
    return this.#good?.text;
  }

  /** The current text is a pipeline without errors and with something to run. */
  get isRunnable(): boolean {
    return (
      this.#view.kind === 'drawn' &&
      !this.#view.isStale &&
      this.#good?.analysis.problems.every((problem) => problem.severity !== 'error') === true
    );
  }

  /** Never rejects: what goes wrong is the view. An earlier text still under way is dropped. */
  async setText(text: string): Promise<void> {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const collapsed = this.#collapsed;
    let analysis: Analysis;
    try {
      analysis = await this.#analyser.analyse(
        { text, key: this.#key, ...(collapsed === undefined ? {} : { collapsed }) },
        abort.signal,
      );
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      this.#show({ kind: 'failed', message: asError(error).message });
      return;
    }
    if (abort.signal.aborted) return;
    this.#take(text, analysis, collapsed);
  }

  /** Says that there is no text to be had, e.g. because the file is gone. */
  fail(message: string): void {
    this.#abort.abort();
    this.#show({ kind: 'failed', message });
  }

  /** The drawing with these groups closed; `undefined`: as the worker decides. */
  async drawing(
    collapsed: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly revision: number; readonly drawing: LaidOutGraph | null }> {
    this.#collapsed = collapsed;
    const good = this.#good;
    const revision = this.#view.kind === 'drawn' ? this.#view.revision : lastRevision;
    if (good === undefined) return { revision, drawing: null };
    const key = JSON.stringify(collapsed);
    if (good.collapsedKey === key) return { revision, drawing: good.analysis.drawing ?? null };
    const analysis = await this.#analyser.analyse(
      { text: good.text, ...(collapsed === undefined ? {} : { collapsed }) },
      signal,
    );
    if (analysis.kind !== 'pipeline') {
      throw new SlipwayError('notPipeline', analysis.problem.message);
    }
    if (this.#good === good) this.#good = { ...good, analysis, collapsedKey: key };
    return { revision, drawing: analysis.drawing ?? null };
  }

  dispose(): void {
    this.#abort.abort();
    this.#changed.dispose();
  }

  #take(text: string, analysis: Analysis, collapsed: readonly string[] | undefined): void {
    const isDrawable = analysis.kind === 'pipeline' && analysis.drawing !== undefined;
    if (isDrawable) {
      this.#good = { text, analysis, collapsedKey: JSON.stringify(collapsed) };
      const errors = analysis.problems.filter((problem) => problem.severity === 'error');
      const first = errors[0] ?? analysis.problems[0];
      this.#show({
        kind: 'drawn',
        revision: ++lastRevision,
        isStale: false,
        problem: first?.message,
        problemCount: analysis.problems.length,
      });
      return;
    }
    const problem =
      analysis.kind === 'notPipeline'
        ? analysis.problem.message
        : analysis.problems.find((one) => one.severity === 'error')?.message;
    if (this.#good !== undefined && this.#view.kind === 'drawn' && problem !== undefined) {
      // Half-typed text: the last good drawing stays, dimmed.
      this.#show({ ...this.#view, isStale: true, problem, problemCount: 1 });
      return;
    }
    this.#good = undefined;
    if (analysis.kind === 'pipeline') this.#show({ kind: 'empty' });
    else this.#show({ kind: 'notPipeline', message: analysis.problem.message });
  }

  #show(view: DocumentView): void {
    this.#view = view;
    this.#changed.fire();
  }
}
