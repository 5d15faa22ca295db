/**
 * The current environment and its Session. A feature takes clients from the Session of the moment and lets go of them
 * when `onDidChange` fires; what it had under way is cancelled by the Session's signal.
 */
import { isDeepStrictEqual } from 'node:util';
import type { KfpApi } from '../clients/kfp/api.ts';
import type { KubernetesApi } from '../clients/kubernetes/api.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import type {
  Endpoints,
  Environment,
  EnvironmentState,
  KubernetesAccess,
  StartProgress,
} from './environment.ts';

/** Clients for one environment, from the moment it is ready until it goes away or another becomes current. */
export class Session implements Disposable {
  readonly environmentId: string;
  readonly environmentLabel: string;
  readonly #clients: SessionClients;
  readonly #kfp: KfpApi | undefined;
  readonly #abort = new AbortController();
  #endpoints: Endpoints;
  #kubernetes: Promise<KubernetesApi> | undefined;

  constructor(environment: Environment, endpoints: Endpoints, clients: SessionClients) {
    this.environmentId = environment.id;
    this.environmentLabel = environment.label;
    this.#clients = clients;
    this.#endpoints = endpoints;
    this.#kfp = endpoints.kfp === undefined ? undefined : clients.kfp(endpoints.kfp);
  }

  get endpoints(): Endpoints {
    return this.#endpoints;
  }

  /** Throws `noPipelineService` where there is none: an environment need not have every part. */
  get kfp(): KfpApi {
    if (this.#kfp !== undefined) return this.#kfp;
    throw new SlipwayError('noPipelineService', `${this.environmentLabel} has no pipeline service.`, {
      action: 'Choose another environment',
    });
  }

  findKfp(): KfpApi | undefined {
    return this.#kfp;
  }

  get hasKubernetes(): boolean {
    return this.#endpoints.kubernetes !== undefined;
  }

  /** Loads the Kubernetes client at the first call. Rejects with `noKubernetes` while there is no API server. */
  kubernetes(): Promise<KubernetesApi> {
    const { kubernetes } = this.#endpoints;
    if (kubernetes === undefined)
      return Promise.reject(
        new SlipwayError('noKubernetes', `The Kubernetes API of ${this.environmentLabel} is not ready.`, {
          action: 'Show the Environment view',
        }),
      );
    this.#kubernetes ??= this.#clients.kubernetes(kubernetes);
    return this.#kubernetes;
  }

  /** Aborted when the Session ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Takes over what has become ready since. False: other clients are needed, so this Session must end. */
  adopt(endpoints: Endpoints): boolean {
    if (!isDeepStrictEqual(endpoints.kfp, this.#endpoints.kfp)) return false;
    if (!isDeepStrictEqual(endpoints.kubernetes, this.#endpoints.kubernetes)) this.#kubernetes = undefined;
    this.#endpoints = endpoints;
    return true;
  }

  dispose(): void {
    this.#abort.abort();
  }
}

export interface SessionClients {
  kfp(endpoint: NonNullable<Endpoints['kfp']>): KfpApi;
  kubernetes(access: KubernetesAccess): Promise<KubernetesApi>;
}

/** What stands between a person's click and what it does: trust, a progress that can be cancelled, a question. */
export interface StartGate {
  /** Throws a SlipwayError with reason `untrusted` in a folder that is not trusted. */
  requireTrust(): void;
  withProgress(
    title: string,
    work: (report: (progress: StartProgress) => void, signal: AbortSignal) => Promise<void>,
  ): Promise<void>;
  /** Whether people marked it so: then writes ask. */
  isProduction(environment: Environment): boolean;
  /** Rejects with an AbortError when the person does not want it. */
  confirmProduction(environment: Environment, act: string): Promise<void>;
}

export class Environments implements Disposable {
  readonly #changed = new Emitter<void>();
  /** The environment, its state or the Session is another one now. */
  readonly onDidChange = this.#changed.event;
  readonly #clients: SessionClients;
  readonly #gate: StartGate;
  #current: Environment;
  #following: Disposable;
  #session: Session | undefined;

  constructor(environment: Environment, clients: SessionClients, gate: StartGate) {
    this.#clients = clients;
    this.#gate = gate;
    this.#current = environment;
    this.#following = environment.onDidChange(() => this.#follow());
    this.#follow();
  }

  get current(): Environment {
    return this.#current;
  }

  get state(): EnvironmentState {
    return this.#current.state;
  }

  get isProduction(): boolean {
    return this.#gate.isProduction(this.#current);
  }

  /** `undefined` while the environment is not ready. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Makes it current, and owns it: the last one, and its Session, are disposed. */
  switchTo(environment: Environment): void {
    this.#leave();
    this.#current = environment;
    this.#following = environment.onDidChange(() => this.#follow());
    this.#follow();
  }

  /** The Session, or a SlipwayError that says how to get one. Starts nothing. */
  require(): Session {
    if (this.#session !== undefined) return this.#session;
    const { label, isManaged } = this.#current;
    throw new SlipwayError(
      isManaged ? 'notStarted' : 'notConnected',
      `${label} is not ${isManaged ? 'running' : 'connected'}.`,
      {
        action: isManaged ? 'Start it' : 'Connect',
      },
    );
  }

  /**
   * The Session; brings the environment up first when it must, with progress. For what a person asked to be run:
   * refused in a folder that is not trusted, because it starts processes there or in the cluster.
   */
  async connect(): Promise<Session> {
    this.#gate.requireTrust();
    // Its supervisor may have died since the file was read.
    if (this.#current.isManaged || this.#session === undefined) await this.#current.refresh();
    if (this.#session === undefined) await this.start();
    return this.require();
  }

  /** Before a change of what others may depend on: asks in production. `act` finishes "… in <environment>?". */
  async confirmWrite(act: string): Promise<void> {
    if (this.isProduction) await this.#gate.confirmProduction(this.#current, act);
  }

  /** Brings the environment up, also when its endpoints are known but nothing answers there any more. */
  async start(): Promise<void> {
    this.#gate.requireTrust();
    const environment = this.#current;
    const title = environment.isManaged
      ? `Starting ${environment.label.toLowerCase()}`
      : `Connecting to ${environment.label}`;
    await this.#gate.withProgress(title, (report, signal) => environment.start(report, signal));
  }

  /** Looks again whether the environment is there. */
  async refresh(): Promise<void> {
    await this.#current.refresh();
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#current.stop(signal);
  }

  dispose(): void {
    this.#leave();
    this.#changed.dispose();
  }

  #leave(): void {
    this.#following.dispose();
    this.#session?.dispose();
    this.#session = undefined;
    this.#current.dispose();
  }

  #follow(): void {
    const { state } = this.#current;
    const endpoints = state.kind === 'ready' ? state.endpoints : undefined;
    if (endpoints === undefined || this.#session?.adopt(endpoints) !== true) {
      this.#session?.dispose();
      this.#session =
        endpoints === undefined ? undefined : new Session(this.#current, endpoints, this.#clients);
    }
    this.#changed.fire();
  }
}
