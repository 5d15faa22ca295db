/** The simulated GPU nodes there may be, and which of them there are now. */
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { readStateFile, writePrivateFile } from '../files.ts';
import { readNodes, writeNodes, type NodeSpec } from '../node-agent/nodes/nodeSpec.ts';
import { withLock } from '../python/lock.ts';
import { gpuNodeMarks, PROVIDERS, type Capacity, type Provider } from './providers.ts';
import type { Machines } from './interrupt.ts';

const poolFile = z.object({
  provider: z.enum(PROVIDERS),
  spot: z.int().min(0).max(50),
  onDemand: z.int().min(0).max(50),
});
/** How many nodes of each kind the market has to give. */
export type Pool = z.infer<typeof poolFile>;

const DEFAULT_POOL: Pool = { provider: 'gke', spot: 2, onDemand: 1 };

/** A g2-standard-8: what a cloud sells with one L4. */
const CAPACITY = {
  cpu: '8',
  memory: '32Gi',
  'ephemeral-storage': '100Gi',
  pods: '110',
  'nvidia.com/gpu': '1',
};

const PROVIDER_IDS: Readonly<Record<Provider, string>> = {
  gke: 'gce://slipway/europe-west1-b/',
  eks: 'aws:///eu-west-1a/',
  karpenter: 'aws:///eu-west-1a/',
  aks: 'azure:///subscriptions/slipway/virtualMachines/',
};

function poolPath(home = slipwayHome()): string {
  return join(home, 'embedded', 'spot-pool.json');
}

export async function readPool(): Promise<Pool> {
  return (await readStateFile(poolPath(), poolFile)) ?? DEFAULT_POOL;
}

/** All nodes of the pool, whether they are there or not, on-demand first. */
export function poolNodes({ provider, spot, onDemand }: Pool): readonly NodeSpec[] {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  return [
    ...numbers(onDemand).map((number) => gpuNode(provider, 'onDemand', number)),
    ...numbers(spot).map((number) => gpuNode(provider, 'spot', number)),
  ];
}

function gpuNode(provider: Provider, capacity: Capacity, number: number): NodeSpec {
  const { labels, taints } = gpuNodeMarks(provider, capacity);
  const name = `gpu-${capacity === 'spot' ? 'spot' : 'on-demand'}-${number}`;
  return {
    name,
    labels: { ...labels, 'topology.kubernetes.io/zone': 'local-a' },
    annotations: { 'slipway.dev/simulated': 'nvidia.com/gpu' },
    taints: taints.map((taint) => ({ ...taint })),
    capacity: CAPACITY,
    providerId: `${PROVIDER_IDS[provider]}${name}`,
    state: { kind: 'ready' },
  };
}

/** Writes the pool's size and provider; its nodes come and the others go. */
export async function setPool(pool: Pool, signal: AbortSignal): Promise<void> {
  await change(signal, async () => {
    await writePrivateFile(poolPath(), JSON.stringify(pool));
    return poolNodes(pool);
  });
}

/** At the first start of a home; afterwards what the market did stays as it is. */
export async function ensurePool(signal: AbortSignal): Promise<void> {
  if ((await readStateFile(poolPath(), poolFile)) === undefined) await setPool(DEFAULT_POOL, signal);
}

/** Brings nodes up, new: all of the pool that are not ready, or those named. Returns their names. */
export async function restore(names: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const all = poolNodes(await readPool());
  const stranger = names.find((name) => !all.some((node) => node.name === name));
  if (stranger !== undefined)
    throw new SlipwayError('noNode', `The pool has no node ${stranger}.`, {
      action: 'Run slipway spot status',
    });
  const restored: string[] = [];
  await change(signal, (now) => {
    const isReady = (name: string): boolean =>
      now.some((node) => node.name === name && node.state.kind === 'ready');
    const wanted = all.filter(({ name }) => (names.length === 0 || names.includes(name)) && !isReady(name));
    restored.push(...wanted.map(({ name }) => name));
    return [...now.filter(({ name }) => !restored.includes(name)), ...wanted];
  });
  return restored;
}

/** The machines of this home. */
export function machines(deleteNode: boolean): Machines {
  return {
    shutDown: (name, noticeSeconds, signal) =>
      change(signal, (now) =>
        now.map((node) =>
          node.name === name ? { ...node, state: { kind: 'shuttingDown', noticeSeconds } } : node,
        ),
      ),
    powerOff: (name, signal) =>
      change(signal, (now) =>
        deleteNode
          ? now.filter((node) => node.name !== name)
          : now.map((node) => (node.name === name ? { ...node, state: { kind: 'vanished' } } : node)),
      ),
  };
}

/** One writer at a time: two interruptions may go on at once. */
async function change(
  signal: AbortSignal,
  next: (now: readonly NodeSpec[]) => readonly NodeSpec[] | Promise<readonly NodeSpec[]>,
): Promise<void> {
  await withLock(`${poolPath()}.lock`, async () => writeNodes(await next(await readNodes())), { signal });
}
