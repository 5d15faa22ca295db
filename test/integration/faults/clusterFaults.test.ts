/**
 * The whole cluster while it is used (pipeline runs, a served model, the data services) and its parts are killed: they
 * come back, and nothing that was acknowledged is lost.
 */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { http } from '../../../src/clients/http.ts';
import { KfpClient } from '../../../src/clients/kfp/client.ts';
import { isFinal } from '../../../src/clients/kfp/model.ts';
import { processesIn } from '../../cluster/processes.ts';
import { dag, pipeline, step, task } from '../../builders/irSpec.ts';
import { Peers } from '../services/peers.ts';
import { FaultCluster, services, until } from './faultCluster.ts';

const STARTUP_MS = 900_000;
const FAULT_MS = 300_000;
/** What a run of three steps takes, and some. */
const RUN_MS = 240_000;
const DATA = ['postgres', 'redis', 's3', 'mlflow'];
const kept = z.array(z.int());
const prediction = z.object({ predictions: z.array(z.int()) });

let cluster: FaultCluster;
let peers: Peers;
let kfp: KfpClient;
const acknowledged = {
  runs: [] as string[],
  configMaps: [] as string[],
  data: new Map<string, readonly number[]>(),
};

beforeAll(async () => {
  cluster = await FaultCluster.make();
  await cluster.up();
  const endpoints = await cluster.endpoints();
  peers = await Peers.make(endpoints, AbortSignal.timeout(STARTUP_MS));
  if (endpoints.kfp === undefined) throw new Error('There is no pipeline service.');
  kfp = new KfpClient({ ...endpoints.kfp, label: 'The pipeline service' });
}, STARTUP_MS);

afterAll(() => cluster.remove(), STARTUP_MS);

async function createRun(name: string): Promise<string> {
  const work = step({ command: ['sh', '-c', 'sleep 2'] });
  const tasks = {
    first: task('first'),
    second: task('second', { after: ['first'] }),
    third: task('third', { after: ['second'] }),
  };
  const spec = pipeline(dag(tasks), { first: work, second: work, third: work });
  const run = await kfp.createRun(
    { displayName: name, parameters: {}, source: { kind: 'spec', spec } },
    AbortSignal.timeout(30_000),
  );
  acknowledged.runs.push(run.id);
  return run.id;
}

async function endOf(id: string): Promise<string> {
  let state = '';
  await until(
    async () => {
      const run = await kfp.getRun(id, AbortSignal.timeout(10_000));
      ({ state } = run);
      return isFinal(run.state);
    },
    () => state,
    RUN_MS,
  );
  return state;
}

/** The demo's model, through the gateway. */
async function predict(): Promise<readonly number[]> {
  const { gateway } = await cluster.endpoints();
  const endpoint = {
    url: gateway?.url ?? '',
    token: undefined,
    label: 'The gateway',
    headers: { Host: 'churn-default.localhost' },
  };
  const instances = [
    [3, 95, 4, 1],
    [60, 30, 0, 24],
  ];
  const request = { method: 'POST', path: '/v1/models/churn:predict', body: { instances } } as const;
  return prediction.parse(await http(endpoint, request, AbortSignal.timeout(10_000))).predictions;
}

async function isServing(): Promise<boolean> {
  return JSON.stringify(await predict()) === '[1,0]';
}

async function createConfigMap(name: string): Promise<void> {
  await cluster.kubectl(['create', 'configmap', name, `--from-literal=name=${name}`]);
  acknowledged.configMaps.push(name);
}

async function expectAllKept(): Promise<void> {
  const maps = await cluster.kubectl(['get', 'configmaps', '-o', 'jsonpath={.items[*].data.name}']);
  expect(maps.split(' ')).toEqual(expect.arrayContaining(acknowledged.configMaps));
  for (const [name, ids] of acknowledged.data) {
    const found = new Set(kept.parse(await peers.ask(`kept_${name}`)));
    expect(ids.filter((id) => !found.has(id))).toEqual([]);
  }
  for (const id of acknowledged.runs) await kfp.getRun(id, AbortSignal.timeout(10_000));
}

