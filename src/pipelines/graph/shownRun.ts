/** A run on show: watched, and drawn from the spec it really ran. */
import type { KfpApi } from '../../clients/kfp/api.ts';
import type { Artifact, Run, RunTask, SpecDocuments } from '../../clients/kfp/model.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { isAbort, SlipwayError } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import type { Analyser } from '../analyser.ts';
import { LiveRun } from '../liveRun.ts';
import { AnalysedDocument } from './documentView.ts';

export interface ShownRunServices {
  readonly analyser: Analyser;
  /** `undefined` while the environment is not ready. */
  kfp(): KfpApi | undefined;
  onProblem(message: string, cause: unknown): void;
}

export class ShownRun implements Disposable {
  readonly live: LiveRun;
  readonly document: AnalysedDocument;
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new Emitter<void>());
  readonly onDidChange = this.#changed.event;
  readonly #services: ShownRunServices;
  readonly #abort = new AbortController();
  #isSpecLoading = false;
  /** Undefined until it is known. */
  #isOfFile: boolean | undefined;

  constructor(runId: string, services: ShownRunServices) {
    this.#services = services;
    this.live = this.#disposables.add(new LiveRun(runId, () => services.kfp()));
    this.document = this.#disposables.add(new AnalysedDocument(services.analyser));
    this.#disposables.add(
      this.live.onDidChange(() => {
        void this.#loadSpec();
        this.#changed.fire();
      }),
    );
    this.#disposables.add(this.document.onDidChange(() => this.#changed.fire()));
  }

  /** Throws before the first answer. */
  get known(): { readonly run: Run; readonly tasks: readonly RunTask[] } {
    const { run, tasks } = this.live.state;
    if (run === undefined) throw new SlipwayError('loading', 'The run is still being read.');
    return { run, tasks };
  }

  /** Of what it ran (graphWorker.ts). */
  get meaning(): string | undefined {
    return this.document.meaning;
  }

  /** It ran what its file said when the two were first seen together. */
  get isOfFile(): boolean {
    return this.#isOfFile === true;
  }

  compareWith(fileMeaning: string | undefined): void {
    if (this.meaning !== undefined && fileMeaning !== undefined)
      this.#isOfFile ??= this.meaning === fileMeaning;
  }

  /** Throws when the run has no such task. */
  task(taskId: string): RunTask {
    const task = this.live.state.tasks.find((one) => one.id === taskId);
    if (task === undefined) throw new SlipwayError('noTask', 'The run no longer has this step.');
    return task;
  }

  /** Throws when the run has no such artifact. */
  artifact(id: string): Artifact {
    for (const { outputs, inputs } of this.live.state.tasks) {
      for (const { artifacts } of [...outputs.artifacts, ...inputs.artifacts]) {
        const found = artifacts.find((artifact) => artifact.id === id);
        if (found !== undefined) return found;
      }
    }
    throw new SlipwayError('noArtifact', 'The run no longer has this artifact.');
  }

  dispose(): void {
    this.#abort.abort();
    this.#disposables.dispose();
  }

  /** Once, when the run is first known; again after a failure, with the next change. */
  async #loadSpec(): Promise<void> {
    const { run } = this.live.state;
    const kfp = this.#services.kfp();
    if (run === undefined || kfp === undefined || this.#isSpecLoading) return;
    this.#isSpecLoading = true;
    try {
      const { signal } = this.#abort;
      const text = await specText(run, kfp, signal);
      if (text === undefined) this.document.fail('The server keeps no pipeline for this run.');
      else await this.document.setText(text);
    } catch (error) {
      this.#isSpecLoading = false;
      if (!isAbort(error)) this.#services.onProblem('Reading the pipeline of a run failed.', error);
    }
  }
}

/** What a run ran; undefined when the server keeps none. */
export async function specOf(run: Run, kfp: KfpApi, signal: AbortSignal): Promise<SpecDocuments | undefined> {
  // A run by reference does not echo its spec.
  if (run.spec !== undefined || run.version === undefined) return run.spec;
  return (await kfp.getVersion(run.version.pipelineId, run.version.versionId, signal)).spec;
}

/** What a run ran, as a text of the format; undefined when the server keeps none. */
export async function specText(run: Run, kfp: KfpApi, signal: AbortSignal): Promise<string | undefined> {
  const spec = await specOf(run, kfp, signal);
  return spec === undefined
    ? undefined
    : JSON.stringify({
        pipeline_spec: spec.pipelineSpec,
        ...(spec.platformSpec === undefined ? {} : { platform_spec: spec.platformSpec }),
      });
}
