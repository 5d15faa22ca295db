/** Pods' and nodes' addresses are fictional (10.42.0.0/16): where what they name is really served. */
import type { Node, Pod } from '../../../src/clients/kubernetes/model.ts';

/**
 * Of pods and Services, written by the node agent: `{"8080":31234}`, port → where it is served on this machine. A pod's
 * port that isn't in it is the same on the host; a Service's is served by the proxy alone.
 */
export const HOST_PORTS_ANNOTATION = 'slipway.dev/host-ports';
const LOOPBACK = '127.0.0.1';

/** What metrics say of a pod. */
export interface PodIdentity {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Name of the Deployment (or whatever made it). */
  readonly workload: string;
  readonly canonicalService: string;
  readonly canonicalRevision: string;
}

/** Something to connect to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly pod: PodIdentity | undefined;
}

export interface AddressBook {
  /** `undefined`: the address is one of the cluster's, but no pod has it (any more). */
  resolve(address: string, port: number): Target | undefined;
  pod(address: string): PodIdentity | undefined;
}

interface PodEntry {
  readonly identity: PodIdentity;
  readonly hostPorts: ReadonlyMap<number, number>;
  readonly hasEnded: boolean;
}

export function addressBook(pods: Iterable<Pod>, nodes: Iterable<Node>): AddressBook {
  const byAddress = new Map<string, PodEntry>();
  for (const pod of pods) {
    const hasEnded = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const addresses = [pod.status?.podIP, ...(pod.status?.podIPs ?? []).map(({ ip }) => ip)];
    if (pod.spec?.hostNetwork === true) continue;
    const entry = { identity: identify(pod), hostPorts: hostPortsOf(pod.metadata), hasEnded };
    for (const address of addresses) {
      if (address === undefined) continue;
      // A pod that has ended keeps its address in its status when it has gone to another.
      if (byAddress.get(address)?.hasEnded === false) continue;
      byAddress.set(address, entry);
    }
  }
  const nodeAddresses = new Set<string>();
  for (const node of nodes)
    for (const { type, address } of node.status?.addresses ?? [])
      if (type === 'InternalIP') nodeAddresses.add(address);
  return {
    resolve: (address, port) => {
      const entry = byAddress.get(address);
      if (entry !== undefined)
        return { host: LOOPBACK, port: entry.hostPorts.get(port) ?? port, pod: entry.identity };
      if (nodeAddresses.has(address)) return { host: LOOPBACK, port, pod: undefined };
      return isFictional(address) ? undefined : { host: address, port, pod: undefined };
    },
    pod: (address) => byAddress.get(address)?.identity,
  };
}

function isFictional(address: string): boolean {
  return address.startsWith('10.42.') || address.startsWith('10.43.');
}

export function hostPortsOf(metadata: Pod['metadata']): ReadonlyMap<number, number> {
  const text = metadata?.annotations?.[HOST_PORTS_ANNOTATION];
  if (text === undefined) return new Map();
  let ports: unknown;
  try {
    ports = JSON.parse(text);
  } catch {
    return new Map();
  }
  return new Map(Object.entries(ports ?? {}).map(([port, hostPort]) => [Number(port), Number(hostPort)]));
}

function identify({ metadata }: Pod): PodIdentity {
  const labels = metadata?.labels ?? {};
  const workload = workloadOf(metadata);
  return {
    uid: metadata?.uid ?? '',
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    workload,
    canonicalService:
      labels['service.istio.io/canonical-name'] ??
      labels['app.kubernetes.io/name'] ??
      labels['app'] ??
      workload,
    canonicalRevision:
      labels['service.istio.io/canonical-revision'] ??
      labels['app.kubernetes.io/version'] ??
      labels['version'] ??
      'latest',
  };
}

/** As Istio: the Deployment of a ReplicaSet's pod, else the owner, else the pod itself. */
export function workloadOf(metadata: Pod['metadata']): string {
  const name = metadata?.name ?? '';
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return name;
  const hash = metadata?.labels?.['pod-template-hash'];
  const suffix = `-${hash ?? ''}`;
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(suffix)
    ? owner.name.slice(0, -suffix.length)
    : owner.name;
}
