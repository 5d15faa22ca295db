/** Runs that this user started: told of when they end, also when the editor was closed meanwhile. Knows no vscode. */
import { z } from 'zod';
import type { KfpApi } from '../clients/kfp/api.ts';
import { isFinal, type Run } from '../clients/kfp/model.ts';
import { HttpError } from '../clients/http.ts';
import { delay } from '../core/base/abort.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { isAbort } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';

export const watchedRunsSchema = z.array(
  z.object({ runId: z.string(), environmentId: z.string(), name: z.string() }),
);
export type WatchedRun = z.infer<typeof watchedRunsSchema>[number];

/** Where the list is kept between sessions. */
export interface WatchedRunsStorage {
  get(): readonly WatchedRun[];
  set(runs: WatchedRun[] | undefined): Promise<void>;
}

export interface EndedRun {
  readonly run: Run;
  /** It ended before this session began. */
  readonly wasAway: boolean;
}

const maxWatched = 50;

export class WatchedRuns implements Disposable {
  readonly #ended = new Emitter<EndedRun>();
  readonly onDidEnd = this.#ended.event;
  readonly #storage: WatchedRunsStorage;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  #abort: AbortController | undefined;
  #runs: readonly WatchedRun[];
  /** Not asked since this session began. */
  readonly #unseen: Set<string>;

  constructor(storage: WatchedRunsStorage, wait: (ms: number, signal: AbortSignal) => Promise<void> = delay) {
    this.#storage = storage;
    this.#wait = wait;
    this.#runs = storage.get();
    this.#unseen = new Set(this.#runs.map((run) => run.runId));
  }

  async add(run: Run, environmentId: string): Promise<void> {
    await this.#setRuns([
      ...this.#runs.filter((one) => one.runId !== run.id).slice(-(maxWatched - 1)),
      { runId: run.id, environmentId, name: run.displayName },
    ]);
  }

  /** Watches the runs of this environment until `unwatch` or another `watch`. Resolves when it stopped. */
  async watch(environmentId: string, kfp: KfpApi): Promise<void> {
    this.unwatch();
    const abort = new AbortController();
    this.#abort = abort;
    let failures = 0;
    while (!abort.signal.aborted) {
      const mine = this.#runs.filter((run) => run.environmentId === environmentId);
      try {
        for (const watched of mine) await this.#look(watched, kfp, abort.signal);
        failures = 0;
      } catch (error) {
        if (isAbort(error)) return;
        failures++;
      }
      try {
        await this.#wait(failures === 0 ? 2_000 : Math.min(60_000, 2_000 * 2 ** failures), abort.signal);
      } catch {
        return;
      }
    }
  }

  unwatch(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  dispose(): void {
    this.unwatch();
    this.#ended.dispose();
  }

  async #look(watched: WatchedRun, kfp: KfpApi, signal: AbortSignal): Promise<void> {
    let run: Run;
    try {
      run = await kfp.getRun(watched.runId, signal);
    } catch (error) {
      if (!(error instanceof HttpError) || error.reason !== 'notFound') throw error;
      // Deleted by someone: nothing to tell.
      await this.#forget(watched.runId);
      return;
    }
    if (signal.aborted) return;
    const wasAway = this.#unseen.delete(watched.runId);
    if (!isFinal(run.state)) return;
    await this.#forget(watched.runId);
    this.#ended.fire({ run, wasAway });
  }

  async #forget(runId: string): Promise<void> {
    await this.#setRuns(this.#runs.filter((run) => run.runId !== runId));
  }

  async #setRuns(runs: readonly WatchedRun[]): Promise<void> {
    this.#runs = runs;
    await this.#storage.set(runs.length === 0 ? undefined : [...runs]);
  }
}
