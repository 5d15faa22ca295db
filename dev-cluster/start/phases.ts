/** One progress line per step, and when each ended, for the first-run bench. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Phase {
  readonly name: string;
  /** Milliseconds since `npm start` was typed. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export class Phases {
  readonly #origin: number;
  readonly #phases: Phase[] = [];
  readonly #say: (line: string) => void;

  /** `origin`: epoch milliseconds of the command's start. */
  constructor(origin: number, say: (line: string) => void) {
    this.#origin = origin;
    this.#say = say;
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const startedAt = Date.now() - this.#origin;
    const result = await work();
    const endedAt = Date.now() - this.#origin;
    this.#phases.push({ name, startedAt, endedAt });
    this.#say(`slipway: ${name} … ${((endedAt - startedAt) / 1000).toFixed(1)} s`);
    return result;
  }

  async save(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      `${JSON.stringify({ origin: this.#origin, phases: this.#phases }, undefined, 2)}\n`,
    );
  }
}
