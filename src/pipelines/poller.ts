import type { Disposable } from '../core/base/disposable.ts';
import { delay } from '../core/base/abort.ts';
import { isAbort } from '../core/base/errors.ts';

export interface Polled {
  /** One look; rejects when it failed. `isWide` every few looks, and always when idle. */
  poll(isWide: boolean, signal: AbortSignal): Promise<void>;
  readonly hasActiveRuns: boolean;
}

/** How long until the next look, in milliseconds. */
export function nextDelay(isActive: boolean, failures: number): number {
  if (failures > 0) return Math.min(30_000, 1_000 * 2 ** failures);
  return isActive ? 1_000 : 10_000;
}

const looksBetweenWide = 5;

/** Looks again and again while `isWatching`; at once when it starts to, and when `wake` is called. */
export class Poller implements Disposable {
  readonly #polled: Polled;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  #abort: AbortController | undefined;

  constructor(polled: Polled, wait: (ms: number, signal: AbortSignal) => Promise<void> = delay) {
    this.#polled = polled;
    this.#wait = wait;
  }

  get isWatching(): boolean {
    return this.#abort !== undefined;
  }

  setWatching(isWatching: boolean): void {
    if (isWatching === this.isWatching) return;
    this.#abort?.abort();
    this.#abort = undefined;
    if (!isWatching) return;
    this.#abort = new AbortController();
    void this.#loop(this.#abort.signal);
  }

  /** Something happened that is worth a look now. */
  wake(): void {
    if (!this.isWatching) return;
    this.setWatching(false);
    this.setWatching(true);
  }

  dispose(): void {
    this.setWatching(false);
  }

  async #loop(signal: AbortSignal): Promise<void> {
    let failures = 0;
    for (let look = 0; !signal.aborted; look++) {
      const isWide = look % looksBetweenWide === 0 || !this.#polled.hasActiveRuns || failures > 0;
      try {
        await this.#polled.poll(isWide, signal);
        failures = 0;
      } catch (error) {
        if (isAbort(error)) return;
        // The store shows what went wrong; here it only slows the looks down.
        failures++;
      }
      try {
        await this.#wait(nextDelay(this.#polled.hasActiveRuns, failures), signal);
      } catch {
        return;
      }
    }
  }
}
