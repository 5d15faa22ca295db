import type { EmbeddedEndpoints } from '../clients/embedded.ts';
import type { HttpEndpoint } from '../clients/http.ts';
import type { Disposable } from '../core/base/disposable.ts';
import type { SlipwayError } from '../core/base/errors.ts';
import type { Event } from '../core/base/event.ts';

/** Where the Kubernetes API is: a context of kubeconfig files. */
export interface KubernetesAccess {
  readonly paths: readonly string[];
  /** `undefined`: the files' current one. */
  readonly context: string | undefined;
}

/** Where the parts of a platform answer. A part that isn't there is `undefined`. */
export interface Endpoints {
  readonly kfp: HttpEndpoint | undefined;
  readonly kubernetes: KubernetesAccess | undefined;
  /** The services around them, with their credentials, as far as they are reached without a tunnel. */
  readonly services: Pick<EmbeddedEndpoints, 'gateway' | 'mlflow' | 's3' | 'postgres' | 'redis' | 'feast'>;
  /** Environment variables that point people's own tools here. They hold secrets. */
  readonly tools: Readonly<Record<string, string>>;
  /** What was looked for and what was found, in an environment whose parts Slipway does not run itself. */
  readonly parts: readonly Part[];
}

/** A part of a platform that somebody else runs. */
export interface Part {
  readonly name: string;
  readonly isFound: boolean;
  /** Where it was found, or where it was looked for: one sentence. */
  readonly where: string;
  readonly service: ServicePort | undefined;
}

/** A port of a Kubernetes Service. */
export interface ServicePort {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
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
  /** Slipway starts and stops it; else it is only connected to. */
  readonly isManaged: boolean;
  readonly state: EnvironmentState;
  readonly onDidChange: Event<void>;
  /** Resolves once the state has been found out (`unknown` no more). */
  readonly discovered: Promise<void>;
  /** Looks again; what is wrong becomes the state. */
  refresh(): Promise<void>;
  /** Brings it up (or connects) and resolves when it is `ready`; joins a start that is under way. */
  start(onProgress: (progress: StartProgress) => void, signal: AbortSignal): Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
}
