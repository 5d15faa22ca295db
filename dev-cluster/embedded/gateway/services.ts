/** Services: from a name, a ClusterIP or a backendRef to the endpoints that serve it now. */
import type { EndpointSlice, Service } from '../../../src/clients/kubernetes/model.ts';
import { hostPortsOf, type AddressBook, type Target } from './addresses.ts';

/** How a backend is spoken to. */
export type BackendProtocol = 'http/1.1' | 'h2c';

export interface ServicePort {
  readonly service: ServiceEntry;
  readonly port: number;
  readonly protocol: BackendProtocol;
  /** An appProtocol that the gateway can't speak, e.g. `kubernetes.io/wss`. */
  readonly unsupportedProtocol: string | undefined;
  readonly endpoints: readonly Target[];
  /** Goes up by one with each call: which endpoint is first in turn. */
  readonly cursor: () => number;
}

export interface ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  readonly ports: ReadonlyMap<number, ServicePort>;
  readonly isHeadless: boolean;
  /** Of endpoints with a hostname (StatefulSet, JobSet): addresses by that name. */
  readonly hostnames: ReadonlyMap<string, string>;
  /** Addresses of a headless Service: any port of them may be asked for. */
  readonly addresses: readonly string[];
  /** The host an ExternalName Service stands for. */
  readonly externalName: string | undefined;
  /** Its port → the port of 127.0.0.1 at which pods expect it. */
  readonly hostPorts: ReadonlyMap<number, number>;
}

export interface ServiceDirectory {
  find(namespace: string, name: string): ServiceEntry | undefined;
  byClusterIp(address: string): ServiceEntry | undefined;
  all(): Iterable<ServiceEntry>;
  readonly book: AddressBook;
}

const MOST_TURNS = 2 ** 30;
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export function serviceDirectory(
  services: Iterable<Service>,
  slices: Iterable<EndpointSlice>,
  book: AddressBook,
): ServiceDirectory {
  const slicesOf = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const name = slice.metadata?.labels?.[SERVICE_NAME_LABEL];
    if (name === undefined) continue;
    const key = `${slice.metadata?.namespace ?? ''}/${name}`;
    const list = slicesOf.get(key);
    if (list === undefined) slicesOf.set(key, [slice]);
    else list.push(slice);
  }
  const entries = new Map<string, ServiceEntry>();
  const byClusterIp = new Map<string, ServiceEntry>();
  for (const service of services) {
    const key = `${service.metadata?.namespace ?? ''}/${service.metadata?.name ?? ''}`;
    const entry = toEntry(service, slicesOf.get(key) ?? [], book);
    entries.set(key, entry);
    for (const address of service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? ''])
      if (address !== '' && address !== 'None') byClusterIp.set(address, entry);
  }
  return {
    find: (namespace, name) => entries.get(`${namespace}/${name}`),
    byClusterIp: (address) => byClusterIp.get(address),
    all: () => entries.values(),
    book,
  };
}

function toEntry(service: Service, slices: readonly EndpointSlice[], book: AddressBook): ServiceEntry {
  const { spec, metadata } = service;
  const ports = new Map<number, ServicePort>();
  const endpoints = slices.flatMap(endpointsIn);
  const entry: ServiceEntry = {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    ports,
    isHeadless: spec?.clusterIP === 'None',
    hostnames: new Map(
      endpoints.flatMap(({ hostname, addresses: [address] }) =>
        hostname === undefined || address === undefined ? [] : [[hostname, address]],
      ),
    ),
    addresses: usable(endpoints),
    externalName: spec?.type === 'ExternalName' ? spec.externalName : undefined,
    hostPorts: hostPortsOf(metadata),
  };
  for (const { port, name = '', appProtocol, protocol } of spec?.ports ?? []) {
    if (protocol !== undefined && protocol !== 'TCP') continue;
    let turn = Math.floor(Math.random() * MOST_TURNS);
    ports.set(port, {
      cursor: () => (turn = (turn + 1) % MOST_TURNS),
      service: entry,
      port,
      protocol: isHttp2(name, appProtocol) ? 'h2c' : 'http/1.1',
      unsupportedProtocol: isSupported(appProtocol) ? undefined : appProtocol,
      endpoints:
        entry.externalName === undefined
          ? endpointsOf(name, slices, book)
          : [{ host: externalHost(entry.externalName), port, pod: undefined }],
    });
  }
  return entry;
}

