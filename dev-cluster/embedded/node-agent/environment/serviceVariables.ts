/** Variables about Services, as `enableServiceLinks` asks for, and about the API server. */
import type { Service } from '../../../../src/clients/kubernetes/model.ts';

/** `REDIS_SERVICE_HOST` and its kin, of Services that have an address. */
export function serviceVariables(services: readonly Service[]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { metadata, spec } of services) {
    const ip = spec?.clusterIP;
    const [firstPort] = spec?.ports ?? [];
    if (ip === undefined || ip === '' || ip === 'None' || firstPort === undefined) continue;
    const prefix = variableName(metadata?.name ?? '');
    variables.set(`${prefix}_SERVICE_HOST`, ip);
    variables.set(`${prefix}_SERVICE_PORT`, String(firstPort.port));
    const host = ip.includes(':') ? `[${ip}]` : ip;
    for (const [index, { name, port, protocol = 'TCP' }] of (spec?.ports ?? []).entries()) {
      if (name !== undefined && name !== '')
        variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
      const url = `${protocol.toLowerCase()}://${host}:${port}`;
      // Docker's links, which the kubelet still makes.
      if (index === 0) variables.set(`${prefix}_PORT`, url);
      const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
      variables.set(link, url);
      variables.set(`${link}_PROTO`, protocol.toLowerCase());
      variables.set(`${link}_PORT`, String(port));
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
