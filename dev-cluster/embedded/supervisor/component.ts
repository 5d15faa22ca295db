/** A part of the cluster as data: what it needs, how it starts, how one sees that it is well. */
import { join } from 'node:path';
import { slipwayCache, type EmbeddedEndpoints } from '../../../src/clients/embedded.ts';

export interface Component {
  readonly name: string;
  readonly version: string;
  /** Names of components that must be ready first. */
  readonly dependsOn: readonly string[];
  /** False: `slipway up` returns without it. */
  readonly isNeeded: boolean;
  /** Not started until somebody asks for it by name. */
  readonly isOnDemand?: boolean;
  readonly start: ServiceStart | TaskStart;
}

/** A child process that is kept running: started again when it ends or stops answering. */
export interface ServiceStart {
  readonly kind: 'service';
  /**
   * What to start, worked out anew for each start: it may take long (an environment is made), reports it, and stops
   * when the signal aborts.
   */
  readonly command: (report: Report, signal: AbortSignal) => Promise<Command>;
  /** What it offers once it answers. Rejects while it doesn't. */
  readonly health: (signal: AbortSignal) => Promise<Health>;
  /** What asks it to stop; SIGTERM unless said. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long that may take before its process group gets SIGKILL; 10 s unless said. */
  readonly stopGraceMs?: number;
  /** Ends what a killed service left running beside it (its pods, its steps): called by `slipway down` once it is gone. */
  readonly cleanUp?: () => Promise<void>;
}

export interface Command {
  readonly program: string;
  /** The name that it is started by, when its file holds several programs. */
  readonly argv0?: string;
  readonly args: readonly string[];
  /** Added to the supervisor's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another user to run as, when the supervisor is root and the program refuses to be. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface Health {
  /** For people and `status`: null when it listens nowhere. */
  readonly endpoint: string | null;
  /** What it adds to the endpoints file. */
  readonly endpoints?: Partial<EmbeddedEndpoints>;
}

/** Work that ends: done once in a supervisor's life, tried again after a failure. */
export interface TaskStart {
  readonly kind: 'task';
  readonly run: (report: Report, signal: AbortSignal) => Promise<void>;
}

/** One line on what is done now, for people; `fraction` is 0 to 1 of the whole. */
export type Report = (message: string, fraction?: number) => void;

/** Arguments of `slipway internal`, run on this very runtime. */
export function internalCommand(args: readonly string[]): Command {
  const script = process.argv[1] ?? '';
  return {
    program: process.execPath,
    args: [...NODE_FLAGS, script, 'internal', ...args],
    // Compiling the same two megabytes is a good part of each start.
    env: { NODE_COMPILE_CACHE: join(slipwayCache(), 'compiled') },
  };
}

/**
 * For processes that stay: a small young generation. Left to itself V8 lets a service that pages through many runs
 * grow to twice its size (310 MiB instead of 190) for nothing that anyone would notice.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];
