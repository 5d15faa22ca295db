/** kube-controller-manager and kube-scheduler, each as its own user with upstream's bootstrap roles. */
import { findProgram } from '../binaries/find.ts';
import { programNamed } from '../binaries/programs.ts';
import { stablePort } from '../ports.ts';
import type { Component } from '../supervisor/component.ts';
import { KUBE_APISERVER } from './apiServer.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { authorityPath, issueCertificate, serviceAccountKey } from './pki.ts';
import { goMemory, probe, runningPort } from './probe.ts';

export const controllerManager = controller('kube-controller-manager', 96, async (signal) => {
  const { key } = await serviceAccountKey(signal);
  return [
    ['--service-account-private-key-file', key],
    ['--root-ca-file', await authorityPath('kubernetes', signal)],
    ['--use-service-account-credentials', 'true'],
    // What pods use is measured every 10 seconds; people watch their model scale.
    ['--horizontal-pod-autoscaler-sync-period', '5s'],
  ];
});

export const scheduler = controller('kube-scheduler', 64, () => Promise.resolve([]));

function controller(
  name: 'kube-controller-manager' | 'kube-scheduler',
  memoryMiB: number,
  ownFlags: (signal: AbortSignal) => Promise<readonly (readonly [string, string])[]>,
): Component {
  return {
    name,
    version: programNamed(name).version,
    dependsOn: [KUBE_APISERVER],
    isNeeded: false,
    start: {
      kind: 'service',
      command: async (report, signal) => {
        const program = await findProgram(name, { report, signal });
        const serving = await certificate(name, signal);
        const kubeconfig = await kubeconfigFor(`system:${name}`, signal);
        const flags = [
          ['--kubeconfig', kubeconfig],
          ['--authentication-kubeconfig', kubeconfig],
          ['--authorization-kubeconfig', kubeconfig],
          ['--bind-address', '127.0.0.1'],
          ['--secure-port', String(await stablePort(name, signal))],
          ['--tls-cert-file', serving.cert],
          ['--tls-private-key-file', serving.key],
          // There is one: nobody to elect a leader from.
          ['--leader-elect', 'false'],
          ['--profiling', 'false'],
          ...(await ownFlags(signal)),
        ];
        const args = flags.map(([flag, value]) => `${flag}=${value}`);
        return { program, argv0: name, args, env: goMemory(memoryMiB) };
      },
      health: async (signal) => {
        const port = await runningPort(name, signal);
        await probe({ label: name, port, path: '/healthz' }, await certificate(name, signal), signal);
        return { endpoint: `https://127.0.0.1:${port}` };
      },
    },
  };
}

async function certificate(name: string, signal: AbortSignal): ReturnType<typeof issueCertificate> {
  return issueCertificate({ name, commonName: name, hosts: ['localhost', '127.0.0.1'], signal });
}
