/** A context of the kubeconfig: connected to and looked through, never started or stopped. Knows no vscode. */
import { isDeepStrictEqual } from 'node:util';
import type { KubernetesApi } from '../clients/kubernetes/api.ts';
import { HttpError } from '../clients/http.ts';
import { asError, isSlipwayError, SlipwayError } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import { discover, proxiedEndpoint } from './discovery.ts';
import type {
  Endpoints,
  Environment,
  EnvironmentState,
  KubernetesAccess,
  StartProgress,
} from './environment.ts';

const CONNECT_TIMEOUT_MS = 20_000;

export interface ContextOptions {
  readonly context: string;
  /** Asked anew for each connection: the setting and `KUBECONFIG` decide. */
  readonly paths: () => readonly string[];
  readonly connect: (access: KubernetesAccess) => Promise<KubernetesApi>;
  /** Variables for tools, e.g. `KUBECONFIG`. */
  readonly tools: (access: KubernetesAccess) => Promise<Readonly<Record<string, string>>>;
  /** False: not before the person asks for it. A kubeconfig may name a program to run for a credential. */
  readonly connectsAtOnce: boolean;
}

export function contextId(context: string): string {
  return `context:${context}`;
}

export class ContextEnvironment implements Environment {
  readonly id: string;
  readonly label: string;
  readonly isManaged = false;
  readonly discovered: Promise<void>;
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #options: ContextOptions;
  readonly #abort = new AbortController();
  #state: EnvironmentState = { kind: 'unknown' };
  #connecting: Promise<void> | undefined;
  /** What the last client was made of: other credentials need another Session. */
  #config = '';

  constructor(options: ContextOptions) {
    this.#options = options;
    this.id = contextId(options.context);
    this.label = options.context;
    if (!options.connectsAtOnce) this.#state = { kind: 'stopped' };
    this.discovered = options.connectsAtOnce ? this.refresh() : Promise.resolve();
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  /** Connects again and looks what is there. Never rejects. */
  refresh(): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async start(onProgress: (progress: StartProgress) => void, signal: AbortSignal): Promise<void> {
    onProgress({ message: 'Asking the API server', fraction: undefined });
    const cancelled = Promise.withResolvers<never>();
    cancelled.promise.catch(() => undefined);
    const onAbort = (): void => cancelled.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.refresh(), cancelled.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    if (this.#state.kind === 'failed') throw this.#state.error;
  }

  /** Lets go of it; nothing in the cluster is stopped. */
  stop(): Promise<void> {
    this.#set({ kind: 'stopped' });
    return Promise.resolve();
  }

  dispose(): void {
    this.#abort.abort();
    this.#changed.dispose();
  }

  async #connect(): Promise<void> {
    if (this.#state.kind !== 'ready') this.#set({ kind: 'starting', message: 'Asking the API server' });
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
    let next: EnvironmentState;
    try {
      next = { kind: 'ready', endpoints: await this.#endpoints(signal) };
    } catch (error) {
      next = { kind: 'failed', error: this.#failure(error, signal) };
    }
    if (!this.#abort.signal.aborted) this.#set(next);
  }

  async #endpoints(signal: AbortSignal): Promise<Endpoints> {
    const access = { paths: this.#options.paths(), context: this.#options.context };
    const api = await this.#options.connect(access);
    const namespace = api.config.getContextObject(access.context)?.namespace;
    const namespaces = new Set([namespace ?? 'default', 'kubeflow', 'mlflow', 'istio-system']);
    const { parts, kfp } = await discover(api, [...namespaces], signal);
    const server = api.config.getCurrentCluster()?.server.replace(/\/$/, '') ?? '';
    const tools = await this.#options.tools(access);
    const before = this.#state.kind === 'ready' ? this.#state.endpoints : undefined;
    const endpoint =
      kfp === undefined
        ? undefined
        : proxiedEndpoint(api, kfp, `The pipeline service of ${this.label}`, server);
    const config = api.config.exportConfig();
    const isSame = before?.kfp?.url === endpoint?.url && this.#config === config;
    this.#config = config;
    return {
      // The same object while it is the same place, so that the Session goes on.
      kfp: isSame ? before?.kfp : endpoint,
      kubernetes: access,
      services: {},
      tools,
      parts,
    };
  }

  #failure(error: unknown, signal: AbortSignal): SlipwayError {
    const { context } = this.#options;
    if (signal.aborted && !(error instanceof HttpError))
      return new SlipwayError('clusterTimeout', `The cluster of ${context} did not answer in time.`, {
        cause: error,
        action: 'Try again',
      });
    if (error instanceof HttpError && error.reason === 'unreachable')
      return new SlipwayError('clusterUnreachable', `The cluster of ${context} can't be reached.`, {
        cause: error,
        action: 'Check the network or VPN, then try again',
      });
    if (isSlipwayError(error)) return error;
    return new SlipwayError(
      'clusterFailed',
      `The context ${context} can't be used: ${asError(error).message}`,
      { cause: error, action: 'Check the kubeconfig' },
    );
  }

  #set(state: EnvironmentState): void {
    if (isDeepStrictEqual(state, this.#state)) return;
    this.#state = state;
    this.#changed.fire();
  }
}
