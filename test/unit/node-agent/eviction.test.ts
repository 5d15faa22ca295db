import { expect, it } from 'vitest';
import type { Pod } from '../../../src/clients/kubernetes/model.ts';
import { pressureVerdict, rankForEviction } from '../../../dev-cluster/embedded/node-agent/pods/eviction.ts';

const MIB = 1024 * 1024;

function candidate(name: string, usedMiB: number, request: string, priority = 0) {
  const pod: Pod = {
    metadata: { name },
    spec: { priority, containers: [{ name: 'c', resources: { requests: { memory: request } } }] },
  };
  return { pod, usage: new Map([['c', usedMiB * MIB]]) };
}

it('takes who uses more than it asked for, then the lower priority, then the larger excess', () => {
  const ranked = rankForEviction(
    [
      candidate('within', 900, '1Gi'),
      candidate('important', 500, '100Mi', 1000),
      candidate('little', 150, '100Mi'),
      candidate('much', 400, '100Mi'),
    ],
    'memory',
  );
  expect(ranked.map(({ pod }) => pod.metadata?.name)).toEqual(['much', 'little', 'important', 'within']);
});

it("says it in the kubelet's words", () => {
  expect(pressureVerdict(candidate('p', 400, '100Mi'), 'memory', '100Mi', 50 * MIB).message).toBe(
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 51200Ki. ' +
      'Container c was using 409600Ki, request is 100Mi, has larger consumption of memory. ',
  );
});