/** Asks without end, one at a time; `stop` returns how many answers were right and how many were not answers. */
function askTheModel(): { readonly stop: () => Promise<{ right: number; wrong: number; refused: number }> } {
  const counts = { right: 0, wrong: 0, refused: 0 };
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const asking = (async () => {
    while (!isOver()) {
      try {
        counts[(await isServing()) ? 'right' : 'wrong'] += 1;
      } catch {
        counts.refused += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await asking;
      return counts;
    },
  };
}

it(
  '[nightly] is whole, and serves the demo’s model',
  async () => {
    await until(isServing, () => '', STARTUP_MS);
  },
  STARTUP_MS,
);

describe('[nightly] Killed while a run goes and the model is asked', () => {
  it.each(services)(
    '%s comes back, the run succeeds, the model answers',
    async (name) => {
      await createConfigMap(`before-${name}`);
      const run = await createRun(`killed-${name}`);
      const asking = askTheModel();
      const load = DATA.includes(name) ? peers.load(name) : undefined;
      await load?.reaches(10);
      await until(
        async () => (await kfp.getRun(run, AbortSignal.timeout(10_000))).state !== 'PENDING',
        () => 'pending',
      );
      const pid = await cluster.kill(name);
      await load?.stop();
      if (load !== undefined) acknowledged.data.set(name, load.acknowledged);
      await cluster.whole({ name, pid });
      expect(await endOf(run)).toBe('SUCCEEDED');
      await until(isServing);
      const { right, wrong } = await asking.stop();
      expect(wrong).toBe(0);
      expect(right).toBeGreaterThan(0);
      await expectAllKept();
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
      process.kill(supervisor.pid, 'SIGKILL');
      await cluster.up();
      await cluster.whole();
      expect((await cluster.status()).supervisor.pid).not.toBe(supervisor.pid);
      expect(await cluster.pids()).toEqual(before);
      expect(await isServing()).toBe(true);
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
  '[nightly] Everything is killed at once: all data is there after `up`',
  async () => {
    const run = await createRun('killed-with-all');
    await createConfigMap('before-all');
    for (const line of processesIn(cluster.home)) {
      try {
        process.kill(Number.parseInt(line, 10), 'SIGKILL');
      } catch {
        // It went with another.
      }
    }
    await until(() => processesIn(cluster.home).length === 0);
    await cluster.up();
    await expectAllKept();
    await until(isServing, () => '', FAULT_MS);
    // Its steps went, too: it may have failed, but it has an end.
    expect(['SUCCEEDED', 'FAILED']).toContain(await endOf(run));
  },
  STARTUP_MS,
);

describe('[nightly] `slipway down`', () => {
  it(
    'stops what killed services left running, and no stranger',
    async () => {
      const script = 'while :; do sleep 0.1; done';
      const stranger = spawn('/bin/sh', ['-c', script, 'kube-apiserver', '--stranger'], { stdio: 'ignore' });
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'orphan' },
        spec: { containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', `: orphan; ${script}`] }] },
      };
      await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
      await cluster.kubectl(['wait', 'pod/orphan', '--for=condition=Ready', '--timeout=60s']);
      await createRun('left-by-the-killed');
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
      const ports = await cluster.ports();
      const strangers = await Promise.all(Object.values(ports).map(listenAt));
      try {
        await cluster.up();
        const now = await cluster.ports();
        const taken = new Set(Object.values(ports));
        expect(Object.values(now).filter((port) => taken.has(port))).toEqual([]);
        const endpoints = await cluster.endpoints();
        peers = await Peers.make(endpoints, AbortSignal.timeout(STARTUP_MS));
        if (endpoints.kfp === undefined) throw new Error('There is no pipeline service.');
        kfp = new KfpClient({ ...endpoints.kfp, label: 'The pipeline service' });
        await expectAllKept();
        await until(isServing, () => '', FAULT_MS);
      } finally {
        for (const server of strangers) server.close();
      }
    },
    STARTUP_MS,
  );
});

async function listenAt(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return server;
}
