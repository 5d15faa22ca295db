/**
 * Nodes that this machine plays. `laptop` is always there; those that come and go (spot, GPU) are listed in
 * `<home>/embedded/nodes.json`, which the agent watches: whoever changes the list (the spot market) writes it whole.
 */
import { availableParallelism, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../../../src/clients/embedded.ts';
import { readStateFile, writePrivateFile } from '../../files.ts';

/**
 * `ready`; `shuttingDown`: as a kubelet that systemd tells to stop, its pods end within the notice; `vanished`: its
 * processes are killed and nothing more is heard of it. A node that leaves the list is killed and its object deleted.
 */
const nodeState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('shuttingDown'), noticeSeconds: z.number().nonnegative() }),
  z.object({ kind: z.literal('vanished') }),
]);
export type NodeState = z.infer<typeof nodeState>;

const taint = z.object({ key: z.string(), value: z.string().optional(), effect: z.string() });

const nodeSpec = z.object({
  name: z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  taints: z.array(taint),
  /** Kubernetes quantities, e.g. `nvidia.com/gpu`: 1. */
  capacity: z.record(z.string(), z.string()),
  /** Of the cloud it pretends to be in, e.g. `gce://project/zone/name`. */
  providerId: z.string().optional(),
  state: nodeState,
});
export type NodeSpec = z.infer<typeof nodeSpec>;

const nodeList = z.object({ nodes: z.array(nodeSpec) });

export const LAPTOP = 'laptop';
const CPU_OVERCOMMIT = 8;
const MEMORY_OVERCOMMIT = 2;
const PODS = '250';

/** Stock predictors ask for a CPU and 2 GiB each and use a fraction: so it says it has more than there is. */
export function laptopSpec(): NodeSpec {
  const cores = availableParallelism();
  const kib = Math.floor(totalmem() / 1024);
  return {
    name: LAPTOP,
    labels: {
      'slipway.dev/machine': hostname()
        .toLowerCase()
        .replaceAll(/[^a-z0-9.-]/g, '-')
        .slice(0, 63),
    },
    annotations: {
      'slipway.dev/overcommit': `cpu=${CPU_OVERCOMMIT},memory=${MEMORY_OVERCOMMIT}`,
      'slipway.dev/physical': `cpu=${cores},memory=${kib}Ki`,
    },
    taints: [],
    capacity: {
      cpu: String(cores * CPU_OVERCOMMIT),
      memory: `${kib * MEMORY_OVERCOMMIT}Ki`,
      'ephemeral-storage': '100Gi',
      pods: PODS,
    },
    state: { kind: 'ready' },
  };
}

export function nodesPath(home = slipwayHome()): string {
  return join(home, 'embedded', 'nodes.json');
}

/** Those that come and go; none when the file isn't there or isn't one. */
export async function readNodes(home = slipwayHome()): Promise<readonly NodeSpec[]> {
  return (await readStateFile(nodesPath(home), nodeList))?.nodes ?? [];
}

/** Replaces the list. The agent follows within a second. */
export async function writeNodes(nodes: readonly NodeSpec[], home = slipwayHome()): Promise<void> {
  await writePrivateFile(nodesPath(home), `${JSON.stringify({ nodes }, undefined, 2)}\n`);
}
