import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PodNetwork } from '../../../dev-cluster/embedded/node-agent/environment/podNetwork.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-network-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (): PodNetwork => new PodNetwork(join(folder, 'network.json'));
const master = { namespace: 'ml', name: 'job-0.job', port: 29_400 };

it('gives pods that start together different addresses, and remembers them', async () => {
  const network = open();
  const pods = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      network.allocate(`uid-${index}`, { namespace: 'ml', ports: [80, 81] }),
    ),
  );
  expect(new Set(pods.map(({ ip }) => ip)).size).toBe(20);
  expect(new Set(pods.flatMap(({ ports }) => [...ports.values()])).size).toBe(40);
  expect(await open().allocate('uid-7', { namespace: 'ml', ports: [80, 81] })).toEqual(pods[7]);
});

it('promises a port before its pod exists, over a restart, while somebody counts on it', async () => {
  const promised = await open().reserve('worker', master);
  const network = open();
  expect(await network.reserve('other', master)).toBe(promised);
  const own = await network.allocate('master', { namespace: 'ml', name: 'job-0.job', ports: [29_400] });
  expect(own.ports.get(29_400)).toBe(promised);
  await network.release('worker');
  await network.release('master');
  expect(await network.reserve('other', master)).toBe(promised);
  await network.release('other');
  expect(await network.pods()).toEqual([]);
});

it('does not move the port of a pod that runs already', async () => {
  const network = open();
  await network.allocate('master', { namespace: 'ml', name: 'job-0.job', ports: [] });
  expect(await network.reserve('worker', master)).toBe(29_400);
});

it('keeps a promise to all when the pod runs before the last has asked', async () => {
  const network = open();
  const promised = await network.reserve('master', master);
  await network.allocate('master', { namespace: 'ml', name: 'job-0.job', ports: [] });
  expect(await network.reserve('worker', master)).toBe(promised);
});

it('takes no port that somebody listens on', async () => {
  const network = open();
  const first = (await network.allocate('a', { namespace: 'ml', ports: [80] })).ports.get(80) ?? 0;
  const server = createServer().listen(first + 1, '127.0.0.1');
  try {
    await once(server, 'listening');
    const second = await network.allocate('b', { namespace: 'ml', ports: [80] });
    expect(second.ports.get(80)).not.toBe(first + 1);
  } finally {
    server.close();
  }
});
