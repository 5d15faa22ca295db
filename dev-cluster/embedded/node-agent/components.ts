/** The node agent as a component of the embedded cluster. */
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { Node } from '../../../src/clients/kubernetes/model.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { programNamed } from '../binaries/programs.ts';
import { adminKubeconfigPath } from '../control-plane/kubeconfig.ts';
import { internalCommand, type Component } from '../supervisor/component.ts';
import { LAPTOP } from './nodes/nodeSpec.ts';
import { stopLeftoverContainers } from './pods/leftovers.ts';

export const nodeAgentComponents: readonly Component[] = [
  {
    name: 'node-agent',
    /** Of the kubelet that it stands for. */
    version: programNamed('kube-apiserver').version.slice(1),
    dependsOn: ['kube-apiserver'],
    isNeeded: false,
    start: {
      kind: 'service',
      command: () => Promise.resolve(internalCommand(['node-agent'])),
      health: async (signal) => {
        const api = KubernetesApi.fromFile(adminKubeconfigPath());
        const { status } = await api.get<Node>(`/api/v1/nodes/${LAPTOP}`, signal);
        const ready = status?.conditions?.find(({ type }) => type === 'Ready');
        if (ready?.status !== 'True')
          throw new SlipwayError('notReady', 'The node has not told for a while that it is ready.');
        return { endpoint: null };
      },
      cleanUp: async () => stopLeftoverContainers(slipwayHome()),
    },
  },
];
