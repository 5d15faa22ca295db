/** One pipeline text as the graph shows it: analysed by the worker, latest text wins, last good drawing kept. */
import type { Disposable } from '../../core/base/disposable.ts';
import { asError, isAbort, SlipwayError } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import type { LaidOutGraph } from '../../core/ir/graphModel.ts';
import type { Problem } from '../../core/ir/model.ts';
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
  readonly #source: { readonly source?: string };
  /** By which the worker keeps this document's drawing in place from edit to edit. */
  readonly #key = `graph-${++lastKey}`;
  readonly #changed = new Emitter<void>();
  /** `view` has something new. */
  readonly onDidChange = this.#changed.event;
  #abort = new AbortController();
  #good: Good | undefined;
  #problems: readonly Problem[] = [];
  #view: DocumentView = { kind: 'loading' };
  #collapsed: readonly string[] | undefined;
  #settled: Promise<void> = Promise.resolve();

  /** `source`: whose text it is, for the worker (graphWorker.ts). */
  constructor(analyser: Analyser, source?: string) {
    this.#analyser = analyser;
    this.#source = source === undefined ? {} : { source };
  }

  get view(): DocumentView {
    return this.#view;
  }

  /** Of the last text that could be drawn, or that has nothing to draw. */
  get analysis(): PipelineAnalysis | undefined {
    return this.#good?.analysis;
  }

  /** Of the text that is drawn (graphWorker.ts). */
  get meaning(): string | undefined {
    return this.#good?.analysis.meaning;
  }

  get text(): string | undefined {
    return this.#good?.text;
  }

  /** Problems of the last text that was a pipeline. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Of what is shown; 0 when nothing is. */
  get revision(): number {
    return this.#view.kind === 'drawn' || this.#view.kind === 'empty' ? this.#view.revision : 0;
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
  setText(text: string): Promise<void> {
    return (this.#settled = this.#setText(text));
  }

  /** Resolves when the last text that was set is shown. */
  async settled(): Promise<void> {
    let last: Promise<void> | undefined;
    while (last !== this.#settled) await (last = this.#settled);
  }

  async #setText(text: string): Promise<void> {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const collapsed = this.#collapsed;
    let analysis: Analysis;
    try {
      analysis = await this.#analyser.analyse(
        { text, key: this.#key, ...this.#source, ...(collapsed === undefined ? {} : { collapsed }) },
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
    const revision = this.revision === 0 ? lastRevision : this.revision;
    if (good === undefined) return { revision, drawing: null };
    const key = JSON.stringify(collapsed);
    if (good.collapsedKey === key) return { revision, drawing: good.analysis.drawing ?? null };
    const analysis = await this.#analyser.analyse(
      { text: good.text, ...this.#source, ...(collapsed === undefined ? {} : { collapsed }) },
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
    if (analysis.kind === 'pipeline') this.#problems = analysis.problems;
    if (analysis.kind === 'pipeline' && analysis.drawing !== undefined) {
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
        : analysis.problems.find((one) => one.severity === 'error' && one.code !== 'empty-dag')?.message;
    if (this.#good !== undefined && this.#view.kind === 'drawn' && problem !== undefined) {
      // Half-typed text: the last good drawing stays, dimmed.
      this.#show({ ...this.#view, isStale: true, problem, problemCount: 1 });
      return;
    }
    this.#good = undefined;
    if (analysis.kind === 'pipeline') {
      this.#good = { text, analysis, collapsedKey: JSON.stringify(collapsed) };
      this.#show({ kind: 'empty', revision: ++lastRevision });
    } else this.#show({ kind: 'notPipeline', message: analysis.problem.message });
  }

  #show(view: DocumentView): void {
    this.#view = view;
    this.#changed.fire();
  }
}
