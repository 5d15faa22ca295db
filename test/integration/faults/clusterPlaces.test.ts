/** The whole cluster where it has it hard: without any network, as an ordinary user, on a disk that fills up. */
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { FaultCluster, services, until } from './faultCluster.ts';
import { OrdinaryUser } from './ordinaryUser.ts';
import { Recoveries } from './recoveries.ts';
import { SmallDisk } from './smallDisk.ts';
import { Workload } from './workload.ts';

const TEST_MS = 900_000;
/** The cluster's home takes 210 MiB at first; with less than 512 MiB free a node takes no pods. */
const DISK_MIB = 1200;
/** Long enough that what can't write has tried. */
const FULL_MS = 20_000;
/** Namespaces, other users and mounts need both. */
const canDo = process.platform === 'linux' && process.getuid?.() === 0;

const recoveries = new Recoveries();
let cluster: FaultCluster | undefined;
afterEach(removeCluster, TEST_MS);
afterAll(() => recoveries.print());

async function removeCluster(): Promise<void> {
  const made = cluster;
  cluster = undefined;
  await made?.remove();
}

describe.runIf(canDo)('[nightly] All of it comes up', () => {
  it('with no network but loopback, when everything is in the cache', { timeout: TEST_MS }, async () => {
    const script = 'ip link set lo up && exec "$@"';
    cluster = await FaultCluster.make({ through: ['unshare', '--net', 'sh', '-c', script, 'sh'] });
    const recovery = recoveries.start('no network, first start');
    await cluster.start();
    await cluster.whole();
    recovery.whole();
    recovery.end('every component ready, the demo’s model trained and served');
  });

  it('for a user who isn’t root, from the installed extension', { timeout: TEST_MS }, async () => {
    const user = await OrdinaryUser.make();
    try {
      cluster = await FaultCluster.make(user.options);
      const recovery = recoveries.start('not root, folders with spaces, first start');
      await cluster.start();
      await cluster.whole();
      recovery.whole();
      const pids = await cluster.pids();
      expect(Object.keys(pids).toSorted()).toEqual(services.toSorted());
      for (const pid of Object.values(pids)) expect((await stat(`/proc/${pid}`)).uid).toBe(user.uid);
      const work = new Workload(cluster);
      expect(await work.isServing()).toBe(true);
      expect(await work.endOf(await work.createRun('as an ordinary user'))).toBe('SUCCEEDED');
      recovery.end('every process theirs; the model answers; a run succeeds');
      await removeCluster();
    } finally {
      await removeCluster();
      await user.remove();
    }
  });
});

describe.runIf(canDo)('[nightly] The disk is full', () => {
  it('and has room again: all is well again, and what was kept is there', { timeout: TEST_MS }, async () => {
    const disk = await SmallDisk.make(DISK_MIB);
    try {
      const full = await FaultCluster.make({ parent: disk.path });
      cluster = full;
      await full.start();
      const work = new Workload(full);
      await work.register();
      await work.createConfigMap('before');
      expect(await work.endOf(await work.createRun('before'))).toBe('SUCCEEDED');
      const supervisor = (await full.status()).supervisor.pid;
      const writing = await Promise.all(
        ['postgres', 'redis', 's3', 'mlflow'].map((name) => work.write(name)),
      );
      disk.fill();
      // etcd can't write: the API server says so, or etcd ends and is started again and again.
      await until(async () => {
        const name = `full-${Date.now()}`;
        return (await full.kubectl(['create', 'configmap', name]).catch(() => '')) === '';
      });
      const run = await work.createRun('full').catch((error: unknown) => error);
      await delay(FULL_MS);
      await Promise.all(writing.map(({ stop }) => stop()));
      expect(run).toMatchObject({ message: expect.stringContaining('full') as string });
      const recovery = recoveries.start('disk full, then room again');
      await disk.free();
      await full.up();
      await full.whole();
      recovery.whole();
      expect((await full.status()).supervisor.pid).toBe(supervisor);
      await work.expectKept();
      await work.expectRegistered();
      await until(() => work.isServing());
      expect(await work.endOf(await work.createRun('after'))).toBe('SUCCEEDED');
      recovery.end('all that was acknowledged is kept; the model answers; a run succeeds');
    } finally {
      await removeCluster();
      await disk.remove();
    }
  });
});
