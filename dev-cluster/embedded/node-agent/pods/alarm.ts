/** Lets a loop sleep until there is something to do. */
export class Alarm {
  #rung = Promise.withResolvers<undefined>();

  /** Before the loop looks: what rings from here on ends its next sleep, or keeps it from sleeping. */
  set(): void {
    this.#rung = Promise.withResolvers();
  }

  ring(): void {
    this.#rung.resolve(undefined);
  }

  /** Until it rings, the signal is aborted, or that time has come (ms since 1970). */
  async sleep(until: number | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const ring = (): void => this.ring();
    signal.addEventListener('abort', ring, { once: true });
    const timer = until === undefined ? undefined : setTimeout(ring, Math.max(0, until - Date.now()));
    await this.#rung.promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', ring);
  }
}
