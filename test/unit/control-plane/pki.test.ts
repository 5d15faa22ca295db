import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminKubeconfig, kubeconfigFor } from '../../../dev-cluster/embedded/control-plane/kubeconfig.ts';
import {
  issueCertificate,
  serviceAccountKey,
  type CertificateFiles,
} from '../../../dev-cluster/embedded/control-plane/pki.ts';

const run = promisify(execFile);

describe('certificates of the cluster', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'slipway pki ü '));
  });
  afterEach(async () => rm(home, { recursive: true, force: true }));

  const { signal } = new AbortController();
  const server = { name: 'server', commonName: 'kube-apiserver', hosts: ['localhost', '127.0.0.1'] };

  it('are believed by openssl, and say what was asked for', async () => {
    const files = await issueCertificate(
      { ...server, commonName: 'a, "b" ü', organizations: ['one', 'two'], signal },
      home,
    );
    const { stdout } = await run('openssl', ['verify', '-x509_strict', '-CAfile', files.ca, files.cert]);
    expect(stdout).toContain(': OK');
    const { stdout: text } = await run('openssl', [
      ...['x509', '-in', files.cert, '-noout', '-nameopt', 'utf8,sep_comma_plus', '-subject'],
      ...['-ext', 'subjectAltName,extendedKeyUsage,basicConstraints'],
    ]);
    expect(text).toContain('O=one,O=two,CN=a, "b" ü');
    expect(text).toContain('DNS:localhost, IP Address:127.0.0.1');
    expect(text).toContain('CA:FALSE');
  });

  it('serve and authenticate a TLS connection, and a client certificate cannot serve', async () => {
    const serving = await issueCertificate({ ...server, signal }, home);
    const client = await issueCertificate({ name: 'client', commonName: 'me', signal }, home);
    expect(await handshake(serving, client)).toBe('me');
    await expect(handshake(client, serving)).rejects.toThrow();
  });

  it('of one authority are strangers to another', async () => {
    const serving = await issueCertificate({ ...server, authority: 'etcd', signal }, home);
    const client = await issueCertificate({ name: 'client', commonName: 'me', signal }, home);
    await expect(handshake(serving, client)).rejects.toThrow();
  });

  it('stay the same until something else is asked for, the file is damaged or the authority changes', async () => {
    const issue = async (hosts = server.hosts): Promise<string> => {
      const files = await issueCertificate({ ...server, hosts, signal }, home);
      return readFile(files.cert, 'utf8');
    };
    const first = await issue();
    expect(await issue()).toBe(first);
    const second = await issue(['localhost']);
    expect(second).not.toBe(first);
    const { key, ca } = await issueCertificate({ ...server, hosts: ['localhost'], signal }, home);
    await rm(key);
    const third = await issue(['localhost']);
    expect(third).not.toBe(second);
    await rm(ca);
    expect(await issue(['localhost'])).not.toBe(third);
  });

  it('asked for by many at once have one authority, and no file is open to others', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `client-${index}`);
    const all = await Promise.all(
      names.map((name) => issueCertificate({ name, commonName: name, signal }, home)),
    );
    await serviceAccountKey(signal, home);
    for (const { ca, cert } of all)
      expect((await run('openssl', ['verify', '-CAfile', ca, cert])).stdout).toContain(': OK');
    const folder = join(home, 'embedded', 'pki');
    for (const name of (await readdir(folder)).filter((file) => file !== '.lock'))
      expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600]);
  });

  it('go into kubeconfigs that client-node reads, one per user', async () => {
    const admin = await adminKubeconfig(signal, home);
    const node = await kubeconfigFor('system:node:laptop', signal, {
      organizations: ['system:nodes'],
      home,
    });
    expect((await stat(admin)).mode & 0o777).toBe(0o600);
    expect((await stat(node)).mode & 0o777).toBe(0o600);
    const read = (path: string): KubeConfig => {
      const config = new KubeConfig();
      config.loadFromFile(path);
      return config;
    };
    expect(read(node).getCurrentUser()?.name).toBe('system:node:laptop');
    expect(read(node).getCurrentCluster()?.server).toBe(read(admin).getCurrentCluster()?.server);
    expect(read(admin).getCurrentCluster()?.server).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  });
});

/** Common name of the client as the server saw it. */
async function handshake(serving: CertificateFiles, client: CertificateFiles): Promise<string> {
  const load = async (files: CertificateFiles): Promise<{ cert: Buffer; key: Buffer; ca: Buffer }> => ({
    cert: await readFile(files.cert),
    key: await readFile(files.key),
    ca: await readFile(files.ca),
  });
  const listener = createServer({
    ...(await load(serving)),
    requestCert: true,
    rejectUnauthorized: true,
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP listener has a port.');
  const seen = once(listener, 'secureConnection');
  seen.catch(() => undefined);
  const socket = connect({ ...(await load(client)), host: '127.0.0.1', port: address.port });
  try {
    await once(socket, 'secureConnect');
    const [accepted] = (await seen) as [ReturnType<typeof connect>];
    const name = accepted.getPeerCertificate().subject.CN;
    accepted.destroy();
    return String(name);
  } finally {
    socket.destroy();
    listener.close();
  }
}
