/** Ports of this machine for Services' ports: promised here, announced on the Service, listened on by the gateway. */
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import { HttpError } from '../../../../src/clients/http.ts';
import type { Service } from '../../../../src/clients/kubernetes/model.ts';
import { HOST_PORTS_ANNOTATION, hostPortsOf } from '../../gateway/addresses.ts';
import { namedPorts, NameRewriter, pairsInWords, type Texts } from './nameRewriting.ts';
import type { PodNetwork } from './podNetwork.ts';
import { keyOf, rawTcpPorts, serviceFinder } from './serviceNames.ts';

/** By `keyOf`: a Service's ports → ports of 127.0.0.1. */
export type LoopbackPorts = ReadonlyMap<string, ReadonlyMap<number, number>>;

interface User {
  readonly uid: string;
  readonly namespace: string;
}

export class ServiceAddresses {
  readonly #api: KubernetesApi;
  readonly #network: PodNetwork;
  /** By `keyOf`: what was announced last, which the watch may not have told yet. */
  readonly #announced = new Map<string, ReadonlyMap<number, number>>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(api: KubernetesApi, network: PodNetwork) {
    this.#api = api;
    this.#network = network;
  }

  /** Of all ports of those that speak no HTTP; kept while the pod lives. */
  async ofRaw({ uid }: User, services: readonly Service[], signal: AbortSignal): Promise<LoopbackPorts> {
    return this.#hostPorts(uid, new Map(services.map((service) => [service, rawTcpPorts(service)])), signal);
  }

  /** For what a container is given; `services` are all there are. */
  async rewriter(
    { uid, namespace }: User,
    services: readonly Service[],
    texts: Texts,
    signal: AbortSignal,
  ): Promise<NameRewriter> {
    const find = serviceFinder(namespace, services);
    const asked = new Map<string, Set<number>>();
    for (const { name, port } of [...namedPorts(texts, find), ...pairsInWords(texts.words, find)])
      asked.set(name, (asked.get(name) ?? new Set<number>()).add(port));
    const wanted = services.map((service): readonly [Service, readonly number[]] => {
      const ports = asked.get(keyOf(service));
      return [service, ports === undefined ? [] : rawTcpPorts(service).filter((port) => ports.has(port))];
    });
    const ports = new Map<string, number>();
    for (const [key, hostPorts] of await this.#hostPorts(uid, new Map(wanted), signal))
      for (const [port, hostPort] of hostPorts) ports.set(`${key}:${port}`, hostPort);
    return new NameRewriter(find, ports);
  }

  async #hostPorts(
    uid: string,
    wanted: ReadonlyMap<Service, readonly number[]>,
    signal: AbortSignal,
  ): Promise<LoopbackPorts> {
    const named = [...wanted].flatMap(([{ metadata: { namespace = '', name = '' } = {} }, ports]) =>
      ports.map((port) => ({ namespace, name, port })),
    );
    const reserved = [...(await this.#network.reserveAll(uid, named))];
    const result = new Map<string, ReadonlyMap<number, number>>();
    for (const [service, ports] of wanted) {
      if (ports.length === 0) continue;
      const hostPorts = new Map(ports.map((port) => [port, reserved.shift() ?? port]));
      result.set(keyOf(service), hostPorts);
      const turn = this.#tail.then(() => this.#announce(service, hostPorts, signal));
      this.#tail = turn.catch(() => undefined);
      await turn;
    }
    return result;
  }

  async #announce(service: Service, ports: ReadonlyMap<number, number>, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '', uid = '' } = service.metadata ?? {};
    const key = `${keyOf(service)}/${uid}`;
    const known = new Map([...hostPortsOf(service.metadata), ...(this.#announced.get(key) ?? [])]);
    if ([...ports].every(([port, hostPort]) => known.get(port) === hostPort)) return;
    const all = new Map([...known, ...ports]);
    const annotations = { [HOST_PORTS_ANNOTATION]: JSON.stringify(Object.fromEntries(all)) };
    try {
      // With its uid, so that a Service of the same name is left alone.
      const patch = JSON.stringify({ metadata: { uid, annotations } });
      const path = `/api/v1/namespaces/${namespace}/services/${name}`;
      await this.#api.patch(path, patch, 'application/merge-patch+json', signal);
    } catch (error) {
      // It has just been deleted, or made anew: whoever starts next finds the new one.
      if (!(error instanceof HttpError && (error.status === 404 || error.status === 409))) throw error;
    }
    this.#announced.set(key, all);
  }
}
