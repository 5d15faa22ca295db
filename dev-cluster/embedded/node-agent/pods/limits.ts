/** Holds pods to their limits, and the machine above its last reserves: memory limits, emptyDir sizes, node pressure. */
import { readFile, statfs } from 'node:fs/promises';
import { platform } from 'node:os';
import { parseQuantity } from '../../../../src/clients/kubernetes/quantity.ts';
import { delay } from '../../../../src/core/base/abort.ts';
import type { PodEnvironment } from '../contract.ts';
import type { AgentNode } from '../nodes/node.ts';
import { groupUsage } from '../usage.ts';
import type { UsageMeter } from '../usageMeter.ts';
import {
  emptyDirVerdict,
  pressureVerdict,
  rankForEviction,
  type Candidate,
  type ScarceResource,
} from './eviction.ts';
import type { PodVerdict } from './podStatus.ts';
import type { PodWorker } from './podWorker.ts';

/** Between looks at containers with a memory limit: often when one comes near to it. */
const CALM_MS = 2_000;
const NEAR_MS = 250;
const NEAR = 0.7;
const NODE_PERIOD_MS = 10_000;
/** Of the machine, as the kubelet's `memory.available<100Mi`. */
const LEAST_MEMORY = '100Mi';
/** The kubelet's tenth of the disk would be much on a laptop that people use for other things. */
const LEAST_DISK = '512Mi';
/** As the kubelet's for evictions that can't wait. */
const EVICTION_GRACE_SECONDS = 1;

export interface LimitsOptions {
  readonly nodes: () => readonly AgentNode[];
  readonly environment: PodEnvironment;
  readonly meter: UsageMeter;
  /** On the disk that pods fill. */
  readonly folder: string;
  readonly onError: (error: unknown) => void;
}

/** Until the signal aborts. */
export async function keepLimits(options: LimitsOptions, signal: AbortSignal): Promise<void> {
  const every = async (work: () => Promise<number>): Promise<void> => {
    while (!signal.aborted) {
      const pause = await work().catch((error: unknown) => {
        if (!signal.aborted) options.onError(error);
        return NODE_PERIOD_MS;
      });
      await delay(pause, signal).catch(() => undefined);
    }
  };
  await Promise.all([every(() => killOverLimit(options)), every(() => relieve(options, signal))]);
}

async function killOverLimit({ nodes }: LimitsOptions): Promise<number> {
  const limited = activeOf(nodes()).flatMap((worker) =>
    Array.from(worker.containers.values(), ({ pid, spec }) => ({
      worker,
      pid: pid ?? 0,
      name: spec.name,
      limit: parseQuantity(spec.resources?.limits?.['memory']),
    })).filter(({ pid, limit }) => pid > 0 && limit > 0),
  );
  const usage = await groupUsage(limited.map(({ pid }) => pid));
  let isNear = false;
  for (const { worker, pid, name, limit } of limited) {
    const used = usage.get(pid)?.memoryBytes ?? 0;
    if (used > limit) await worker.killContainer(name, 'OOMKilled');
    else if (used > limit * NEAR) isNear = true;
  }
  return isNear ? NEAR_MS : CALM_MS;
}

async function relieve(options: LimitsOptions, signal: AbortSignal): Promise<number> {
  const { environment, nodes, folder } = options;
  for (const worker of activeOf(nodes()).filter(({ hasSandbox }) => hasSandbox)) {
    const [name] = (await environment.oversizedVolumes(worker.sandbox, signal)).keys();
    const volume = worker.pod.spec?.volumes?.find((one) => one.name === name);
    if (volume !== undefined) evict(worker, emptyDirVerdict(volume.name, volume.emptyDir?.sizeLimit ?? ''));
  }
  const [memory, disk] = await Promise.all([availableMemory(), availableDisk(folder)]);
  const hasMemoryPressure = memory < parseQuantity(LEAST_MEMORY);
  const hasDiskPressure = disk < parseQuantity(LEAST_DISK);
  // All nodes are this machine.
  for (const node of nodes()) node.setHealth({ hasMemoryPressure, hasDiskPressure });
  if (hasMemoryPressure) evictOne(options, 'memory', LEAST_MEMORY, memory);
  else if (hasDiskPressure) evictOne(options, 'ephemeral-storage', LEAST_DISK, disk);
  return NODE_PERIOD_MS;
}

/** One at a time: its end may be enough. */
function evictOne(
  { nodes, meter }: LimitsOptions,
  resource: ScarceResource,
  threshold: string,
  available: number,
): void {
  const candidates = activeOf(nodes()).map((worker): Candidate & { readonly worker: PodWorker } => ({
    worker,
    pod: worker.pod,
    usage: new Map(
      Array.from(worker.containers.values(), (container) => [
        container.spec.name,
        resource === 'memory' ? (meter.of(container)?.memoryBytes ?? 0) : 0,
      ]),
    ),
  }));
  const [first] = rankForEviction(candidates, resource);
  if (first !== undefined) evict(first.worker, pressureVerdict(first, resource, threshold, available));
}

function evict(worker: PodWorker, verdict: PodVerdict): void {
  worker.event('Warning', 'Evicted', verdict.message ?? '');
  worker.terminate(verdict, EVICTION_GRACE_SECONDS);
}

function activeOf(nodes: readonly AgentNode[]): readonly PodWorker[] {
  return nodes.flatMap(({ workers }) => workers.filter(({ isEnding }) => !isEnding));
}

/** Without paging anything out. macOS swaps long before it runs out, so there it is never scarce. */
async function availableMemory(): Promise<number> {
  if (platform() !== 'linux') return Number.POSITIVE_INFINITY;
  const text = await readFile('/proc/meminfo', 'utf8');
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? Number.POSITIVE_INFINITY : Number(kib) * 1024;
}

async function availableDisk(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
