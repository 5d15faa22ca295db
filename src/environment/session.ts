/**
 * The current environment and its Session. A feature takes clients from the Session of the moment and lets go of them
 * when `onDidChange` fires; what it had under way is cancelled by the Session's signal.
 */
import type { KfpApi } from '../clients/kfp/api.ts';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import type { Endpoints, Environment, EnvironmentState, StartProgress } from './environment.ts';

/** Clients for one environment, from the moment it is ready until it goes away or another becomes current. */
export class Session implements Disposable {
  readonly environmentId: string;
  readonly environmentLabel: string;
  readonly kfp: KfpApi;
  readonly #abort = new AbortController();

  constructor(environment: Environment, kfp: KfpApi) {
    this.environmentId = environment.id;
    this.environmentLabel = environment.label;
    this.kfp = kfp;
  }

  /** Aborted when the Session ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  dispose(): void {
    this.#abort.abort();
  }
}

export interface SessionClients {
  kfp(endpoint: Endpoints['kfp']): KfpApi;
}

/** What stands between a person's click and a started environment: trust, and a progress that can be cancelled. */
export interface StartGate {
  /** Throws a SlipwayError with reason `untrusted` in a folder that is not trusted. */
  requireTrust(): void;
  withProgress(
    title: string,
    work: (report: (progress: StartProgress) => void, signal: AbortSignal) => Promise<void>,
  ): Promise<void>;
}

export class Environments implements Disposable {
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new Emitter<void>());
  /** The state, or the Session, is another one now. */
  readonly onDidChange = this.#changed.event;
  readonly current: Environment;
  readonly #clients: SessionClients;
  readonly #gate: StartGate;
  #session: Session | undefined;
  #sessionEndpoints: Endpoints | undefined;

  constructor(environment: Environment, clients: SessionClients, gate: StartGate) {
    this.current = this.#disposables.add(environment);
    this.#clients = clients;
    this.#gate = gate;
    this.#disposables.add(environment.onDidChange(() => this.#follow()));
    this.#follow();
  }

  get state(): EnvironmentState {
    return this.current.state;
  }

  /** `undefined` while the environment is not ready. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The Session, or a SlipwayError that says how to get one. Starts nothing. */
  require(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new SlipwayError('notStarted', `${this.current.label} is not running.`, { action: 'Start it' });
  }

  /**
   * The Session; brings the environment up first when it must, with progress. For what a person asked to be run:
   * refused in a folder that is not trusted, because it starts processes there or in the cluster.
   */
  async connect(): Promise<Session> {
    this.#gate.requireTrust();
    // Its supervisor may have died since the file was read.
    await this.current.refresh();
    if (this.#session === undefined) await this.start();
    return this.require();
  }

  /** Brings the environment up, also when its endpoints are known but nothing answers there any more. */
  async start(): Promise<void> {
    this.#gate.requireTrust();
    const title = `Starting ${this.current.label.toLowerCase()}`;
    await this.#gate.withProgress(title, (report, signal) => this.current.start(report, signal));
  }

  /** Looks again whether the environment is there. */
  async refresh(): Promise<void> {
    await this.current.refresh();
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.current.stop(signal);
  }

  dispose(): void {
    this.#session?.dispose();
    this.#session = undefined;
    this.#disposables.dispose();
  }

  #follow(): void {
    const { state } = this.current;
    const endpoints = state.kind === 'ready' ? state.endpoints : undefined;
    if (endpoints !== this.#sessionEndpoints) {
      this.#session?.dispose();
      this.#session =
        endpoints === undefined ? undefined : new Session(this.current, this.#clients.kfp(endpoints.kfp));
      this.#sessionEndpoints = endpoints;
    }
    this.#changed.fire();
  }
}
