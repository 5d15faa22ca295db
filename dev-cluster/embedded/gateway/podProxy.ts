/** How pods reach the cluster's names: the value of their HTTP_PROXY. */
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { credential } from '../credentials.ts';
import { stablePort } from '../ports.ts';

/** Names of the gateway's listeners in the ports file. */
export const GATEWAY_PORTS = {
  ingress: 'gateway',
  proxy: 'gateway-proxy',
  metrics: 'gateway-metrics',
} as const;

/** Name of the credential that pods carry. */
export const PROXY_CREDENTIAL = 'gateway-proxy';
/** Name of the bearer token of `/metrics`. */
export const METRICS_TOKEN = 'gateway-metrics';

/**
 * For `http_proxy` and `HTTP_PROXY` (and the https ones) of a pod. It says whose requests they are: short names are
 * looked up in the pod's namespace, and metrics name it as the source.
 */
export async function podProxyUrl(
  { namespace, workload }: { readonly namespace: string; readonly workload: string },
  signal: AbortSignal,
  home = slipwayHome(),
): Promise<string> {
  const port = await stablePort(GATEWAY_PORTS.proxy, signal, { home, isOurs: true });
  const password = await credential(PROXY_CREDENTIAL, signal, home);
  return `http://${encodeURIComponent(`${workload}.${namespace}`)}:${password}@127.0.0.1:${port}`;
}
