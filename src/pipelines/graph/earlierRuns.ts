import type { KfpApi } from '../../clients/kfp/api.ts';
import type { Run } from '../../clients/kfp/model.ts';
import type { Disposable } from '../../core/base/disposable.ts';
import { isAbort } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import type { RunSummary } from '../../core/protocol/runGraph.ts';
import { pipelineNameOf } from '../store.ts';
import { runSummary } from './runRows.ts';

const MOST_RUNS = 50;

/** Earlier runs of a pipeline, newest first. */
export class EarlierRuns implements Disposable {
  readonly #onProblem: (message: string, cause: unknown) => void;
  readonly #abort = new AbortController();
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  #runs: readonly RunSummary[] = [];
  #name: string | undefined;

  constructor(onProblem: (message: string, cause: unknown) => void) {
    this.#onProblem = onProblem;
  }

  get list(): readonly RunSummary[] {
    return this.#runs;
  }

  /** Of the pipeline that was looked for last. */
  get name(): string | undefined {
    return this.#name;
  }

  /**
   * Looks for runs of the pipeline's name, and of the uploaded pipeline that `run` is of. Without a service or a name,
   * or on failure, the last known ones stay.
   */
  async look(kfp: KfpApi | undefined, name: string | undefined, run: Run | undefined): Promise<void> {
    if (kfp === undefined || name === undefined) return;
    const { signal } = this.#abort;
    this.#name = name;
    try {
      const page = await kfp.listRuns({ pageSize: 100, sortBy: 'created_at desc' }, signal);
      if (signal.aborted) return;
      const isSame = (one: Run): boolean =>
        pipelineNameOf(one) === name ||
        (run?.version !== undefined && one.version?.pipelineId === run.version.pipelineId);
      this.#runs = page.items.filter(isSame).slice(0, MOST_RUNS).map(runSummary);
      this.#changed.fire();
    } catch (error) {
      if (!isAbort(error)) this.#onProblem('Listing earlier runs failed.', error);
    }
  }

  dispose(): void {
    this.#abort.abort();
    this.#changed.dispose();
  }
}
