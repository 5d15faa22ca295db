/** What the Environment view shows, as data: put together from the environment, its components, its cluster and its forwards. */
import type { Disposable } from '../core/base/disposable.ts';
import { DisposableStore } from '../core/base/disposable.ts';
import { asError } from '../core/base/errors.ts';
import { Emitter, type Event } from '../core/base/event.ts';
import type { Event as KubernetesEvent } from '../clients/kubernetes/model.ts';
import type { ComponentStatus, ComponentStatuses } from './componentStatus.ts';
import type { EnvironmentState } from './environment.ts';
import { eventsOf, type ClusterView, type LiveCluster } from './liveCluster.ts';
import type { Environments } from './session.ts';

export interface Forward {
  /** Unique among the open ones. */
  readonly id: string;
  /** For people, e.g. `pod churn-0:8080`. */
  readonly title: string;
  readonly namespace: string;
  /** On 127.0.0.1. */
  readonly localPort: number;
}

export type PodEvents =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'ready'; readonly events: readonly KubernetesEvent[] };

export interface EnvironmentViewState {
  readonly environment: {
    readonly id: string;
    readonly label: string;
    readonly isManaged: boolean;
    readonly isProduction: boolean;
    readonly state: EnvironmentState;
  };
  /** Of the embedded cluster. */
  readonly components: readonly ComponentStatus[];
  readonly componentsError: Error | undefined;
  readonly cluster: ClusterView;
  readonly forwards: readonly Forward[];
  eventsOf(podKey: string): PodEvents;
}

export interface StoreSources {
  readonly environments: Environments;
  readonly components: ComponentStatuses;
  readonly cluster: LiveCluster;
  readonly forwards: { readonly open: readonly Forward[]; readonly onDidChange: Event<void> };
  /** In a folder that is not trusted no process is started, not even to ask. */
  readonly mayRunCli: () => boolean;
}

const EVENTS_TIMEOUT_MS = 15_000;
const loading = { kind: 'loading' } as const;

export class EnvironmentStore implements Disposable {
  readonly #sources: StoreSources;
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new Emitter<void>());
  readonly onDidChange = this.#changed.event;
  /** Of the pods that were opened, with the version they were read at. */
  readonly #events = new Map<string, { version: string | undefined; events: PodEvents }>();
  #isVisible = false;

  constructor(sources: StoreSources) {
    this.#sources = sources;
    const { environments, components, cluster, forwards } = sources;
    const changed = (): void => this.#changed.fire();
    this.#disposables.add(environments.onDidChange(() => this.#follow()));
    this.#disposables.add(components.onDidChange(changed));
    this.#disposables.add(cluster.onDidChange(changed));
    this.#disposables.add(forwards.onDidChange(changed));
    this.#follow();
  }

  get state(): EnvironmentViewState {
    const { environments, components, cluster, forwards } = this.#sources;
    const { id, label, isManaged } = environments.current;
    return {
      environment: {
        id,
        label,
        isManaged,
        isProduction: environments.isProduction,
        state: environments.state,
      },
      components: isManaged ? components.components : [],
      componentsError: isManaged ? components.error : undefined,
      cluster: cluster.view,
      forwards: forwards.open,
      eventsOf: (key) => this.#events.get(key)?.events ?? loading,
    };
  }

  /** The view is on show, or no longer: nothing unseen is polled. */
  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    this.#sources.cluster.setVisible(isVisible);
    this.#watchComponents();
  }

  /** A pod's row was opened: reads its events, anew when the pod has changed. */
  openPod(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const pod = this.#sources.cluster.pod(namespace, name);
    const version = pod?.metadata?.resourceVersion;
    const known = this.#events.get(key);
    if (known !== undefined && known.version === version) return;
    this.#events.set(key, { version, events: known?.events ?? loading });
    void this.#readEvents(key, { namespace, name, uid: pod?.metadata?.uid }, version);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #readEvents(
    key: string,
    object: { readonly namespace: string; readonly name: string; readonly uid: string | undefined },
    version: string | undefined,
  ): Promise<void> {
    let events: PodEvents;
    try {
      const session = this.#sources.environments.require();
      const signal = AbortSignal.any([session.signal, AbortSignal.timeout(EVENTS_TIMEOUT_MS)]);
      events = { kind: 'ready', events: await eventsOf(await session.kubernetes(), object, signal) };
    } catch (error) {
      events = { kind: 'failed', error: asError(error) };
    }
    if (this.#events.get(key)?.version !== version) return;
    this.#events.set(key, { version, events });
    this.#changed.fire();
  }

  #follow(): void {
    this.#sources.cluster.follow(this.#sources.environments.session);
    this.#watchComponents();
    this.#changed.fire();
  }

  #watchComponents(): void {
    const { components, environments, mayRunCli } = this.#sources;
    components.setWatching(this.#isVisible && environments.current.isManaged && mayRunCli());
  }
}
