import type { Memento } from 'vscode';

const key = 'slipway.shownRuns';

/** Which run each open graph shows: VS Code brings editors back after a reload, but only their files. */
export class ShownRuns {
  readonly #memento: Memento;

  constructor(memento: Memento) {
    this.#memento = memento;
  }

  get(uri: string): string | undefined {
    return this.#all[uri];
  }

  /** `undefined`: the editor shows its file, or is closed. */
  async set(uri: string, runId: string | undefined): Promise<void> {
    const { [uri]: before, ...others } = this.#all;
    if (before !== runId)
      await this.#memento.update(key, runId === undefined ? others : { ...others, [uri]: runId });
  }

  get #all(): Readonly<Record<string, string>> {
    return this.#memento.get<Readonly<Record<string, string>>>(key, {});
  }
}
