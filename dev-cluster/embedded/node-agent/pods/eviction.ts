/** Whom the kubelet evicts when the node runs out of something, and what it says then. Pure. */
import { parseQuantity } from '../../../../src/clients/kubernetes/quantity.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { PodVerdict } from './podStatus.ts';

export type ScarceResource = 'memory' | 'ephemeral-storage';

export interface Candidate {
  readonly pod: Pod;
  /** Bytes by container. */
  readonly usage: ReadonlyMap<string, number>;
}

/** The first goes first: who uses more than it asked for, then the lower priority, then the larger excess. */
export function rankForEviction<T extends Candidate>(
  candidates: readonly T[],
  resource: ScarceResource,
): readonly T[] {
  const excess = ({ pod, usage }: T): number =>
    [...usage.values()].reduce((sum, bytes) => sum + bytes, 0) - requestOf(pod, resource);
  const priority = ({ pod }: T): number => pod.spec?.priority ?? 0;
  return candidates.toSorted(
    (a, b) =>
      Number(excess(b) > 0) - Number(excess(a) > 0) || priority(a) - priority(b) || excess(b) - excess(a),
  );
}

export function pressureVerdict(
  { pod, usage }: Candidate,
  resource: ScarceResource,
  threshold: string,
  availableBytes: number,
): PodVerdict {
  const greedy = (pod.spec?.containers ?? []).flatMap(({ name, resources }) => {
    const used = usage.get(name) ?? 0;
    const request = resources?.requests?.[resource] ?? '0';
    if (used <= parseQuantity(request)) return [];
    return `Container ${name} was using ${kibibytes(used)}, request is ${request}, has larger consumption of ${resource}. `;
  });
  const low = `The node was low on resource: ${resource}. Threshold quantity: ${threshold}, available: ${kibibytes(availableBytes)}. `;
  return evicted(low + greedy.join(''));
}

export function emptyDirVerdict(volume: string, limit: string): PodVerdict {
  return evicted(`Usage of EmptyDir volume "${volume}" exceeds the limit "${limit}". `);
}

function evicted(message: string): PodVerdict {
  return {
    phase: 'Failed',
    reason: 'Evicted',
    message,
    condition: { type: 'DisruptionTarget', reason: 'TerminationByKubelet', message },
  };
}

function requestOf(pod: Pod, resource: ScarceResource): number {
  return (pod.spec?.containers ?? []).reduce(
    (sum, { resources }) => sum + parseQuantity(resources?.requests?.[resource]),
    0,
  );
}

function kibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)}Ki`;
}
