/** A part of the cluster as data: what it needs, how it starts, how one sees that it is well. */
import type { ProcessRecord } from './status.ts';

export interface Component {
  readonly name: string;
  readonly version: string;
  /** Names of components that must be ready first. */
  readonly dependsOn: readonly string[];
  /** False: the cluster counts as ready without it. */
  readonly isNeeded: boolean;
  readonly start: ServiceStart | TaskStart;
}

/** A child process that is kept running: started again when it ends or stops answering. */
export interface ServiceStart {
  readonly kind: 'service';
  /** Arguments of `slipway internal`. */
  readonly args: readonly string[];
  /** The process that this service says it is, or last said: it may be one that an earlier supervisor started. */
  readonly find: () => Promise<ProcessRecord | undefined>;
  /** Its endpoint once it answers. Rejects while it doesn't. */
  readonly health: (signal: AbortSignal) => Promise<string>;
}

/** Work that ends: done once in a supervisor's life, tried again after a failure. */
export interface TaskStart {
  readonly kind: 'task';
  readonly run: (report: (message: string) => void, signal: AbortSignal) => Promise<void>;
}
