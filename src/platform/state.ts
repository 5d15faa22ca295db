import type { Memento } from 'vscode';
import type { z } from 'zod';

/** One remembered value of a workspace or of the user. What does not fit the schema counts as never written. */
export class StoredValue<T> {
  readonly #memento: Memento;
  readonly #key: string;
  readonly #schema: z.ZodType<T>;
  readonly #initial: T;

  constructor(memento: Memento, key: string, schema: z.ZodType<T>, initial: T) {
    this.#memento = memento;
    this.#key = key;
    this.#schema = schema;
    this.#initial = initial;
  }

  get(): T {
    const parsed = this.#schema.safeParse(this.#memento.get(this.#key));
    return parsed.success ? parsed.data : this.#initial;
  }

  /** `undefined` forgets it. */
  async set(value: T | undefined): Promise<void> {
    await this.#memento.update(this.#key, value);
  }
}
