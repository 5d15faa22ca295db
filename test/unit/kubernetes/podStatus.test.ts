import { describe, expect, test } from 'vitest';
import type { Node, Pod } from '../../../src/clients/kubernetes/model.ts';
import { podRequests, summariseNode } from '../../../src/clients/kubernetes/nodeStatus.ts';
import { summarisePod } from '../../../src/clients/kubernetes/podStatus.ts';
import { formatBytes, formatCores, parseQuantity } from '../../../src/clients/kubernetes/quantity.ts';

const container = (name: string, state: object, more: object = {}): object => ({
  name,
  image: 'i',
  imageID: 'i',
  ready: false,
  restartCount: 0,
  state,
  ...more,
});
/** As the API server would send it: the types want more than the printer reads. */
const pod = (status: object, spec: object = {}, metadata: object = {}): Pod => ({
  metadata,
  spec: { containers: [{ name: 'main' }], ...spec },
  status,
});
const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const ended = (exitCode: number, reason?: string): object => ({ terminated: { exitCode, reason } });

/** Names and words of Kubernetes' own TestPrintPod and TestPrintPodwithInit (pkg/printers/internalversion). */
describe('the STATUS column', () => {
  test.each<[string, Pod, string, string]>([
    ['a phase alone', pod({ phase: 'Pending' }), 'Pending', 'waiting'],
    ['a reason instead of the phase', pod({ phase: 'Failed', reason: 'Evicted' }), 'Evicted', 'bad'],
    [
      'running and ready',
      pod({ phase: 'Running', containerStatuses: [container('main', running, { ready: true })] }),
      'Running',
      'good',
    ],
    [
      'running, not ready yet',
      pod({ phase: 'Running', containerStatuses: [container('main', running)] }),
      'Running',
      'waiting',
    ],
    [
      'a waiting container',
      pod({
        phase: 'Running',
        containerStatuses: [
          container('main', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 3 }),
        ],
      }),
      'CrashLoopBackOff',
      'bad',
    ],
    [
      'being created',
      pod({
        phase: 'Pending',
        containerStatuses: [container('main', { waiting: { reason: 'ContainerCreating' } })],
      }),
      'ContainerCreating',
      'waiting',
    ],
    [
      'an exit code without a reason',
      pod({ phase: 'Failed', containerStatuses: [container('main', ended(3))] }),
      'ExitCode:3',
      'bad',
    ],
    [
      'out of memory',
      pod({ phase: 'Failed', containerStatuses: [container('main', ended(137, 'OOMKilled'))] }),
      'OOMKilled',
      'bad',
    ],
    [
      'completed',
      pod({ phase: 'Succeeded', containerStatuses: [container('main', ended(0, 'Completed'))] }),
      'Completed',
      'done',
    ],
    [
      'one completed, one runs',
      pod({
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [container('a', ended(0, 'Completed')), container('b', running, { ready: true })],
      }),
      'Running',
      'waiting',
    ],
    [
      'deleted',
      pod({ phase: 'Running' }, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'Terminating',
      'waiting',
    ],
    [
      'an init container that runs',
      pod(
        { phase: 'Pending', initContainerStatuses: [container('i', running)] },
        { initContainers: [{ name: 'i' }, { name: 'j' }] },
      ),
      'Init:0/2',
      'waiting',
    ],
    [
      'an init container that crashes',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [container('i', { waiting: { reason: 'CrashLoopBackOff' } })],
        },
        { initContainers: [{ name: 'i' }] },
      ),
      'Init:CrashLoopBackOff',
      'bad',
    ],
    [
      'an init container that failed',
      pod(
        { phase: 'Failed', initContainerStatuses: [container('i', ended(1, 'Error'))] },
        { initContainers: [{ name: 'i' }] },
      ),
      'Init:Error',
      'bad',
    ],
    [
      'a started sidecar is no init container any more',
      pod(
        {
          phase: 'Running',
          initContainerStatuses: [container('side', running, { ready: true, started: true })],
          containerStatuses: [container('main', running, { ready: true })],
        },
        { initContainers: [{ name: 'side', restartPolicy: 'Always' }] },
      ),
      'Running',
      'good',
    ],
    [
      'gated',
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      }),
      'SchedulingGated',
      'waiting',
    ],
  ])('%s', (_name, one, status, health) => {
    expect(summarisePod(one)).toMatchObject({ status, health });
  });

  test('says why a pod waits for a node', () => {
    const message = '0/3 nodes are available: 3 Insufficient cpu.';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    expect(summarisePod(pod({ phase: 'Pending', conditions })).message).toBe(message);
  });
});

