import { commands, window, type LogOutputChannel } from 'vscode';
import type { CommandId } from '../contributions.ts';
import { asError, isAbort, isSlipwayError } from '../core/base/errors.ts';

/** The one thing a person can do about a kind of failure. */
export interface Recovery {
  readonly title: string;
  /** One of ours, or a built-in such as `workbench.trust.manage`. */
  readonly command:
    | CommandId
    | 'workbench.trust.manage'
    | 'workbench.actions.view.problems'
    | 'workbench.action.openSettings'
    | 'workbench.view.scm';
  readonly argument?: string;
}

/** Shows failures: one sentence, one action; the log gets the rest. Cancelled work is not a failure. */
export class ErrorReporter {
  readonly #log: LogOutputChannel;
  readonly #recoveries: Readonly<Record<string, Recovery>>;

  /** `recoveries` by SlipwayError reason. */
  constructor(log: LogOutputChannel, recoveries: Readonly<Record<string, Recovery>>) {
    this.#log = log;
    this.#recoveries = recoveries;
  }

  show(error: unknown): void {
    if (isAbort(error)) return;
    this.log(error);
    const recovery: Recovery = (isSlipwayError(error) ? this.#recoveries[error.reason] : undefined) ?? {
      title: 'Show Log',
      command: 'slipway.showLog',
    };
    const { message } = asError(error);
    void window.showErrorMessage(message, recovery.title).then((choice) => {
      if (choice === recovery.title) void commands.executeCommand(recovery.command, recovery.argument);
    });
  }

  log(error: unknown): void {
    for (let one: unknown = error; one !== undefined; one = one instanceof Error ? one.cause : undefined)
      this.#log.error(asError(one));
  }

  /** Runs work that nobody waits for. */
  background(work: Promise<unknown>): void {
    void work.catch((error: unknown) => {
      if (!isAbort(error)) this.log(error);
    });
  }
}
