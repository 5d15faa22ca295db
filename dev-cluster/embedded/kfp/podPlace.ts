/** Pods as a place for runs: looks for the cluster that the supervisor tells of, and says when it can take a run. */
import type { EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { Node, ServiceAccount } from '../../../src/clients/kubernetes/model.ts';
import { Reflector } from '../../../src/clients/kubernetes/reflector.ts';
import { S3 } from '../../../src/clients/s3.ts';
import { asError } from '../../../src/core/base/errors.ts';
import type { PythonEnvironmentSource } from '../python/environments.ts';
import { deleteArtifacts } from './engine/artifactTransfer.ts';
import type { ClusterEndpoints } from './clusterEndpoints.ts';
import type { PodPlace } from './engine/engine.ts';
import type { Executor } from './engine/executor.ts';
import { PodExecutor, type PodPlatform } from './engine/podExecutor.ts';

export interface ClusterPodsOptions {
  readonly endpoints: ClusterEndpoints;
  readonly environments: PythonEnvironmentSource;
  readonly log: (line: string) => void;
  /** What goes around each step. */
  readonly wrap: (executor: Executor) => Executor;
}

const NAMESPACE = 'kubeflow';
const REMOVE_TIMEOUT_MS = 30_000;

export class ClusterPods implements PodPlace {
  readonly executor: Executor;
  readonly #pods: PodExecutor;
  readonly #options: ClusterPodsOptions;
  readonly #closing = new AbortController();
  readonly #platform = Promise.withResolvers<PodPlatform>();
  #nodes: Reflector<Node> | undefined;
  #accounts: Reflector<ServiceAccount> | undefined;

  constructor(options: ClusterPodsOptions) {
    this.#options = options;
    const { endpoints } = options;
    const subscription = endpoints.onDidChange((now) => {
      if (this.#connect(now)) subscription.dispose();
    });
    if (endpoints.current !== undefined && this.#connect(endpoints.current)) subscription.dispose();
    this.#pods = new PodExecutor({
      platform: (signal) => abortable(this.#platform.promise, signal),
      environments: options.environments,
      namespace: NAMESPACE,
      onError: (error) => options.log(`pods: ${error.message}`),
    });
    this.executor = options.wrap(this.#pods);
  }

  /** A node would take a pod, and the namespace is there with the account that admission asks for. */
  get isReady(): boolean {
    if (this.#accounts?.items.size !== 1) return false;
    return [...(this.#nodes?.items.values() ?? [])].some(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    );
  }

  async removeArtifacts(uri: string): Promise<void> {
    if (this.#nodes === undefined) return;
    const { s3 } = await this.#platform.promise;
    await deleteArtifacts(uri, s3, AbortSignal.timeout(REMOVE_TIMEOUT_MS)).catch((error: unknown) =>
      this.#options.log(`pods: ${uri} was not deleted: ${asError(error).message}`),
    );
  }

  async removePods(runId: string): Promise<void> {
    if (this.#nodes === undefined) return;
    await this.#pods.remove(runId, AbortSignal.timeout(REMOVE_TIMEOUT_MS));
  }

  close(): void {
    this.#closing.abort();
    this.executor.close();
  }

  /** Once: addresses and credentials stay for as long as the cluster's folder does. */
  #connect({ kubernetes, s3 }: EmbeddedEndpoints): boolean {
    if (kubernetes === undefined || s3 === undefined) return false;
    if (this.#nodes !== undefined) return true;
    const api = KubernetesApi.fromFile(kubernetes.kubeconfig);
    this.#nodes = new Reflector<Node>({ api, path: '/api/v1/nodes' });
    this.#accounts = new Reflector<ServiceAccount>({
      api,
      path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
      query: { fieldSelector: 'metadata.name=default' },
    });
    void this.#nodes.run(this.#closing.signal);
    void this.#accounts.run(this.#closing.signal);
    this.#platform.resolve({ api, s3: new S3(s3) });
    return true;
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
