/** Spot nodes that go, and what Kubernetes says of their pods; seen through kubectl. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { cluster, until } from './cluster.ts';

const podStatus = z.object({
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({
    phase: z.string().optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), reason: z.string().optional() }))
      .default([]),
  }),
});

const manifest = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      nodeSelector: { 'cloud.google.com/gke-spot': 'true' },
      tolerations: [
        { key: 'cloud.google.com/gke-spot', operator: 'Exists' },
        { key: 'nvidia.com/gpu', operator: 'Exists' },
      ],
      terminationGracePeriodSeconds: 2,
      containers: [
        {
          name: 'main',
          image: 'busybox',
          command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'],
        },
      ],
    },
  });

async function pod(name: string): Promise<z.infer<typeof podStatus>> {
  return podStatus.parse(JSON.parse(await cluster.kubectl(['get', 'pod', name, '-o', 'json'])));
}

async function started(name: string): Promise<string> {
  await cluster.kubectl(['apply', '-f', '-'], manifest(name));
  await until(async () => (await pod(name)).status.phase === 'Running');
  return (await pod(name)).spec.nodeName ?? '';
}

it('takes a GKE node away: its pods end as Terminated, the node goes, and restore brings it back', async () => {
  const node = await started('spot-gke');
  expect(node).toMatch(/^gpu-spot-/);
  const { code, stderr } = await cluster.slipway(
    'spot',
    'interrupt',
    node,
    '--as',
    'gke',
    '--notice',
    '3s',
    '--keep-node',
  );
  expect(code, stderr).toBe(0);
  const { status } = await pod('spot-gke');
  expect(status).toMatchObject({
    phase: 'Failed',
    reason: 'Terminated',
    message: 'Pod was terminated in response to imminent node shutdown.',
  });
  expect(status.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
  );
  expect((await cluster.slipway('spot', 'restore')).code).toBe(0);
  await cluster.kubectl(['wait', '--for=condition=Ready', `node/${node}`, '--timeout=60s']);
  await cluster.kubectl(['delete', 'pod', 'spot-gke', '--wait=false']);
});

it('drains a node as Karpenter does, and says why in an Event', async () => {
  const node = await started('spot-karpenter');
  const { code, stderr } = await cluster.slipway(
    'spot',
    'interrupt',
    node,
    '--as',
    'karpenter',
    '--notice',
    '5s',
  );
  expect(code, stderr).toBe(0);
  const events = await cluster.kubectl(['get', 'events', '-o', 'jsonpath={.items[*].reason}']);
  expect(events).toContain('SpotInterrupted');
  await expect(cluster.kubectl(['get', 'node', node])).rejects.toThrow(/not found/);
  await expect(cluster.kubectl(['get', 'pod', 'spot-karpenter'])).rejects.toThrow(/not found/);
  expect((await cluster.slipway('spot', 'restore')).code).toBe(0);
});

it('takes no on-demand node away', async () => {
  const { code, stderr } = await cluster.slipway('spot', 'interrupt', 'gpu-on-demand-1');
  expect(code).toBe(2);
  expect(stderr).toMatch(/not a spot node/);
});
