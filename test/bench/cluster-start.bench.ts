/**
 * The embedded cluster with its programs in the cache: how long until its API answers with people's own credentials (a
 * request, without the start of a kubectl) and until all is ready, in a new home and in a known one; what it takes when
 * idle: the control plane, with Kubeflow's controllers, and the whole platform. Memory is compared with what Kubeflow's manifests publish for
 * the same parts in kind (3.8 CPU, 8.2 GiB: KFP, KServe, Knative and Istio).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { report as reportStatus, readStatus } from '../../dev-cluster/embedded/supervisor/status.ts';
import { supervisorPaths } from '../../dev-cluster/embedded/supervisor/paths.ts';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { KubernetesApi } from '../../src/clients/kubernetes/api.ts';
import type { BenchRow, BenchSuite } from './suite.ts';

const WARM_STARTS = 3;
const IDLE_MS = 30_000;
const KIND = { peer: 'kind, published need', theirs: 8.2 * 1024 };
const CONTROL_PLANE = new Set([
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kserve',
  'jobset',
  'trainer',
]);

export const run: BenchSuite = async (report) => {
  const home = await mkdtemp(join(tmpdir(), 'slipway-cluster-start-'));
  try {
    tell(report, 'first', [await start(home)]);
    await sleep(IDLE_MS);
    await tellMemory(home, report);
    const warm: Start[] = [];
    for (let index = 0; index < WARM_STARTS; index++) {
      await cli(home, 'down');
      warm.push(await start(home));
    }
    tell(report, 'warm', warm);
  } finally {
    await cli(home, 'down');
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
};

interface Start {
  readonly apiMs: number;
  readonly allMs: number;
}

/** Both clocks run from the start of the command. */
async function start(home: string): Promise<Start> {
  const startedAt = performance.now();
  const done = new AbortController();
  const up = cli(home, 'up', '--wait').finally(() => done.abort());
  let apiMs = Number.NaN;
  while (!done.signal.aborted) {
    // Asked only once the cluster says so: an API server that starts shouldn't be kept busy by its clock.
    const status = await readStatus(supervisorPaths(home));
    const api = status?.components.find(({ name }) => name === 'kube-apiserver');
    if (api?.state === 'ready' && (await answers(home))) {
      apiMs = performance.now() - startedAt;
      break;
    }
    await sleep(25);
  }
  await up;
  return { apiMs, allMs: performance.now() - startedAt };
}

async function answers(home: string): Promise<boolean> {
  const api = KubernetesApi.fromFile(join(home, 'embedded', 'kubeconfig'));
  return api.list('/api/v1/namespaces', AbortSignal.timeout(5_000)).then(
    () => true,
    () => false,
  );
}

async function cli(home: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'dist', 'cli.js'), ...args], {
    env: { ...process.env, SLIPWAY_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`slipway ${args.join(' ')} ended with ${String(code)}.`);
}

function tell(report: (row: BenchRow) => void, kind: string, starts: readonly Start[]): void {
  report({ case: `${kind}-api-usable`, metric: 'ms', ours: median(starts.map(({ apiMs }) => apiMs)) });
  report({ case: `${kind}-all-ready`, metric: 'ms', ours: median(starts.map(({ allMs }) => allMs)) });
}

async function tellMemory(home: string, report: (row: BenchRow) => void): Promise<void> {
  const components = await reportStatus(await readStatus(supervisorPaths(home)));
  const sum = (names: (name: string) => boolean): number =>
    components.filter(({ name }) => names(name)).reduce((mib, { memoryMiB }) => mib + (memoryMiB ?? 0), 0);
  for (const { name, memoryMiB } of components)
    if (memoryMiB !== null) report({ case: `idle-${name}`, metric: 'mib', ours: memoryMiB });
  report({ case: 'idle-control-plane', metric: 'mib', ours: sum((name) => CONTROL_PLANE.has(name)) });
  report({ case: 'idle-platform', metric: 'mib', ours: sum(() => true), ...KIND });
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}
