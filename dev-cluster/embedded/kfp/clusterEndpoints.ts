/** What else of the cluster is there, as the supervisor's file says it from moment to moment. */
import { stat } from 'node:fs/promises';
import { delay } from '../../../src/core/base/abort.ts';
import { Emitter } from '../../../src/core/base/event.ts';
import {
  endpointsPath,
  readEmbeddedEndpoints,
  type EmbeddedEndpoints,
} from '../../../src/clients/embedded.ts';

const LOOK_MS = 1_000;

export class ClusterEndpoints {
  readonly #changed = new Emitter<EmbeddedEndpoints>();
  readonly onDidChange = this.#changed.event;
  readonly #closing = new AbortController();
  #current: EmbeddedEndpoints | undefined;

  constructor() {
    void this.#look();
  }

  get current(): EmbeddedEndpoints | undefined {
    return this.#current;
  }

  close(): void {
    this.#closing.abort();
    this.#changed.dispose();
  }

  /** By its time: watches on files that come, go and are replaced differ too much between systems. */
  async #look(): Promise<void> {
    const { signal } = this.#closing;
    const isClosed = (): boolean => signal.aborted;
    let seen = 0;
    while (!isClosed()) {
      const changed = (await stat(endpointsPath()).catch(() => undefined))?.mtimeMs ?? 0;
      if (changed !== seen) {
        const read = await readEmbeddedEndpoints().catch(() => undefined);
        if (isClosed()) return;
        seen = changed;
        this.#current = read;
        if (read !== undefined) this.#changed.fire(read);
      }
      await delay(LOOK_MS, signal).catch(() => undefined);
    }
  }
}
