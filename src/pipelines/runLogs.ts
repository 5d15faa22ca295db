import type { KfpApi } from '../clients/kfp/api.ts';
import type { LogTerminals } from '../platform/logTerminal.ts';

export interface LogSource {
  readonly title: string;
  readonly runId: string;
  readonly attempt: string;
}

/** Logs of steps' attempts in terminals. */
export class RunLogs {
  readonly #terminals: LogTerminals;
  /** Asked anew for each connection: after a restart the service may be another one. */
  readonly #api: () => KfpApi;

  constructor(terminals: LogTerminals, api: () => KfpApi) {
    this.#terminals = terminals;
    this.#api = api;
  }

  show({ title, runId, attempt }: LogSource): void {
    this.#terminals.show({
      key: `${runId}/${attempt}`,
      title,
      follow: (signal) => this.#api().log(runId, attempt, { follow: true }, signal),
      whenSkipped: 'use Open Full Log as File',
    });
  }
}
