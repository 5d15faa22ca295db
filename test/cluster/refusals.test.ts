/** Every listener of the cluster, by the system's own tables: on loopback, and deaf to who brings no or a wrong credential. */
import { readFile, readdir, readlink } from 'node:fs/promises';
import { once } from 'node:events';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Peers } from '../integration/services/peers.ts';
import { cluster } from './cluster.ts';

const portsFile = z.record(z.string(), z.int());
const status = z.object({
  components: z.array(z.object({ name: z.string(), process: z.object({ pid: z.int() }).optional() })),
});

async function state(file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(cluster.home, 'embedded', file), 'utf8'));
}

async function portOf(name: string): Promise<number> {
  const port = portsFile.parse(await state('ports.json'))[name];
  if (port === undefined) throw new Error(`No port was given to ${name}.`);
  return port;
}

/** The answer's status; `refused` when the connection was. */
async function answer(url: string, headers: Record<string, string> = {}): Promise<number | 'refused'> {
  const options = { headers, agent: false, timeout: 10_000 };
  // Who is asked doesn't matter: nothing secret is sent.
  const call = url.startsWith('https:')
    ? tlsRequest(url, { ...options, rejectUnauthorized: false })
    : plainRequest(url, options);
  call.end();
  try {
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode ?? 0;
  } catch {
    return 'refused';
  }
}

/** Where a request without any credential would get something if it were let in. */
const HTTP: readonly [listener: string, scheme: string, path: string, status: number | 'refused'][] = [
  ['kube-apiserver', 'https', '/api/v1/secrets', 401],
  ['kube-apiserver', 'https', '/apis/kubeflow.org', 401],
  ['etcd', 'https', '/v3/kv/range', 'refused'],
  ['etcd-peer', 'https', '/members', 'refused'],
  ['kube-controller-manager', 'https', '/metrics', 403],
  ['kube-scheduler', 'https', '/metrics', 403],
  ['kubelet-laptop', 'https', '/pods', 401],
  ['kubelet-laptop', 'https', '/containerLogs/default/none/c', 401],
  ['metrics-api', 'https', '/apis/metrics.k8s.io/v1beta1/nodes', 401],
  ['gateway-metrics', 'http', '/metrics', 401],
  ['mlflow', 'http', '/api/2.0/mlflow/experiments/search', 401],
  ['s3', 'http', '/slipway', 403],
];

describe('Without a credential, and with a made-up one', () => {
  it.each(HTTP)('%s refuses %s %s', async (listener, scheme, path, refusal) => {
    const url = `${scheme}://127.0.0.1:${await portOf(listener)}${path}`;
    const basic = `Basic ${Buffer.from('slipway:made-up').toString('base64')}`;
    const answers = [await answer(url)];
    // Of S3 a header of this kind is no signature but a mistake.
    if (listener !== 's3')
      answers.push(
        await answer(url, { Authorization: 'Bearer made-up' }),
        await answer(url, { Authorization: basic }),
      );
    // Kubernetes' own: nobody is somebody without rights, a made-up token is an error.
    const other = refusal === 403 && listener !== 's3' ? 401 : refusal;
    expect(answers.filter((one) => one !== refusal && one !== other)).toEqual([]);
  });

  it('the pipeline service refuses', async () => {
    const { kfp } = await cluster.endpoints();
    const url = `${kfp?.url ?? ''}/apis/v2beta1/runs`;
    expect(await answer(url)).toBe(401);
    expect(await answer(url, { Authorization: 'Bearer made-up' })).toBe(401);
  });

  it('the gateway’s proxy refuses to reach anything for whoever asks', async () => {
    const port = await portOf('gateway-proxy');
    for (const headers of ['', `Proxy-Authorization: Basic ${Buffer.from('a:b').toString('base64')}\r\n`]) {
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `CONNECT kubernetes.default.svc:443 HTTP/1.1\r\nHost: kubernetes.default.svc:443\r\n${headers}\r\n`,
      );
      const [answered] = (await once(socket, 'data')) as [Buffer];
      expect(answered.toString('latin1')).toMatch(/^HTTP\/1\.1 407 /);
      socket.destroy();
    }
  });

  it('Redis refuses', async () => {
    const port = await portOf('redis');
    for (const password of [undefined, 'made-up']) {
      const redis = new Redis({
        ...{ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false },
        ...(password === undefined ? {} : { password }),
      });
      redis.on('error', () => undefined);
      await expect(redis.get('any')).rejects.toThrow(/NOAUTH|WRONGPASS/);
      redis.disconnect();
    }
  });

  it('PostgreSQL and the object store refuse their own clients', async () => {
    const peers = await Peers.make(await cluster.endpoints(), AbortSignal.timeout(60_000));
    const conninfo = `host=127.0.0.1 port=${await portOf('postgres')} dbname=feast user=slipway`;
    await expect(peers.with({ CONNINFO: `${conninfo} password=made-up` }).ask('postgres')).rejects.toThrow(
      'password authentication failed',
    );
    await expect(peers.with({ CONNINFO: conninfo }).ask('postgres')).rejects.toThrow('no password supplied');
    expect(await peers.ask('boto3_refused')).toEqual({
      wrong: 'SignatureDoesNotMatch',
      unknown: 'XAdminUserNotFound',
      missing: 'AccessDenied',
    });
  });
});

describe.runIf(process.platform === 'linux')('The components’ processes', () => {
  it('listen on loopback only', async () => {
    const { components } = status.parse(await state('status.json'));
    const open: string[] = [];
    for (const { name, process: one } of components) {
      if (one === undefined) continue;
      const inodes = await socketsOf(one.pid);
      for (const { address, inode } of [...(await listeners('tcp')), ...(await listeners('tcp6'))])
        if (inodes.has(inode) && !LOOPBACK.has(address)) open.push(`${name} ${address}`);
    }
    expect(open).toEqual([]);
  });

  it('write to the disk before they acknowledge', async () => {
    const { components } = status.parse(await state('status.json'));
    const pid = components.find(({ name }) => name === 'etcd')?.process?.pid;
    const flags = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    expect(flags.some((flag) => flag.includes('--data-dir'))).toBe(true);
    expect(flags.filter((flag) => flag.includes('fsync'))).toEqual([]);
    const peers = await Peers.make(await cluster.endpoints(), AbortSignal.timeout(60_000));
    expect(await peers.ask('postgres')).toMatchObject({ fsync: 'on' });
    expect(await peers.ask('redis')).toEqual({ appendonly: 'yes', appendfsync: 'always' });
  });
});

/** As `/proc/net` writes 127.0.0.1 and ::1, and ::ffff:127.0.0.1. */
const LOOPBACK = new Set([
  '0100007F',
  '00000000000000000000000001000000',
  '0000000000000000FFFF00000100007F',
]);
const LISTEN = '0A';

async function listeners(
  family: 'tcp' | 'tcp6',
): Promise<readonly { readonly address: string; readonly inode: string }[]> {
  const rows = (await readFile(`/proc/net/${family}`, 'utf8')).trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const fields = row.trim().split(/\s+/);
    const [address = ''] = (fields[1] ?? '').split(':');
    return fields[3] === LISTEN ? [{ address, inode: fields[9] ?? '' }] : [];
  });
}

async function socketsOf(pid: number): Promise<ReadonlySet<string>> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}
