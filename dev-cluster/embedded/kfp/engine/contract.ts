/** What the REST api may ask of the engine. Every call returns at once; progress is in the store. */
export interface Engine {
  /** Starts a run whose row is PENDING in the store. */
  start(runId: string): void;
  /** The run becomes CANCELING at once and CANCELED when its last step has stopped. */
  terminate(runId: string): void;
  /** Continues a FAILED or CANCELED run: finished steps stay, the rest get a new attempt. */
  retry(runId: string): void;
  /** Stops the run without waiting and removes its files; the caller deletes the row. */
  discard(runId: string): Promise<void>;
  /** Fires when a run's or a task's row changed. Coalesced: `runId` only. */
  readonly onDidChange: (listener: (runId: string) => void) => { dispose(): void };
  /** Stops accepting work and waits for the store; running steps are left running and adopted by the next start. */
  close(): Promise<void>;
}
