/** The node agent as a process of its own: `slipway internal node-agent`, a child of the supervisor. */
import { once } from 'node:events';
import { join } from 'node:path';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { kubeconfigFor } from '../control-plane/kubeconfig.ts';
import { withLock } from '../python/lock.ts';
import { NodeAgent } from './agent.ts';
import { LocalPodEnvironment } from './environment/podEnvironment.ts';
import type { MeteredNode } from './metrics-api/metrics.ts';
import { startMetricsApi } from './metrics-api/server.ts';
import { nodeLabels } from './nodes/nodeObject.ts';
import { LocalProber } from './probes/prober.ts';
import { nodesFolder } from './pods/leftovers.ts';
import { runProvisioner } from './volumes/provisioner.ts';

const USER = 'slipway-node-agent';

/**
 * Runs until SIGTERM, and leaves the pods running, as a kubelet does: the next agent adopts them. `slipway down` ends them
 * by `stopLeftoverContainers`, also when the agent was killed. One at a time per home.
 */
export async function nodeAgentMain(log: (line: string) => void): Promise<void> {
  const home = slipwayHome();
  const alreadyRunning = new AbortController();
  const stop = new AbortController();
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await withLock(
    join(nodesFolder(home), 'agent.lock'),
    async () => {
      const { signal } = stop;
      // It plays every node and reads what every pod refers to; whoever can read this file can read the administrator's
      // beside it.
      const kubeconfig = await kubeconfigFor(USER, signal, { organizations: ['system:masters'], home });
      const api = KubernetesApi.fromFile(kubeconfig);
      const onError = (error: unknown): void => log(asError(error).message);
      const environment = new LocalPodEnvironment({ api, home, onError });
      const agent = new NodeAgent({ api, home, environment, prober: new LocalProber(), log });
      const folder = join(home, 'embedded', 'volumes');
      const nodes = (): readonly MeteredNode[] =>
        agent.nodes.map((node) => ({ name: node.name, labels: nodeLabels(node.spec), pods: node }));
      const running = Promise.all([
        environment.run(signal),
        agent.run(signal),
        runProvisioner({ api, folder, onError }, signal),
        startMetricsApi({ nodes, meter: agent.meter, api, signal, home }),
      ]);
      running.catch((error: unknown) => {
        if (!signal.aborted) onError(error);
      });
      log('The node agent watches for pods');
      const [name] = await Promise.race([
        stopped as Promise<[string]>,
        running.then(() => ['failure'] as const),
      ]);
      log(`The node agent stops (${name})`);
      stop.abort();
      await running;
    },
    {
      onWait: () =>
        alreadyRunning.abort(
          new SlipwayError('alreadyRunning', 'Another node agent already runs in this SLIPWAY_HOME.'),
        ),
      signal: alreadyRunning.signal,
    },
  );
}
