import type { HttpEndpoint } from '../clients/http.ts';
import type { Disposable } from '../core/base/disposable.ts';
import type { SlipwayError } from '../core/base/errors.ts';
import type { Event } from '../core/base/event.ts';

/** Where the parts of a platform answer. */
export interface Endpoints {
  readonly kfp: HttpEndpoint;
}

export type EnvironmentState =
  /** Not looked at yet. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly message: string }
  | { readonly kind: 'ready'; readonly endpoints: Endpoints }
  | { readonly kind: 'failed'; readonly error: SlipwayError };

export interface StartProgress {
  readonly message: string;
  /** 0 to 1, of the whole start. */
  readonly fraction: number | undefined;
}

/** A place that serves Kubeflow's parts. No feature asks which one it is: it takes endpoints from the Session. */
export interface Environment extends Disposable {
  readonly id: string;
  /** For people, e.g. `Embedded cluster`. */
  readonly label: string;
  readonly state: EnvironmentState;
  readonly onDidChange: Event<void>;
  /** Resolves once the state has been found out (`unknown` no more). */
  readonly discovered: Promise<void>;
  /** Looks again; what is wrong becomes the state. */
  refresh(): Promise<void>;
  /** Brings it up and resolves when it is `ready`; joins a start that is under way. */
  start(onProgress: (progress: StartProgress) => void, signal: AbortSignal): Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
}
