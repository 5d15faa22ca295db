/** Controllers of KServe, Kubeflow Trainer and JobSet, with their webhooks, out of the cluster. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import { findProgram } from '../binaries/find.ts';
import { fullVersion, programNamed, type ProgramName } from '../binaries/programs.ts';
import { writePrivateFile } from '../files.ts';
import { stablePort } from '../ports.ts';
import type { Component } from '../supervisor/component.ts';
import { KUBE_APISERVER } from './apiServer.ts';
import { CRDS } from './crds.ts';
import { adminKubeconfig, kubeconfigFor } from './kubeconfig.ts';
import { applyManifests, readManifests } from './manifests.ts';
import { issueCertificate } from './pki.ts';
import { goMemory, probe, runningPort } from './probe.ts';
import { webhooksAt } from './webhooks.ts';

interface Controller {
  readonly name: string;
  readonly program: ProgramName;
  /** The identity that upstream's role bindings name. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  readonly webhooks: string;
  readonly memoryMiB: number;
  /** Whose objects it makes. */
  readonly dependsOn?: readonly string[];
  readonly args: (listeners: Listeners) => Promise<readonly string[]>;
}

interface Listeners {
  /** Own folder. */
  readonly folder: string;
  readonly webhookPort: number;
  /** `127.0.0.1:<port>` */
  readonly healthAddress: string;
}

export const kserve = controllerComponent({
  name: 'kserve',
  program: 'kserve-manager',
  serviceAccount: { namespace: 'kserve', name: 'kserve-controller-manager' },
  webhooks: 'kserve-webhooks.yaml',
  memoryMiB: 96,
  args: ({ webhookPort, healthAddress }) =>
    Promise.resolve([
      '--metrics-addr=0',
      `--webhook-port=${webhookPort}`,
      `--health-probe-addr=${healthAddress}`,
    ]),
});

export const trainer = controllerComponent({
  name: 'trainer',
  program: 'trainer',
  serviceAccount: { namespace: 'kubeflow-system', name: 'kubeflow-trainer-controller-manager' },
  webhooks: 'trainer-webhooks.yaml',
  memoryMiB: 64,
  dependsOn: ['jobset'],
  args: async ({ folder, webhookPort, healthAddress }) => [
    await configuration(folder, {
      apiVersion: 'config.trainer.kubeflow.org/v1alpha1',
      kind: 'Configuration',
      health: { healthProbeBindAddress: healthAddress },
      metrics: { bindAddress: '0' },
      webhook: { host: '127.0.0.1', port: webhookPort },
      leaderElection: { leaderElect: false },
      // It would ask for a Service's name in the certificate, and rotate what we issue.
      certManagement: { enable: false },
    }),
  ],
});

export const jobset = controllerComponent({
  name: 'jobset',
  program: 'jobset',
  serviceAccount: { namespace: 'jobset-system', name: 'jobset-controller-manager' },
  webhooks: 'jobset-webhooks.yaml',
  memoryMiB: 64,
  args: async ({ folder, webhookPort, healthAddress }) => [
    await configuration(folder, {
      apiVersion: 'config.jobset.x-k8s.io/v1alpha1',
      kind: 'Configuration',
      health: { healthProbeBindAddress: healthAddress },
      metrics: { bindAddress: '0' },
      webhook: { host: '127.0.0.1', port: webhookPort },
      leaderElection: { leaderElect: false },
      internalCertManagement: { enable: false },
    }),
  ],
});

async function configuration(folder: string, content: object): Promise<string> {
  const path = join(folder, 'config.json');
  await writePrivateFile(path, JSON.stringify(content, undefined, 2));
  return `--config=${path}`;
}

function controllerComponent(controller: Controller): Component {
  const { name, program, serviceAccount } = controller;
  return {
    name,
    version: fullVersion(programNamed(program)),
    // The definitions stay ready while the API server is away.
    dependsOn: [KUBE_APISERVER, CRDS, ...(controller.dependsOn ?? [])],
    isNeeded: false,
    start: {
      kind: 'service',
      command: async (report, signal) => {
        const path = await findProgram(program, { report, signal });
        const folder = join(slipwayHome(), 'embedded', 'control-plane', name);
        const webhookPort = await stablePort(`${name}-webhook`, signal);
        const healthAddress = `127.0.0.1:${await stablePort(`${name}-health`, signal)}`;
        await prepareWebhooks(controller, { folder, webhookPort, signal });
        const { namespace } = serviceAccount;
        const kubeconfig = await kubeconfigFor(
          `system:serviceaccount:${namespace}:${serviceAccount.name}`,
          signal,
          {
            organizations: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
          },
        );
        return {
          program: path,
          args: await controller.args({ folder, webhookPort, healthAddress }),
          env: {
            ...goMemory(controller.memoryMiB),
            KUBECONFIG: kubeconfig,
            POD_NAMESPACE: namespace,
            TMPDIR: folder,
          },
        };
      },
      health: async (signal) => {
        const port = await runningPort(`${name}-health`, signal);
        await probe({ label: name, port, path: '/readyz' }, undefined, signal);
        return { endpoint: `https://127.0.0.1:${await runningPort(`${name}-webhook`, signal)}` };
      },
    },
  };
}

/**
 * Before the program runs: until it listens, what its webhooks must see is refused, never let through unseen (JobSet's
 * controller panics on a JobSet without defaults).
 */
async function prepareWebhooks(
  { name, webhooks }: Controller,
  {
    folder,
    webhookPort,
    signal,
  }: { readonly folder: string; readonly webhookPort: number; readonly signal: AbortSignal },
): Promise<void> {
  const { cert, key, ca } = await issueCertificate({
    name: `${name}-webhook`,
    commonName: `${name}-webhook`,
    hosts: ['localhost', '127.0.0.1'],
    signal,
  });
  // controller-runtime looks here, under TMPDIR.
  const certificates = join(folder, 'k8s-webhook-server', 'serving-certs');
  await writePrivateFile(join(certificates, 'tls.crt'), await readFile(cert, 'utf8'));
  await writePrivateFile(join(certificates, 'tls.key'), await readFile(key, 'utf8'));
  const configurations = webhooksAt(webhookPort, await readFile(ca, 'utf8'), await readManifests(webhooks));
  await applyManifests(KubernetesApi.fromFile(await adminKubeconfig(signal)), configurations, signal);
}
