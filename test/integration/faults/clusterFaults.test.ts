/**
 * The whole cluster while it is used (pipeline runs, a served model, the data services) and its parts are killed, cut
 * off, put to sleep or misled by the clock: they come back, and nothing that was acknowledged is lost.
 */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesIn } from '../../cluster/processes.ts';
import { FaultCluster, services, until } from './faultCluster.ts';
import { Recoveries } from './recoveries.ts';
import { Workload } from './workload.ts';

const STARTUP_MS = 900_000;
const FAULT_MS = 600_000;
const DATA = ['postgres', 'redis', 's3', 'mlflow'];
/** Longer than a node's lease. */
const SLEEP_MS = 60_000;
/** Less than what a signed request to S3 may be off. */
const JUMP_MS = 10 * 60_000;

let cluster: FaultCluster;
let work: Workload;
const recoveries = new Recoveries();

beforeAll(async () => {
  cluster = await FaultCluster.make();
  await cluster.start();
  work = new Workload(cluster);
  await until(() => work.isServing(), undefined, STARTUP_MS);
  await work.register();
}, STARTUP_MS);

afterAll(async () => {
  recoveries.print();
  await cluster.remove();
}, STARTUP_MS);

/** A run is under way and the model is asked while `fault` happens; afterwards all is well, and these have their data. */
async function underLoad(
  name: string,
  fault: () => Promise<void>,
  written: readonly string[] = [],
): Promise<void> {
  const run = await work.createRun(name);
  const asking = work.ask();
  await until(() => work.isStarted(run));
  const recovery = recoveries.start(name);
  await fault();
  await cluster.whole();
  recovery.whole();
  expect(await work.endOf(run)).toBe('SUCCEEDED');
  await until(() => work.isServing());
  const { right, wrong, refused } = await asking.stop();
  expect(wrong).toBe(0);
  expect(right).toBeGreaterThan(0);
  await work.expectKept(written);
  recovery.end(`run succeeded; model: ${right} right answers, ${refused} refused, none wrong; data kept`);
}

describe('[nightly] Killed while a run goes and the model is asked', () => {
  it.each(services)(
    '%s comes back, the run succeeds, the model answers',
    async (name) => {
      await work.createConfigMap(`before-${name}`);
      const written = DATA.includes(name) ? [name] : [];
      const writing = await Promise.all(written.map((one) => work.write(one)));
      const kill = async (): Promise<void> => {
        const pid = await cluster.kill(name);
        await Promise.all(writing.map(({ stop }) => stop()));
        await cluster.whole({ name, pid });
      };
      await underLoad(`kill -9 ${name}`, kill, written);
    },
    FAULT_MS,
  );

  it.each([
    ['etcd', 'kube-apiserver'],
    ['kube-apiserver', 'kube-scheduler'],
    ['s3', 'mlflow'],
  ])(
    '%s comes back elsewhere when a stranger takes its port, and %s and all others find it',
    async (name, dependent) => {
      const port = (await cluster.ports())[name] ?? 0;
      const misled = (await cluster.pids())[dependent];
      let stranger: Server | undefined;
      await underLoad(`kill -9 ${name}, a stranger takes its port`, async () => {
        const pid = await cluster.kill(name);
        stranger = await takePort(port);
        await cluster.whole({ name, pid });
        expect((await cluster.ports())[name]).not.toBe(port);
        // Started with the address of before, it starts anew.
        await until(async () => ![undefined, misled].includes((await cluster.pids())[dependent]));
      });
      const secret = ['get', 'secret', 'slipway-connections', '-o', 'jsonpath={.data.AWS_ENDPOINT_URL}'];
      const { s3 } = await cluster.endpoints();
      await until(
        async () => Buffer.from(await cluster.kubectl(secret), 'base64').toString() === s3?.url,
        () => 'Pods are told an old address of S3.',
      );
      stranger?.close();
    },
    FAULT_MS,
  );
});

