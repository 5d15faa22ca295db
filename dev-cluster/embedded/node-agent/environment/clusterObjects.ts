/** Objects that pods refer to, watched, so that a pod's start waits for no call and its volumes follow changes. */
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type {
  ConfigMap,
  KubernetesObject,
  Secret,
  Service,
} from '../../../../src/clients/kubernetes/model.ts';
import { type Change, Reflector } from '../../../../src/clients/kubernetes/reflector.ts';
import { HttpError } from '../../../../src/clients/http.ts';
import type { Event } from '../../../../src/core/base/event.ts';

export class ClusterObjects {
  readonly #api: KubernetesApi;
  readonly #configMaps: Reflector<ConfigMap>;
  readonly #secrets: Reflector<Secret>;
  readonly #services: Reflector<Service>;

  constructor(api: KubernetesApi, onError: (error: unknown) => void = () => undefined) {
    this.#api = api;
    this.#configMaps = new Reflector({ api, path: '/api/v1/configmaps', onError });
    this.#secrets = new Reflector({ api, path: '/api/v1/secrets', onError });
    this.#services = new Reflector({ api, path: '/api/v1/services', onError });
  }

  get onDidChangeConfigMap(): Event<Change<ConfigMap>> {
    return this.#configMaps.onDidChange;
  }

  get onDidChangeSecret(): Event<Change<Secret>> {
    return this.#secrets.onDidChange;
  }

  /** Resolves when the signal has aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#configMaps.run(signal), this.#secrets.run(signal), this.#services.run(signal)]);
  }

  async configMap(namespace: string, name: string, signal: AbortSignal): Promise<ConfigMap | undefined> {
    return this.#find(this.#configMaps, 'configmaps', namespace, name, signal);
  }

  async secret(namespace: string, name: string, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#find(this.#secrets, 'secrets', namespace, name, signal);
  }

  /** Of one namespace, or of all. The API server's own, `default/kubernetes`, isn't among them: its address leads nowhere here. */
  async services(namespace?: string): Promise<readonly Service[]> {
    await this.#services.synced;
    return [...this.#services.items.values()].filter(
      ({ metadata }) =>
        (namespace === undefined || metadata?.namespace === namespace) &&
        !(metadata?.namespace === 'default' && metadata.name === 'kubernetes'),
    );
  }

  async #find<T extends KubernetesObject>(
    reflector: Reflector<T>,
    resource: string,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    await reflector.synced;
    const known = reflector.items.get(`${namespace}/${name}`);
    if (known !== undefined) return known;
    // It may be newer than our watch: the pod that names it is.
    try {
      return await this.#api.get<T>(`/api/v1/namespaces/${namespace}/${resource}/${name}`, signal);
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return undefined;
      throw error;
    }
  }
}
