/** The gateway as a component of the embedded cluster. */
import { credential } from '../credentials.ts';
import { stablePort } from '../ports.ts';
import { internalCommand, type Component } from '../supervisor/component.ts';
import { http } from '../../../src/clients/http.ts';
import { GATEWAY_PORTS, METRICS_TOKEN } from './podProxy.ts';

const HEALTH_TIMEOUT_MS = 5_000;

export const gatewayComponents: readonly Component[] = [
  {
    name: 'gateway',
    /** Of the Gateway API. */
    version: '1.5.1',
    // None: the API server's own way to pods goes through it, so it starts first and waits for the API server.
    dependsOn: [],
    isNeeded: false,
    start: {
      kind: 'service',
      command: () => Promise.resolve(internalCommand(['gateway'])),
      health: async (signal) => {
        const portOf = (name: string): Promise<number> => stablePort(name, signal, { isOurs: true });
        const metrics = {
          url: `http://127.0.0.1:${await portOf(GATEWAY_PORTS.metrics)}`,
          token: await credential(METRICS_TOKEN, signal),
        };
        const request = {
          method: 'GET',
          path: '/readyz',
          responseType: 'text',
          timeoutMs: HEALTH_TIMEOUT_MS,
        } as const;
        await http({ ...metrics, label: 'The gateway' }, request, signal);
        const url = `http://127.0.0.1:${await portOf(GATEWAY_PORTS.ingress)}`;
        return { endpoint: url, endpoints: { gateway: { url, metrics } } };
      },
    },
  },
];