describe('[nightly] The supervisor', () => {
  it(
    'is killed: the next one adopts every process',
    async () => {
      const before = await cluster.pids();
      const { supervisor } = await cluster.status();
      const recovery = recoveries.start('kill -9 of the supervisor');
      process.kill(supervisor.pid, 'SIGKILL');
      await cluster.up();
      await cluster.whole();
      recovery.whole();
      expect((await cluster.status()).supervisor.pid).not.toBe(supervisor.pid);
      expect(await cluster.pids()).toEqual(before);
      expect(await work.isServing()).toBe(true);
      recovery.end('every component with its old pid');
    },
    FAULT_MS,
  );

  it(
    'is followed by one of another build: every process gives way, the run goes on, all data is kept',
    async () => {
      const before = await cluster.pids();
      await underLoad('upgrade to another build', async () => {
        await cluster.becomeOfAnotherBuild();
        const { supervisor } = await cluster.status();
        process.kill(supervisor.pid, 'SIGKILL');
        await cluster.up();
      });
      await work.expectRegistered();
      const pids = Object.values(await cluster.pids());
      expect(Object.values(before).filter((pid) => pids.includes(pid))).toEqual([]);
      const left = processesIn(cluster.home).map((line) => Number.parseInt(line, 10));
      expect(Object.values(before).filter((pid) => left.includes(pid))).toEqual([]);
    },
    FAULT_MS,
  );

  it(
    'is one, however many are asked for at once',
    async () => {
      const before = await cluster.pids();
      const ends = await Promise.all([1, 2, 3].map(() => cluster.slipway('up', '--wait')));
      expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
      expect(await cluster.pids()).toEqual(before);
      const supervisors = processesIn(cluster.home).filter((line) => line.endsWith(' internal supervisor'));
      expect(supervisors).toHaveLength(1);
    },
    FAULT_MS,
  );
});

it(
  '[nightly] JobSet’s webhook is down: pods that are none of its are created and run, JobSets are refused',
  async () => {
    const jobSet = {
      apiVersion: 'jobset.x-k8s.io/v1alpha2',
      kind: 'JobSet',
      metadata: { name: 'refused-or-not' },
      spec: { replicatedJobs: [{ name: 'a', template: { spec: { template: { spec: shell('true') } } } }] },
    };
    expect((await cluster.slipway('stop', 'jobset')).code).toBe(0);
    const run = await work.createRun('without JobSet');
    await createPod('unrelated', 'echo well');
    await cluster.kubectl([
      'wait',
      'pod/unrelated',
      '--for=jsonpath={.status.phase}=Succeeded',
      '--timeout=60s',
    ]);
    await expect(cluster.kubectl(['create', '-f', '-'], JSON.stringify(jobSet))).rejects.toThrow(
      'mjobset.kb.io',
    );
    expect(await work.endOf(run)).toBe('SUCCEEDED');
    const recovery = recoveries.start('JobSet’s webhook down');
    expect((await cluster.slipway('start', 'jobset')).code).toBe(0);
    recovery.whole();
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify(jobSet));
    await cluster.kubectl(['wait', 'jobset/refused-or-not', '--for=condition=Completed', '--timeout=60s']);
    recovery.end('other pods created and run meanwhile; JobSets refused until it is back');
  },
  FAULT_MS,
);

describe('[nightly] Time', () => {
  it(
    'stands still for all of it, as when a laptop sleeps: nothing is started again',
    async () => {
      const before = await cluster.pids();
      await underLoad(`asleep for ${SLEEP_MS / 1000} s`, async () => {
        cluster.signalAll('SIGSTOP');
        await delay(SLEEP_MS);
        cluster.signalAll('SIGCONT');
        await until(() => work.isServing());
      });
      expect(await cluster.pids()).toEqual(before);
    },
    FAULT_MS,
  );

  it.each([
    ['ahead', JUMP_MS],
    ['back', -JUMP_MS],
  ])(
    'jumps %s for Slipway’s own processes: nothing is started again',
    async (direction, offset) => {
      const before = await cluster.pids();
      await underLoad(`clock jumps ${direction}`, () => cluster.setClock(offset));
      expect(await cluster.pids()).toEqual(before);
      await cluster.setClock(0);
    },
    FAULT_MS,
  );
});

