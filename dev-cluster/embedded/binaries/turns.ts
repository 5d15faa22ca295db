/** One task at a time; of those that wait, the one with the lowest rank is next. */
interface Waiting {
  readonly rank: number;
  readonly start: () => void;
}

export class Turns {
  readonly #waiting: Waiting[] = [];
  #isBusy = false;

  async take<T>(rank: number, onWait: () => void, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#isBusy) {
      onWait();
      await this.#wait(rank, signal);
    }
    this.#isBusy = true;
    try {
      return await task();
    } finally {
      const next = this.#waiting.reduce<Waiting | undefined>(
        (first, one) => (first === undefined || one.rank < first.rank ? one : first),
        undefined,
      );
      // It stays busy until whoever is next has gone on: nobody gets in between.
      if (next === undefined) this.#isBusy = false;
      else next.start();
    }
  }

  #wait(rank: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason);
      };
      const waiting: Waiting = {
        rank,
        start: () => {
          leave();
          resolve();
        },
      };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
