import { window, type Memento } from 'vscode';
import type { Run } from '../clients/kfp/model.ts';
import { formatDuration } from '../core/base/duration.ts';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import type { Environments } from '../environment/session.ts';
import { executeCommand } from '../platform/commands.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import { readSetting } from '../platform/settings.ts';
import { StoredValue } from '../platform/state.ts';
import { stateIcon, stateWord } from './stateIcons.ts';
import type { RunStarter } from './starter.ts';
import { WatchedRuns, watchedRunsSchema, type EndedRun } from './watchedRuns.ts';
import { watchedRunsKey } from './watchedRunsKey.ts';

/** Toast and badge when a run of yours ends; one list of those that ended while the editor was closed. */
export class Endings implements Disposable {
  readonly #disposables = new DisposableStore();
  readonly #watched: WatchedRuns;
  readonly #environments: Environments;
  readonly #onEnd: (run: Run) => void;
  readonly #away: Run[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    environments: Environments,
    starter: RunStarter,
    globalState: Memento,
    reporter: ErrorReporter,
    onEnd: (run: Run) => void,
  ) {
    this.#environments = environments;
    this.#onEnd = onEnd;
    this.#watched = this.#disposables.add(
      new WatchedRuns(new StoredValue(globalState, watchedRunsKey, watchedRunsSchema, [])),
    );
    this.#disposables.add(this.#watched.onDidEnd((ended) => this.#tell(ended)));
    let watched = environments.session;
    const follow = (): void => {
      const { session } = environments;
      if (session === watched && session !== undefined) return;
      watched = session;
      this.#watched.unwatch();
      const kfp = session?.findKfp();
      if (session !== undefined && kfp !== undefined)
        reporter.background(this.#watched.watch(session.environmentId, kfp));
    };
    watched = undefined;
    follow();
    this.#disposables.add(environments.onDidChange(follow));
    this.#disposables.add(starter.onDidStart(({ run }) => reporter.background(this.watch(run))));
  }

  /** Tells when this run of the current environment ends, in this session or at the start of a later one. */
  async watch(run: Run): Promise<void> {
    await this.#watched.add(run, this.#environments.current.id);
  }

  /** The runs that ended while the editor was closed, to choose from. */
  async showAway(): Promise<void> {
    if (this.#away.length === 0) {
      void window.showInformationMessage('No run of yours ended while you were away.');
      return;
    }
    const choice = await window.showQuickPick(
      this.#away.map((run) => ({
        label: `$(${stateIcon(run.state).id}) ${run.displayName}`,
        description: sentence(run),
        detail: run.error ?? '',
        run,
      })),
      { title: 'Runs that ended while you were away', matchOnDescription: true },
    );
    if (choice !== undefined) await executeCommand('slipway.run.open', { kind: 'run', runId: choice.run.id });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  #tell({ run, wasAway }: EndedRun): void {
    this.#onEnd(run);
    if (wasAway) {
      this.#away.push(run);
      // They come in one after the other; one toast tells of all.
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#tellAway();
      }, 1_000);
    } else if (readSetting('slipway.notifications.runEnded')) {
      void this.#tellEnded(run);
    }
  }

  async #tellAway(): Promise<void> {
    const failed = this.#away.filter((run) => run.state === 'FAILED').length;
    const count = this.#away.length === 1 ? '1 run' : `${this.#away.length} runs`;
    const choice = await window.showInformationMessage(
      `While you were away, ${count} ended${failed === 0 ? '' : `, ${failed} of them failed`}.`,
      'Show',
    );
    if (choice === 'Show') await this.showAway();
  }

  async #tellEnded(run: Run): Promise<void> {
    const target = { kind: 'run', runId: run.id } as const;
    const text = `${run.displayName} ${sentence(run)}.`;
    if (run.state === 'FAILED') {
      const choice = await window.showErrorMessage(text, 'Explain Failure', 'Open');
      if (choice === 'Explain Failure') await executeCommand('slipway.explainFailure', target);
      if (choice === 'Open') await executeCommand('slipway.run.open', target);
      return;
    }
    const choice = await window.showInformationMessage(text, 'Open');
    if (choice === 'Open') await executeCommand('slipway.run.open', target);
  }
}

function sentence(run: Run): string {
  const took =
    run.finishedAt === undefined
      ? ''
      : ` after ${formatDuration(run.finishedAt.getTime() - run.createdAt.getTime())}`;
  return `${stateWord(run.state)}${took}`;
}
