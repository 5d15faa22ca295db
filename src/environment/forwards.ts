/** The ports that are forwarded to this machine: each until it is stopped or its Session ends. Knows no vscode. */
import type { KubernetesApi } from '../clients/kubernetes/api.ts';
import type { Pod, Service } from '../clients/kubernetes/model.ts';
import type { PodPort } from '../clients/kubernetes/portForward.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import type { ServicePort } from './environment.ts';
import type { Session } from './session.ts';
import type { Forward } from './store.ts';

export type ForwardTarget =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string; readonly port: number }
  | ({ readonly kind: 'service' } & ServicePort);

const LOOKUP_TIMEOUT_MS = 15_000;

interface Open extends Forward {
  readonly key: string;
  readonly dispose: () => void;
}

export class Forwards implements Disposable {
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #onError: (error: Error) => void;
  #open: readonly Open[] = [];
  #lastId = 0;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  get open(): readonly Forward[] {
    return this.#open;
  }

  find(id: string): Forward | undefined {
    return this.#open.find((one) => one.id === id);
  }

  /** The one that is there already, or a new one. Listens on the pod's own port number if that is free here. */
  async forward(session: Session, target: ForwardTarget): Promise<Forward> {
    const key = `${session.environmentId} ${keyOf(target)}`;
    const known = this.#open.find((one) => one.key === key);
    if (known !== undefined) return known;
    const api = await session.kubernetes();
    const find = (): Promise<PodPort> => podPortOf(api, target, session.signal);
    // Asked once before listening, so that what can't work is said at once.
    await find();
    const { forwardPort } = await import('../clients/kubernetes/portForward.ts');
    const listening = await forwardPort({
      api,
      target: find,
      localPort: target.port < 1024 ? 0 : target.port,
      onError: this.#onError,
    });
    const id = String(++this.#lastId);
    const { signal } = session;
    const stop = (): void => this.stop(id);
    const open: Open = {
      id,
      key,
      title: `${target.kind} ${target.kind === 'pod' ? target.name : target.service}:${target.port}`,
      namespace: target.namespace,
      localPort: listening.localPort,
      dispose: () => {
        signal.removeEventListener('abort', stop);
        listening.dispose();
      },
    };
    if (signal.aborted) {
      open.dispose();
      throw signal.reason;
    }
    signal.addEventListener('abort', stop, { once: true });
    this.#open = [...this.#open, open];
    this.#changed.fire();
    return open;
  }

  stop(id: string): void {
    const known = this.#open.find((one) => one.id === id);
    if (known === undefined) return;
    this.#open = this.#open.filter((one) => one !== known);
    known.dispose();
    this.#changed.fire();
  }

  dispose(): void {
    for (const one of this.#open) one.dispose();
    this.#open = [];
    this.#changed.dispose();
  }
}

function keyOf(target: ForwardTarget): string {
  return `${target.kind} ${target.namespace}/${target.kind === 'pod' ? target.name : target.service}:${target.port}`;
}

async function podPortOf(api: KubernetesApi, target: ForwardTarget, session: AbortSignal): Promise<PodPort> {
  if (target.kind === 'pod') return { namespace: target.namespace, pod: target.name, port: target.port };
  const signal = AbortSignal.any([session, AbortSignal.timeout(LOOKUP_TIMEOUT_MS)]);
  const { namespace, service: name, port } = target;
  const service = await api.get<Service>(`/api/v1/namespaces/${namespace}/services/${name}`, signal);
  const selector = Object.entries(service.spec?.selector ?? {});
  if (selector.length === 0)
    throw new SlipwayError(
      'noSelector',
      `The service ${name} selects no pods, so its port can't be forwarded.`,
    );
  const { items } = await api.list<Pod>(`/api/v1/namespaces/${namespace}/pods`, signal, {
    labelSelector: selector.map(([key, value]) => `${key}=${value}`).join(','),
  });
  const pod = items.find(isReady);
  if (pod?.metadata?.name === undefined)
    throw new SlipwayError('noReadyPod', `No pod behind the service ${name} is ready.`, {
      action: 'Look at its pods in the Environment view',
    });
  return { namespace, pod: pod.metadata.name, port: containerPort(service, pod, port) };
}

function isReady({ status, metadata }: Pod): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && metadata?.deletionTimestamp === undefined;
}

/** The number in the pod: a service's target may be a name, or left out. */
function containerPort(service: Service, pod: Pod, port: number): number {
  const target: string | number = service.spec?.ports?.find((one) => one.port === port)?.targetPort ?? port;
  if (typeof target === 'number') return target;
  const named = (pod.spec?.containers ?? [])
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name }) => name === target);
  const number = named?.containerPort ?? Number(target);
  if (Number.isInteger(number)) return number;
  throw new SlipwayError('noPort', `The pod has no port named ${target}.`);
}
