/** Nodes, pods and services of the Session's cluster, live, while somebody looks. Knows no vscode. */
import { isDeepStrictEqual } from 'node:util';
import { HttpError } from '../clients/http.ts';
import type { KubernetesApi } from '../clients/kubernetes/api.ts';
import type { Event as KubernetesEvent, Node, Pod, Service } from '../clients/kubernetes/model.ts';
import { Reflector } from '../clients/kubernetes/reflector.ts';
import { delay } from '../core/base/abort.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { asError, isAbort } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import type { KubernetesAccess } from './environment.ts';
import type { Session } from './session.ts';

export interface ClusterObjects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
}

export type ClusterView =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: Error }
  /** `error`: why what is shown may be old. */
  | { readonly kind: 'ready'; readonly objects: ClusterObjects; readonly error: Error | undefined };

/** Between two looks whether a cluster that failed answers again. */
const RECOVERY_MS = 2_000;
const none: ClusterView = { kind: 'none' };

export class LiveCluster implements Disposable {
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  #session: Session | undefined;
  #access: KubernetesAccess | undefined;
  #isVisible = false;
  #watch: AbortController | undefined;
  #view: ClusterView = none;

  get view(): ClusterView {
    return this.#view;
  }

  /** Another Session, or its Kubernetes came or went. */
  follow(session: Session | undefined): void {
    const access = session?.endpoints.kubernetes;
    if (session === this.#session && isDeepStrictEqual(access, this.#access)) return;
    this.#session = session;
    this.#access = access;
    this.#stop();
    this.#set(access === undefined ? none : { kind: 'loading' });
    this.#start();
  }

  /** Nothing is asked while nobody looks; what was known stays until the next look. */
  setVisible(isVisible: boolean): void {
    if (isVisible === this.#isVisible) return;
    this.#isVisible = isVisible;
    if (isVisible) this.#start();
    else this.#stop();
  }

  /** Lists everything anew. */
  restart(): void {
    this.#stop();
    this.#start();
  }

  pod(namespace: string, name: string): Pod | undefined {
    if (this.#view.kind !== 'ready') return undefined;
    return this.#view.objects.pods.find(
      ({ metadata }) => metadata?.name === name && metadata.namespace === namespace,
    );
  }

  dispose(): void {
    this.#stop();
    this.#changed.dispose();
  }

  #stop(): void {
    this.#watch?.abort();
    this.#watch = undefined;
  }

  #start(): void {
    const session = this.#session;
    if (!this.#isVisible || this.#watch !== undefined || session?.hasKubernetes !== true) return;
    const watch = new AbortController();
    this.#watch = watch;
    void this.#run(session, AbortSignal.any([watch.signal, session.signal])).catch((error: unknown) => {
      if (this.#watch !== watch || isAbort(error)) return;
      this.#watch = undefined;
      this.#fail(asError(error));
    });
  }

  async #run(session: Session, signal: AbortSignal): Promise<void> {
    const api = await session.kubernetes();
    const scope = await readableScope(api, signal);
    let isSynced = false;
    let isRecovering = false;
    // A list that comes back unchanged is no change: that the error is over is found out by asking.
    const recover = async (): Promise<void> => {
      isRecovering = true;
      do await delay(RECOVERY_MS, signal);
      while (!(await answers(api, `/api/v1${scope}/pods`, signal)));
      isRecovering = false;
      if (isSynced) show();
    };
    const onError = (error: unknown): void => {
      this.#fail(asError(error));
      if (!isRecovering) void recover().catch(() => undefined);
    };
    const reflect = <T extends Node | Pod | Service>(path: string): Reflector<T> =>
      new Reflector<T>({ api, path, onError });
    const nodes = reflect<Node>('/api/v1/nodes');
    const pods = reflect<Pod>(`/api/v1${scope}/pods`);
    const services = reflect<Service>(`/api/v1${scope}/services`);
    const show = (): void => {
      if (signal.aborted) return;
      this.#set({
        kind: 'ready',
        objects: {
          nodes: sorted(nodes.items),
          pods: sorted(pods.items),
          services: sorted(services.items),
        },
        error: undefined,
      });
    };
    for (const reflector of [nodes, pods, services] as const)
      reflector.onDidChange(() => {
        if (isSynced) show();
      });
    // A person who may read one namespace may not list nodes: the pods are shown all the same.
    const running = [pods.run(signal), services.run(signal)];
    if (scope === '') running.push(nodes.run(signal));
    await Promise.all([pods.synced, services.synced, ...(scope === '' ? [nodes.synced] : [])]);
    isSynced = true;
    show();
    await Promise.all(running);
  }

  #fail(error: Error): void {
    this.#set(this.#view.kind === 'ready' ? { ...this.#view, error } : { kind: 'failed', error });
  }

  #set(view: ClusterView): void {
    this.#view = view;
    this.#changed.fire();
  }
}

/** Why a pod waits or fails: the cluster's own words, newest first. */
export async function eventsOf(
  api: KubernetesApi,
  object: { readonly namespace: string; readonly name: string; readonly uid: string | undefined },
  signal: AbortSignal,
): Promise<readonly KubernetesEvent[]> {
  const selector = [
    `involvedObject.name=${object.name}`,
    ...(object.uid === undefined ? [] : [`involvedObject.uid=${object.uid}`]),
  ].join(',');
  const { items } = await api.list<KubernetesEvent>(`/api/v1/namespaces/${object.namespace}/events`, signal, {
    fieldSelector: selector,
  });
  return items.toSorted((a, b) => timeOf(b) - timeOf(a));
}

export function timeOf(event: KubernetesEvent): number {
  const text =
    event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp;
  return text === undefined ? 0 : Date.parse(text);
}

/** Path segment in front of a collection: empty for all namespaces, else the context's own. */
async function readableScope(api: KubernetesApi, signal: AbortSignal): Promise<string> {
  try {
    await api.list('/api/v1/pods', signal, { limit: 1 });
    return '';
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 403) throw error;
    const namespace = api.config.getContextObject(api.config.getCurrentContext())?.namespace ?? 'default';
    return `/namespaces/${namespace}`;
  }
}

function sorted<T>(items: ReadonlyMap<string, T>): readonly T[] {
  return [...items].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

async function answers(api: KubernetesApi, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.list(path, signal, { limit: 1 });
    return true;
  } catch {
    return false;
  }
}
