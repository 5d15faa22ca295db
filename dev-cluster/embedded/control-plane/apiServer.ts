/** kube-apiserver: what everybody talks to. */
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { findProgram } from '../binaries/find.ts';
import { programNamed } from '../binaries/programs.ts';
import { readStateFile, writePrivateFile } from '../files.ts';
import { stablePort } from '../ports.ts';
import type { Command, Component, Report } from '../supervisor/component.ts';
import { etcdClientCertificate, etcdUrl } from './etcd.ts';
import {
  adminKubeconfig,
  adminKubeconfigPath,
  API_SERVER_PORT,
  apiServerUrl,
  moveKubeconfigs,
} from './kubeconfig.ts';
import { authorityPath, issueCertificate, serviceAccountKey } from './pki.ts';
import { goMemory, probe, runningPort } from './probe.ts';

export const KUBE_APISERVER = 'kube-apiserver';

/** Services' virtual addresses; the first is `kubernetes.default`. */
const SERVICE_RANGE = '10.43.0.0/16';
const HOSTS = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '10.43.0.1',
];
/** Of the `kubernetes` Service's endpoint, which may not be loopback: a documentation address that reaches nobody. */
const ADVERTISED_ADDRESS = '192.0.2.1';

/** Where the gateway takes the API server's connections to pods, Services and nodes. */
export function egressSocketPath(home = slipwayHome()): string {
  return join(home, 'embedded', 'gateway', 'egress.sock');
}

/**
 * They write upstream's roles and priority classes, after sleeping for a second. Those are in etcd already when a server
 * of this version has once been ready: nobody needs to wait for them again.
 */
const BOOTSTRAP_HOOKS = ['rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes'];
const VERSION = programNamed('kube-apiserver').version;
const bootstrapped = z.object({ version: z.literal(VERSION) });
const bootstrapPath = (): string => join(slipwayHome(), 'embedded', 'control-plane', 'bootstrapped.json');
const excluded = (hook: string): string => `exclude=poststarthook/${hook}`;

export const apiServer: Component = {
  name: KUBE_APISERVER,
  version: VERSION,
  dependsOn: ['etcd'],
  isNeeded: false,
  start: {
    kind: 'service',
    command,
    health: async (signal) => {
      const client = await issueCertificate({ name: 'health', commonName: 'slipway-health', signal });
      const port = await runningPort(API_SERVER_PORT, signal);
      const isKnown = (await readStateFile(bootstrapPath(), bootstrapped)) !== undefined;
      const path = isKnown ? `/readyz?${BOOTSTRAP_HOOKS.map(excluded).join('&')}` : '/readyz';
      await probe({ label: 'The API server', port, path }, client, signal);
      if (!isKnown) await writePrivateFile(bootstrapPath(), JSON.stringify({ version: VERSION }));
      const url = await apiServerUrl(signal);
      return { endpoint: url, endpoints: { kubernetes: { url, kubeconfig: adminKubeconfigPath() } } };
    },
  },
};

async function command(report: Report, signal: AbortSignal): Promise<Command> {
  const program = await findProgram('kube-apiserver', { report, signal });
  const port = await stablePort(API_SERVER_PORT, signal);
  const serving = await issueCertificate({
    name: 'kube-apiserver',
    commonName: 'kube-apiserver',
    hosts: HOSTS,
    signal,
  });
  const kubelet = await issueCertificate({
    name: 'kubelet-client',
    commonName: 'kube-apiserver-kubelet-client',
    signal,
  });
  const proxy = await issueCertificate({
    name: 'front-proxy-client',
    commonName: 'front-proxy-client',
    authority: 'front-proxy',
    signal,
  });
  const etcd = await etcdClientCertificate(signal);
  const tokens = await serviceAccountKey(signal);
  await adminKubeconfig(signal);
  await moveKubeconfigs(signal);
  const flags = [
    ['--bind-address', '127.0.0.1'],
    ['--secure-port', String(port)],
    ['--advertise-address', ADVERTISED_ADDRESS],
    ['--service-cluster-ip-range', SERVICE_RANGE],
    ['--tls-cert-file', serving.cert],
    ['--tls-private-key-file', serving.key],
    ['--etcd-servers', await etcdUrl(signal)],
    ['--etcd-cafile', etcd.ca],
    ['--etcd-certfile', etcd.cert],
    ['--etcd-keyfile', etcd.key],
    ['--client-ca-file', serving.ca],
    ['--anonymous-auth', 'false'],
    ['--authorization-mode', 'Node,RBAC'],
    ['--enable-admission-plugins', 'NodeRestriction'],
    ['--allow-privileged', 'true'],
    ['--service-account-issuer', 'https://kubernetes.default.svc.cluster.local'],
    ['--service-account-key-file', tokens.publicKey],
    ['--service-account-signing-key-file', tokens.key],
    ['--kubelet-certificate-authority', serving.ca],
    ['--kubelet-client-certificate', kubelet.cert],
    ['--kubelet-client-key', kubelet.key],
    ['--kubelet-preferred-address-types', 'InternalIP'],
    ['--requestheader-client-ca-file', await authorityPath('front-proxy', signal)],
    ['--requestheader-allowed-names', 'front-proxy-client'],
    ['--requestheader-username-headers', 'X-Remote-User'],
    ['--requestheader-group-headers', 'X-Remote-Group'],
    ['--requestheader-extra-headers-prefix', 'X-Remote-Extra-'],
    ['--proxy-client-cert-file', proxy.cert],
    ['--proxy-client-key-file', proxy.key],
    ['--egress-selector-config-file', await egressConfiguration()],
    // Policies over what people deploy (inference never on spot) change objects without a webhook.
    ['--feature-gates', 'MutatingAdmissionPolicy=true'],
    ['--runtime-config', 'admissionregistration.k8s.io/v1beta1=true'],
    // Each new definition is written some seven times, hundreds of KiB long, and a cache would keep them all: 60 MiB.
    ['--watch-cache-sizes', 'customresourcedefinitions.apiextensions.k8s.io#0'],
    ['--profiling', 'false'],
  ];
  const args = flags.map(([flag, value]) => `${flag}=${value}`);
  // A limit close to what is alive (230 MiB at rest, twice that while definitions are applied) would only collect garbage.
  return { program, argv0: KUBE_APISERVER, args, env: goMemory(600, 60) };
}

async function egressConfiguration(): Promise<string> {
  const path = join(slipwayHome(), 'embedded', 'control-plane', 'egress-selector.json');
  const transport = { uds: { udsName: egressSocketPath() } };
  const configuration = {
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [{ name: 'cluster', connection: { proxyProtocol: 'HTTPConnect', transport } }],
  };
  await writePrivateFile(path, JSON.stringify(configuration));
  return path;
}