describe('requests', () => {
  test('containers and sidecars together, or the largest init container', () => {
    const requests = (cpu: string, memory: string): object => ({ resources: { requests: { cpu, memory } } });
    const spec = {
      containers: [requests('500m', '1Gi'), requests('250m', '512Mi')],
      initContainers: [requests('2', '128Mi'), { restartPolicy: 'Always', ...requests('100m', '64Mi') }],
    };
    expect(podRequests(pod({}, spec))).toEqual({ cores: 2, bytes: (1024 + 512 + 64) * 2 ** 20, gpus: 0 });
  });

  test('a limit counts where there is no request', () => {
    const spec = { containers: [{ resources: { limits: { 'nvidia.com/gpu': '2' } } }] };
    expect(podRequests(pod({}, spec)).gpus).toBe(2);
  });

  test('of a node, without pods that have ended', () => {
    const node = {
      metadata: { labels: { 'cloud.google.com/gke-spot': 'true' } },
      status: {
        allocatable: { cpu: '8', memory: '64Gi', 'nvidia.com/gpu': '2' },
        conditions: [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting node status.' }],
      },
    } as unknown as Node;
    const spec = { containers: [{ resources: { requests: { cpu: '1' } } }] };
    const summary = summariseNode(node, [pod({ phase: 'Running' }, spec), pod({ phase: 'Failed' }, spec)]);
    expect(summary).toMatchObject({
      isReady: false,
      capacityType: 'spot',
      message: 'Kubelet stopped posting node status.',
      allocatable: { cores: 8, gpus: 2 },
      requested: { cores: 1 },
    });
  });

  test.each([
    [{ 'eks.amazonaws.com/capacityType': 'SPOT' }, 'spot'],
    [{ 'eks.amazonaws.com/capacityType': 'ON_DEMAND' }, 'on-demand'],
    [{ 'karpenter.sh/capacity-type': 'spot' }, 'spot'],
    [{ 'karpenter.sh/capacity-type': 'reserved' }, 'on-demand'],
    [{ 'kubernetes.azure.com/scalesetpriority': 'spot' }, 'spot'],
    [{ 'cloud.google.com/gke-provisioning': 'preemptible' }, 'spot'],
    [{ 'cloud.google.com/gke-provisioning': 'standard' }, 'on-demand'],
    [{ 'kubernetes.io/hostname': 'x' }, undefined],
  ])('capacity type by the provider’s label: %o', (labels, expected) => {
    expect(summariseNode({ metadata: { labels } }, []).capacityType).toBe(expected);
  });
});

test.each([
  ['250m', 0.25],
  ['2', 2],
  ['1.5', 1.5],
  ['1e3', 1000],
  ['12E', 12e18],
  ['1Ki', 1024],
  ['31Gi', 31 * 2 ** 30],
  ['5n', 5e-9],
  ['', 0],
  ['many', 0],
])('quantity %s', (text, expected) => {
  expect(parseQuantity(text)).toBe(expected);
});

test('amounts for people', () => {
  expect([0, 0.25, 1, 7.55].map(formatCores)).toEqual(['0', '250m', '1', '7.5']);
  expect([0, 512 * 2 ** 20, 1.5 * 2 ** 30].map(formatBytes)).toEqual(['0 MiB', '512 MiB', '1.5 GiB']);
});
