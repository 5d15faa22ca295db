/** Variables about Services, as `enableServiceLinks` asks for, and about the API server. */
import type { Service } from '../../../../src/clients/kubernetes/model.ts';
import { LOOPBACK } from './nameRewriting.ts';
import type { LoopbackPorts } from './serviceAddresses.ts';
import { keyOf } from './serviceNames.ts';

/** `REDIS_SERVICE_HOST` and its kin, of Services that have an address; those with `loopback` ports are given with them. */
export function serviceVariables(
  services: readonly Service[],
  loopback: LoopbackPorts = new Map(),
): Map<string, string> {
  const variables = new Map<string, string>();
  for (const service of services) {
    const { metadata, spec } = service;
    const [firstPort] = spec?.ports ?? [];
    const address = spec?.clusterIP;
    if (address === undefined || address === '' || address === 'None' || firstPort === undefined) continue;
    const hostPorts = loopback.get(keyOf(service));
    const ip = hostPorts === undefined ? address : LOOPBACK;
    const served = (port: number): string => String(hostPorts?.get(port) ?? port);
    const prefix = variableName(metadata?.name ?? '');
    variables.set(`${prefix}_SERVICE_HOST`, ip);
    variables.set(`${prefix}_SERVICE_PORT`, served(firstPort.port));
    const host = ip.includes(':') ? `[${ip}]` : ip;
    for (const [index, { name, port, protocol = 'TCP' }] of (spec?.ports ?? []).entries()) {
      if (name !== undefined && name !== '')
        variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, served(port));
      const url = `${protocol.toLowerCase()}://${host}:${served(port)}`;
      // Docker's links, which the kubelet still makes.
      if (index === 0) variables.set(`${prefix}_PORT`, url);
      const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
      variables.set(link, url);
      variables.set(`${link}_PROTO`, protocol.toLowerCase());
      variables.set(`${link}_PORT`, served(port));
      variables.set(`${link}_ADDR`, ip);
    }
  }
  return variables;
}

/** The API server's, as of a Service `kubernetes` that can be reached: at its loopback address. */
export function apiServerVariables(url: string): Map<string, string> {
  const { hostname, port } = new URL(url);
  return serviceVariables([
    {
      metadata: { name: 'kubernetes' },
      spec: { clusterIP: hostname, ports: [{ name: 'https', port: Number(port || '443'), protocol: 'TCP' }] },
    },
  ]);
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
