/** The gateway as a process of its own: `slipway internal gateway`, a child of the supervisor. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { egressSocketPath } from '../control-plane/apiServer.ts';
import { kubeconfigFor } from '../control-plane/kubeconfig.ts';
import { credential } from '../credentials.ts';
import { stablePort } from '../ports.ts';
import { withLock } from '../python/lock.ts';
import { GATEWAY_PORTS, METRICS_TOKEN, PROXY_CREDENTIAL } from './podProxy.ts';
import { startGateway } from './server.ts';
import { watchCluster } from './watch.ts';

const USER = 'slipway-gateway';

/** Runs until SIGTERM. One at a time per home: a second one fails, and the first goes on. */
export async function gatewayMain(log: (line: string) => void): Promise<void> {
  const socket = egressSocketPath();
  await mkdir(dirname(socket), { recursive: true, mode: 0o700 });
  const alreadyRunning = new AbortController();
  const stop = new AbortController();
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await withLock(
    `${socket}.lock`,
    async () => {
      const { signal } = stop;
      const gateway = await startGateway({
        ports: {
          ingress: await stablePort(GATEWAY_PORTS.ingress, signal),
          proxy: await stablePort(GATEWAY_PORTS.proxy, signal),
          metrics: await stablePort(GATEWAY_PORTS.metrics, signal),
        },
        egressSocket: socket,
        proxyCredential: await credential(PROXY_CREDENTIAL, signal),
        metricsToken: await credential(METRICS_TOKEN, signal),
        log,
      });
      log(`The gateway listens at http://127.0.0.1:${gateway.ports.ingress}`);
      // It reads routes and Services of all namespaces and writes statuses; whoever can read this file can read the
      // administrator's beside it.
      const kubeconfig = await kubeconfigFor(USER, signal, { organizations: ['system:masters'] });
      const api = KubernetesApi.fromFile(kubeconfig);
      const watching = watchCluster({ api, gateway, log }, signal);
      const [name] = (await stopped) as [string];
      log(`The gateway stops (${name})`);
      stop.abort();
      await watching;
      await gateway.stop();
    },
    {
      onWait: () =>
        alreadyRunning.abort(
          new SlipwayError('alreadyRunning', 'Another gateway already runs in this SLIPWAY_HOME.'),
        ),
      signal: alreadyRunning.signal,
    },
  );
}