it(
  '[nightly] Everything is killed at once: all data is there after `up`',
  async () => {
    const run = await work.createRun('killed-with-all');
    await work.createConfigMap('before-all');
    const recovery = recoveries.start('kill -9 of everything at once');
    cluster.signalAll('SIGKILL');
    await until(() => processesIn(cluster.home).length === 0);
    await cluster.up();
    recovery.whole();
    await work.expectKept();
    await work.expectRegistered();
    await until(() => work.isServing(), undefined, FAULT_MS);
    // Its steps went, too: it may have failed, but it has an end.
    const end = await work.endOf(run);
    expect(['SUCCEEDED', 'FAILED']).toContain(end);
    recovery.end(`all data kept; the run that was under way: ${end}`);
  },
  STARTUP_MS,
);

describe('[nightly] `slipway down`', () => {
  it(
    'stops what killed services left running, and no stranger',
    async () => {
      const script = 'while :; do sleep 0.1; done';
      const stranger = spawn('/bin/sh', ['-c', script, 'kube-apiserver', '--stranger'], { stdio: 'ignore' });
      await createPod('orphan', `: orphan; ${script}`);
      await cluster.kubectl(['wait', 'pod/orphan', '--for=condition=Ready', '--timeout=60s']);
      await work.createRun('left-by-the-killed');
      const { supervisor } = await cluster.status();
      process.kill(supervisor.pid, 'SIGKILL');
      for (const name of ['node-agent', 'kfp', 'kube-apiserver']) await cluster.kill(name);
      expect(processesIn(cluster.home).some((line) => line.includes(': orphan;'))).toBe(true);
      const { code } = await cluster.slipway('down');
      expect(code).toBe(0);
      expect(processesIn(cluster.home)).toEqual([]);
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
      stranger.kill('SIGKILL');
    },
    FAULT_MS,
  );

  it(
    'gave its ports away: strangers keep them, and all is there elsewhere',
    async () => {
      const ports = Object.values(await cluster.ports());
      const strangers = await Promise.all(ports.map(takePort));
      try {
        const recovery = recoveries.start('every port taken, up');
        await cluster.up();
        recovery.whole();
        const now = Object.values(await cluster.ports());
        expect(now.filter((port) => ports.includes(port))).toEqual([]);
        await work.expectKept();
        await work.expectRegistered();
        await until(() => work.isServing(), undefined, FAULT_MS);
        recovery.end('other ports; all data kept; the model answers');
      } finally {
        for (const server of strangers) server.close();
      }
    },
    STARTUP_MS,
  );

  it(
    'and `up`: all data is there, at the same addresses',
    async () => {
      const before = await cluster.endpoints();
      expect((await cluster.slipway('down')).code).toBe(0);
      const recovery = recoveries.start('down and up');
      await cluster.up();
      recovery.whole();
      expect({ ...(await cluster.endpoints()), supervisorPid: 0 }).toEqual({ ...before, supervisorPid: 0 });
      await work.expectKept();
      await work.expectRegistered();
      await until(() => work.isServing(), undefined, FAULT_MS);
      recovery.end('same addresses; all data kept; the model answers');
    },
    STARTUP_MS,
  );
});

function shell(script: string): object {
  return {
    restartPolicy: 'Never',
    containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', script] }],
  };
}

async function createPod(name: string, script: string): Promise<void> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: shell(script) };
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
}

/** Listens there from the moment that the port is free. */
async function takePort(port: number): Promise<Server> {
  for (;;) {
    const server = createServer((socket) => socket.destroy());
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
      });
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await delay(1);
    }
  }
}
