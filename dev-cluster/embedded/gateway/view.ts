/** All that the gateway knows at one moment, worked out from the cluster's objects. Pure; built anew when they change. */
import type { EndpointSlice, Namespace, Node, Pod, Service } from '../../../src/clients/kubernetes/model.ts';
import { addressBook } from './addresses.ts';
import { attach, type Attachment, type GatewayReport } from './attach.ts';
import type { Gateway, GatewayClass, ReferenceGrant, Route } from './resources.ts';
import { serviceDirectory, type ServiceDirectory } from './services.ts';
import { RouteTable } from './table.ts';

export interface ClusterObjects {
  readonly services: Iterable<Service>;
  readonly endpointSlices: Iterable<EndpointSlice>;
  readonly pods: Iterable<Pod>;
  readonly nodes: Iterable<Node>;
  readonly namespaces: Iterable<Namespace>;
  readonly classes: readonly GatewayClass[];
  readonly gateways: readonly Gateway[];
  readonly routes: readonly Route[];
  readonly grants: readonly ReferenceGrant[];
}

export interface View {
  readonly directory: ServiceDirectory;
  readonly attachment: Attachment;
  /** Of all Gateways: what the ingress port serves. */
  readonly ingress: RouteTable;
  /** Of one Gateway and listener port, by `address:port`. */
  readonly tables: ReadonlyMap<string, RouteTable>;
  /** By the Gateway's `namespace/name`. */
  readonly addresses: ReadonlyMap<string, string>;
}

const ADDRESS_PREFIX = '10.42.254.';
const MOST_ADDRESSES = 254;

export function buildView(objects: ClusterObjects): View {
  const book = addressBook(objects.pods, objects.nodes);
  const directory = serviceDirectory(objects.services, objects.endpointSlices, book);
  const namespaceLabels = new Map(
    [...objects.namespaces].map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]),
  );
  const attachment = attach({ ...objects, namespaceLabels }, { directory, grants: objects.grants });
  const addresses = giveAddresses(attachment.gateways);
  const groups = attachment.gateways.flatMap((report) => {
    const byPort = Map.groupBy(report.listeners, ({ listener }) => listener.port);
    const address = addresses.get(keyOf(report)) ?? '';
    return [...byPort].map(([port, group]) => ({ key: `${address}:${port}`, group }));
  });
  return {
    directory,
    attachment,
    addresses,
    ingress: new RouteTable(groups.map(({ group }) => group)),
    tables: new Map(groups.map(({ key, group }) => [key, new RouteTable([group])])),
  };
}

export function keyOf({ gateway: { metadata } }: GatewayReport): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** The one in its status stays; a new Gateway gets the lowest that is free. */
function giveAddresses(reports: readonly GatewayReport[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  for (const report of reports) {
    const address = report.gateway.status.addresses.find(({ value }) => value.startsWith(ADDRESS_PREFIX));
    if (address === undefined || taken.has(address.value)) continue;
    taken.add(address.value);
    given.set(keyOf(report), address.value);
  }
  for (const report of reports) {
    if (given.has(keyOf(report))) continue;
    for (let last = 1; last <= MOST_ADDRESSES; last++) {
      const address = ADDRESS_PREFIX + String(last);
      if (taken.has(address)) continue;
      taken.add(address);
      given.set(keyOf(report), address);
      break;
    }
  }
  return given;
}
