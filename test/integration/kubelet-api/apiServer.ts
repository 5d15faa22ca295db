/** etcd and a kube-apiserver of the cluster's own kind, and the egress proxy through which it finds nodes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import { adminKubeconfig, API_SERVER_PORT } from '../../../dev-cluster/embedded/control-plane/kubeconfig.ts';
import {
  authorityPath,
  issueCertificate,
  serviceAccountKey,
} from '../../../dev-cluster/embedded/control-plane/pki.ts';
import { stablePort } from '../../../dev-cluster/embedded/ports.ts';

export interface ApiServer {
  readonly home: string;
  readonly kubeconfig: string;
  readonly api: KubernetesApi;
  stop(): Promise<void>;
}

/** The cached program of this name. */
export async function cachedProgram(name: string): Promise<string> {
  const folder = join(slipwayCache(), 'binaries');
  const file = (await readdir(folder)).find((entry) => entry.startsWith(`${name}-v`));
  if (file === undefined) throw new Error(`${name} is not in ${folder}: start the cluster once.`);
  return join(folder, file);
}

export async function startApiServer(signal: AbortSignal): Promise<ApiServer> {
  const home = await mkdtemp(join(tmpdir(), 'slipway kübelet '));
  const egressSocket = join(home, 'egress.sock');
  const egress = await startEgress(egressSocket);
  const children: ChildProcess[] = [];
  try {
    const [etcdPort, peerPort, port] = [
      await stablePort('etcd', signal, { home }),
      await stablePort('etcd-peer', signal, { home }),
      await stablePort(API_SERVER_PORT, signal, { home }),
    ];
    const etcdUrl = `http://127.0.0.1:${etcdPort}`;
    children.push(
      start(await cachedProgram('etcd'), [
        `--data-dir=${join(home, 'etcd')}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        '--unsafe-no-fsync',
      ]),
    );
    children.push(
      start(await cachedProgram('kube-apiserver'), await flags(home, port, etcdUrl, egressSocket, signal)),
    );
    const kubeconfig = await adminKubeconfig(signal, home);
    const api = KubernetesApi.fromFile(kubeconfig);
    for (let isReady = false; !isReady;) {
      signal.throwIfAborted();
      isReady = await api.getText('/readyz', signal).then(
        () => true,
        () => false,
      );
      if (!isReady) await delay(100);
    }
    return { home, kubeconfig, api, stop: () => stop(home, egress, children) };
  } catch (error) {
    await stop(home, egress, children);
    throw error;
  }
}

async function flags(
  home: string,
  port: number,
  etcdUrl: string,
  egressSocket: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  await mkdir(home, { recursive: true });
  const egressConfig = join(home, 'egress.json');
  const connection = { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: egressSocket } } };
  await writeFile(
    egressConfig,
    JSON.stringify({
      apiVersion: 'apiserver.k8s.io/v1beta1',
      kind: 'EgressSelectorConfiguration',
      egressSelections: [{ name: 'cluster', connection }],
    }),
  );
  const serving = await issueCertificate(
    { name: 'apiserver', commonName: 'kube-apiserver', hosts: ['127.0.0.1', 'localhost'], signal },
    home,
  );
  const kubelet = await issueCertificate(
    { name: 'kubelet-client', commonName: 'kube-apiserver-kubelet-client', signal },
    home,
  );
  const proxy = await issueCertificate(
    { name: 'front-proxy-client', commonName: 'front-proxy-client', authority: 'front-proxy', signal },
    home,
  );
  const tokens = await serviceAccountKey(signal, home);
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--advertise-address=192.0.2.1',
    '--service-cluster-ip-range=10.43.0.0/16',
    `--tls-cert-file=${serving.cert}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${serving.ca}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${tokens.publicKey}`,
    `--service-account-signing-key-file=${tokens.key}`,
    '--authorization-mode=Node,RBAC',
    '--disable-admission-plugins=ServiceAccount',
    `--kubelet-client-certificate=${kubelet.cert}`,
    `--kubelet-client-key=${kubelet.key}`,
    `--kubelet-certificate-authority=${serving.ca}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--egress-selector-config-file=${egressConfig}`,
    `--requestheader-client-ca-file=${await authorityPath('front-proxy', signal, home)}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${proxy.cert}`,
    `--proxy-client-key-file=${proxy.key}`,
  ];
}

function start(program: string, args: readonly string[]): ChildProcess {
  const isLoud = process.env['SLIPWAY_TEST_LOG'] !== undefined;
  return spawn(program, args, { stdio: ['ignore', 'ignore', isLoud ? 'inherit' : 'ignore'] });
}

/** Every address is this machine's: ports are real, pod and node addresses are not. */
async function startEgress(path: string): Promise<Server> {
  const server = createServer();
  server.on('connect', (request, client) => {
    const port = Number(/:(\d+)$/.exec(request.url ?? '')?.[1]);
    const target = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    target.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
    client.on('close', () => target.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

async function stop(home: string, egress: Server, children: readonly ChildProcess[]): Promise<void> {
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  egress.closeAllConnections();
  egress.close();
  await rm(home, { recursive: true, force: true });
}
