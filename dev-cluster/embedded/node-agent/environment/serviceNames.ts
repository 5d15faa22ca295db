/**
 * Services that speak something else than HTTP, by name or by address: the gateway's proxy is no way to them, so it
 * listens for each of their ports on a port of this machine's loopback, which containers get instead.
 */
import type { Service } from '../../../../src/clients/kubernetes/model.ts';
import type { FoundName, NameFinder } from './nameRewriting.ts';

/** As meshes read port names and `appProtocol`: HTTP in one of its forms goes through the proxy, which counts it. */
const HTTP_NAME = /^(?:kubernetes\.io\/)?(?:https?|http2|grpc|grpc-web|h2c|wss?)(?:-|$)/;
const HTTP_PORTS = new Set([80, 443, 8080, 8443]);

/** Its TCP ports; none when one may take all of them for HTTP. */
export function rawTcpPorts({ spec }: Service): readonly number[] {
  const ports = (spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  const isHttp = ports.every(
    ({ name = '', appProtocol, port }) => HTTP_NAME.test(appProtocol ?? name) || HTTP_PORTS.has(port),
  );
  return isHttp ? [] : ports.map(({ port }) => port);
}

/** `namespace/name`. */
export function keyOf({ metadata }: Service): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

/** Finds them as a pod of `namespace` may write them; `name` of what it finds is `keyOf`. */
export function serviceFinder(namespace: string, services: readonly Service[]): NameFinder {
  const raw = services.filter((service) => rawTcpPorts(service).length > 0);
  if (raw.length === 0) return () => [];
  const byText = new Map<string, Service>();
  for (const service of raw) {
    const { metadata, spec } = service;
    const name = `${metadata?.name ?? ''}.${metadata?.namespace ?? ''}`;
    for (const suffix of ['', '.svc', '.svc.cluster.local']) byText.set(name + suffix, service);
    if (metadata?.namespace === namespace) byText.set(metadata.name ?? '', service);
    if (spec?.clusterIP !== undefined && spec.clusterIP !== 'None') byText.set(spec.clusterIP, service);
  }
  const texts = [...byText.keys()].filter((text) => text !== '').map((text) => text.replaceAll('.', '\\.'));
  const pattern = new RegExp(`(?<![\\w.-])(${texts.join('|')})(?:(:|["']?,?\\s+)(\\d+))?(?![\\w.-])`, 'g');
  return (text) =>
    [...text.matchAll(pattern)].flatMap((match): FoundName[] => {
      const { 0: whole, 1: host = '', 2: separator = '', 3: digits, index } = match;
      const service = byText.get(host);
      if (service === undefined || isUrlOfHttp(text.slice(0, index))) return [];
      const found = { start: index, name: keyOf(service), isBare: !host.includes('.') };
      const port = digits === undefined ? undefined : Number(digits);
      if (port !== undefined && rawTcpPorts(service).includes(port))
        return [{ ...found, whole, port, separator }];
      // A number that isn't one of its ports belongs to something else.
      return separator === ':' ? [] : [{ ...found, whole: host, port: undefined, separator: '' }];
    });
}

function isUrlOfHttp(before: string): boolean {
  return /(?:https?|wss?):\/\/[^\s/"']*$/i.test(before);
}
