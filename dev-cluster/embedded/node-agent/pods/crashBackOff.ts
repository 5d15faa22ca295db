/** How long a container that ended waits for its next start: as the kubelet's `flowcontrol.Backoff`. */
export interface CrashBackOffTimes {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** 10 s doubling to 5 min; forgotten after a run of 10 min. */
export const CRASH_BACK_OFF: CrashBackOffTimes = { firstMs: 10_000, longestMs: 300_000 };

export class CrashBackOff {
  readonly #times: CrashBackOffTimes;
  #delayMs = 0;
  #since = 0;

  constructor(times: CrashBackOffTimes) {
    this.#times = times;
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  /** When the container that finished then may start again; the first time at once. */
  startAt(finishedAt: number): number {
    return this.#isForgotten(finishedAt) ? finishedAt : finishedAt + this.#delayMs;
  }

  /** The container starts again: the next time takes longer. */
  next(finishedAt: number, now: number): void {
    const { firstMs, longestMs } = this.#times;
    this.#delayMs =
      this.#delayMs === 0 || this.#isForgotten(finishedAt) ? firstMs : Math.min(this.#delayMs * 2, longestMs);
    this.#since = now;
  }

  #isForgotten(finishedAt: number): boolean {
    return finishedAt - this.#since > 2 * this.#times.longestMs;
  }
}

/** As Go prints durations in whole seconds: `10s`, `2m40s`, `5m0s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