function endpointsOf(
  portName: string,
  slices: readonly EndpointSlice[],
  book: AddressBook,
): readonly Target[] {
  const targets = new Map<string, Target>();
  const isUsed = new Set(usable(slices.flatMap(endpointsIn)));
  for (const slice of slices) {
    const port = slice.ports?.find(({ name }) => (name ?? '') === portName)?.port;
    if (port === undefined) continue;
    for (const { addresses } of endpointsIn(slice)) {
      const [address] = addresses;
      if (address === undefined || !isUsed.has(address)) continue;
      const target = book.resolve(address, port);
      if (target !== undefined) targets.set(`${target.host}:${target.port}`, target);
    }
  }
  return [...targets.values()];
}

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

/** The API server leaves an empty list out, whatever the type says. */
function endpointsIn({ endpoints }: Partial<EndpointSlice>): readonly Endpoint[] {
  return endpoints ?? [];
}

/** Addresses of the ready endpoints; when there are none, of those that still serve while they end, as kube-proxy does. */
function usable(endpoints: readonly Endpoint[]): readonly string[] {
  const first = (items: readonly Endpoint[]): readonly string[] =>
    items.flatMap(({ addresses: [address] }) => (address === undefined ? [] : [address]));
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  if (ready.length > 0) return first(ready);
  return first(
    endpoints.filter(({ conditions }) => conditions?.serving === true && conditions.terminating === true),
  );
}

function externalHost(name: string): string {
  return name === 'localhost' ? '127.0.0.1' : name;
}

/** KServe's own rule: by appProtocol, or by a port name that contains h2c or grpc. */
function isHttp2(name: string, appProtocol: string | undefined): boolean {
  if (appProtocol !== undefined) return /^(kubernetes\.io\/h2c|grpc|h2c|http2)$/.test(appProtocol);
  return /grpc|h2c/i.test(name);
}

function isSupported(appProtocol: string | undefined): boolean {
  return (
    appProtocol === undefined ||
    !appProtocol.startsWith('kubernetes.io/') ||
    appProtocol === 'kubernetes.io/h2c' ||
    appProtocol === 'kubernetes.io/ws'
  );
}

/** What a host name means to a pod in `namespace`. */
export type NameResolution =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'service'; readonly servicePort: ServicePort }
  /** The name is one of the cluster's, but nothing serves it; `message` says what to look at. */
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'outside' };

const SERVICE_SUFFIX = /\.svc(\.cluster\.local)?$/;
const POD_SUFFIX = /\.pod(\.cluster\.local)?$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** `host` in lower case; `namespace` is the caller's, for short names: empty when unknown. */
export function resolveHost(
  directory: ServiceDirectory,
  host: string,
  port: number,
  namespace: string,
): NameResolution {
  if (IPV4.test(host)) {
    const service = directory.byClusterIp(host);
    if (service !== undefined) return atPort(directory, service, port);
    return atAddress(directory, host, port);
  }
  if (POD_SUFFIX.test(host)) {
    const [dashed = ''] = host.split('.');
    return atAddress(directory, dashed.replaceAll('-', '.'), port);
  }
  const isService = SERVICE_SUFFIX.test(host);
  const labels = host.replace(SERVICE_SUFFIX, '').split('.');
  const [name = '', inNamespace] = labels.length > 2 ? labels.slice(-2) : labels;
  const service = directory.find(inNamespace ?? namespace, name);
  if (service !== undefined && labels.length > 2) {
    const address = service.hostnames.get(labels.slice(0, -2).join('.'));
    if (address !== undefined) return atAddress(directory, address, port);
  } else if (service !== undefined) return atPort(directory, service, port);
  return isService
    ? { kind: 'missing', message: `There is no Service ${inNamespace ?? namespace}/${name} for "${host}".` }
    : { kind: 'outside' };
}

function atAddress({ book }: ServiceDirectory, address: string, port: number): NameResolution {
  const target = book.resolve(address, port);
  if (target === undefined)
    return { kind: 'missing', message: `No pod and no Service has the address ${address}.` };
  return { kind: 'target', target };
}

function atPort(directory: ServiceDirectory, service: ServiceEntry, port: number): NameResolution {
  const label = `${service.namespace}/${service.name}`;
  const servicePort = service.ports.get(port);
  if (servicePort !== undefined) return { kind: 'service', servicePort };
  if (service.externalName !== undefined)
    return {
      kind: 'target',
      target: { host: externalHost(service.externalName), port, pod: undefined },
    };
  const [address] = service.isHeadless ? service.addresses : [];
  if (address !== undefined) return atAddress(directory, address, port);
  const known = [...service.ports.keys()].join(', ');
  return {
    kind: 'missing',
    message: `The Service ${label} has no port ${port}${known === '' ? '' : `; it has ${known}`}.`,
  };
}
