/** Rows of the Environment view. */
import { describe, expect, test } from 'vitest';
import type { Node, Pod, Service } from '../../../src/clients/kubernetes/model.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import type { EnvironmentState } from '../../../src/environment/environment.ts';
import type { ClusterView } from '../../../src/environment/liveCluster.ts';
import type { EnvironmentNode } from '../../../src/environment/rows.ts';
import type { EnvironmentViewState } from '../../../src/environment/store.ts';
import { portsOf } from '../../../src/environment/podRows.ts';
import { childrenOf } from '../../../src/environment/tree.ts';

const ready: EnvironmentState = {
  kind: 'ready',
  endpoints: {
    kfp: { url: 'http://127.0.0.1:1', token: 't', label: 'kfp' },
    kubernetes: undefined,
    services: {},
    tools: {},
    parts: [],
  },
};
const state = (
  environment: Partial<EnvironmentViewState['environment']>,
  more: Partial<EnvironmentViewState> = {},
): EnvironmentViewState => ({
  environment: {
    id: 'embedded',
    label: 'Embedded cluster',
    isManaged: true,
    isProduction: false,
    state: ready,
    ...environment,
  },
  components: [],
  componentsError: undefined,
  cluster: { kind: 'none' },
  forwards: [],
  eventsOf: () => ({ kind: 'ready', events: [] }),
  ...more,
});

/** The open tree as lines of `label | description`. */
function lines(view: EnvironmentViewState, parent?: EnvironmentNode, indent = ''): string[] {
  return childrenOf(parent, view, Date.parse('2026-01-01T01:00:00Z')).flatMap((row) => [
    `${indent}${row.label} | ${row.description ?? ''}`,
    ...(row.expansion === 'leaf' ? [] : lines(view, row, `${indent}  `)),
  ]);
}

const component = (name: string, more: object = {}): EnvironmentViewState['components'][number] => ({
  name,
  state: 'ready',
  version: '1.0',
  endpoint: null,
  memoryMiB: null,
  message: '',
  fraction: null,
  ...more,
});

const node = (name: string, labels: Record<string, string>, isReady = true): Node => ({
  metadata: { name, labels },
  status: {
    allocatable: { cpu: '8', memory: '32Gi', ...(name.includes('gpu') ? { 'nvidia.com/gpu': '1' } : {}) },
    conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
  },
});
const pod = (name: string, nodeName: string | undefined): Pod => ({
  metadata: { name, namespace: 'kubeflow' },
  spec: {
    ...(nodeName === undefined ? {} : { nodeName }),
    containers: [
      {
        name: 'main',
        image: 'python:3.12',
        ports: [{ containerPort: 8080 }],
        resources: { requests: { cpu: '1' } },
      },
    ],
  },
  status: {
    phase: nodeName === undefined ? 'Pending' : 'Running',
    podIP: '10.42.0.5',
    containerStatuses:
      nodeName === undefined
        ? []
        : [{ name: 'main', image: '', imageID: '', ready: true, restartCount: 2, state: { running: {} } }],
  },
});
const service = (name: string, namespace: string, type = 'ClusterIP'): Service => ({
  metadata: { name, namespace },
  spec: { type, ports: [{ port: 80 }, { port: 9000 }] },
});

describe('the environment', () => {
  test('one that Slipway could start is empty while it is stopped: the welcome text says it', () => {
    expect(lines(state({ state: { kind: 'stopped' } }))).toEqual([]);
  });

  test('a context that is not connected says so, and a click connects', () => {
    const rows = childrenOf(
      undefined,
      state({ isManaged: false, label: 'prod', state: { kind: 'stopped' } }),
      0,
    );
    expect(rows.at(-1)).toMatchObject({
      label: 'Not connected to prod',
      command: 'slipway.environment.start',
    });
  });

  test('a failed one shows its sentence, and what is known of its components', () => {
    const error = new SlipwayError('startFailed', 'Python is missing.');
    const components = [component('kfp', { state: 'failed', message: 'Python is missing.' })];
    expect(lines(state({ state: { kind: 'failed', error } }, { components }))).toEqual([
      'Embedded cluster | failed',
      'Python is missing. | Click to try again',
      'Components | 0 of 1 ready',
      '  kfp | Python is missing.',
    ]);
  });

  test('one that runs names the component that does not', () => {
    const down = component('mlflow', { state: 'failed', message: 'Port 5000 is taken.' });
    const top = (components: EnvironmentViewState['components']): string | undefined =>
      lines(state({}, { components }))[0];
    expect(top([component('kfp'), down])).toBe('Embedded cluster | running · mlflow failed');
    expect(top([down, { ...down, name: 's3' }])).toBe('Embedded cluster | running · 2 components failed');
  });

  test('production is marked', () => {
    expect(lines(state({ isManaged: false, label: 'prod', isProduction: true }))[0]).toBe(
      'prod | production · connected',
    );
  });
});

test('components: what each is, or what it does until then', () => {
  const components = [
    component('kfp', { version: '2.17.0', endpoint: 'http://127.0.0.1:4001', memoryMiB: 163 }),
    component('kube-apiserver', { state: 'starting', message: 'Building, about 3 minutes', fraction: 0.4 }),
    component('mlflow', { state: 'waiting' }),
  ];
  expect(lines(state({}, { components })).slice(1, 5)).toEqual([
    'Components | 1 of 3 ready · 163 MiB',
    '  kfp | 2.17.0 · 127.0.0.1:4001 · 163 MiB',
    '  kube-apiserver | 40 % · Building, about 3 minutes',
    '  mlflow | waiting',
  ]);
  const off = component('feast-server', { state: 'stopped', message: 'Not started' });
  expect(lines(state({}, { components: [component('kfp'), off] }))[1]).toBe('Components | all 1 ready');
  const [, group] = childrenOf(undefined, state({}, { components }), 0);
  const contexts = childrenOf(group, state({}, { components }), 0).map(({ context }) => context);
  expect(contexts).toEqual([
    'component ready stoppable endpoint web',
    'component starting stoppable',
    'component waiting stoppable',
  ]);
});

describe('the cluster', () => {
  const objects = {
    nodes: [
      node('gpu-1', { 'cloud.google.com/gke-spot': 'true' }),
      node('gpu-2', { 'cloud.google.com/gke-provisioning': 'standard' }, false),
      node('laptop', {}),
    ],
    pods: [pod('train-0', 'gpu-1'), pod('waits', undefined)],
    services: [
      service('kubernetes', 'default'),
      service('elsewhere', 'default', 'ExternalName'),
      service('churn', 'kubeflow'),
    ],
  };
  const cluster: ClusterView = { kind: 'ready', objects, error: undefined };

  test('nodes with what is asked of them, pods beneath, services with ports', () => {
    expect(lines(state({}, { cluster })).slice(1)).toEqual([
      'Nodes | 2 of 3 ready · 2 pods',
      '  gpu-1 | spot · 1/8 CPU · 0 MiB/32 GiB · 0/1 GPU · 1 pod',
      '    train-0 | Running · 1/1 · 2 restarts · 10.42.0.5 · kubeflow',
      '      main | running · 2 restarts · python:3.12',
      '  gpu-2 | not ready · on-demand · 0/8 CPU · 0 MiB/32 GiB · 0/1 GPU',
      '  laptop | 0/8 CPU · 0 MiB/32 GiB',
      '  Without a node | 1 pod',
      '    waits | Pending · 0/1 · 10.42.0.5 · kubeflow',
      '      main | waiting · python:3.12',
      'Services | 1',
      '  churn | 80, 9000 · kubeflow',
    ]);
  });

  test('pods that have ended are one row under their node', () => {
    const done = { ...pod('step-1', 'laptop'), status: { phase: 'Succeeded' } };
    const failed = { ...pod('step-2', 'laptop'), status: { phase: 'Failed' } };
    const pods = [done, failed, pod('web', 'laptop')];
    const view: ClusterView = { ...cluster, objects: { ...objects, pods } };
    expect(lines(state({}, { cluster: view }))).toEqual(
      expect.arrayContaining([
        '    web | Running · 1/1 · 2 restarts · 10.42.0.5 · kubeflow',
        '    Ended | 2 pods · 1 failed',
        '      step-1 | Succeeded · 0/1 · kubeflow',
        '      step-2 | Failed · 0/1 · kubeflow',
      ]),
    );
  });

  test('a port that is only probed can be forwarded', () => {
    const ports = portsOf({
      spec: {
        containers: [
          { name: 'kserve-container', readinessProbe: { tcpSocket: { port: 8080 } } },
          { name: 'other', ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } } },
        ],
      },
    });
    expect(ports.map(({ port }) => port)).toEqual([8080, 80]);
  });

  test('ids are unique and stay', () => {
    const all = (parent?: EnvironmentNode): string[] =>
      childrenOf(parent, state({}, { cluster }), 0).flatMap((row) => [row.id, ...all(row)]);
    expect(new Set(all()).size).toBe(all().length);
    expect(all()).toEqual(all());
  });

  test('a menu offers a log, a shell and ports only where there are any', () => {
    const [, group] = childrenOf(undefined, state({}, { cluster }), 0);
    const podsOf = (index: number): string[] =>
      childrenOf(childrenOf(group, state({}, { cluster }), 0)[index], state({}, { cluster }), 0).map(
        ({ context }) => context,
      );
    expect(podsOf(0)).toEqual(['pod logs running ports']);
    expect(podsOf(3)).toEqual(['pod']);
  });

  test('events say why a pod waits', () => {
    const eventsOf = (): ReturnType<EnvironmentViewState['eventsOf']> => ({
      kind: 'ready',
      events: [
        {
          metadata: { name: 'e1' },
          involvedObject: {},
          type: 'Warning',
          reason: 'FailedScheduling',
          message: '0/3 nodes are available.',
          lastTimestamp: '2026-01-01T00:55:00Z',
          count: 4,
        },
      ],
    });
    expect(lines(state({}, { cluster, eventsOf }))).toContain(
      '      FailedScheduling | 0/3 nodes are available. · 5 min ago · 4 times',
    );
  });

  test('an error over what is known is a row beside it', () => {
    const view = state({}, { cluster: { ...cluster, error: new Error('The cluster is gone.') } });
    expect(lines(view).slice(1, 3)).toEqual([
      'The cluster is gone. | Click to try again',
      'Nodes | 2 of 3 ready · 2 pods',
    ]);
  });

  test('not there yet', () => {
    expect(lines(state({}))).toContain('The Kubernetes API is not ready yet | ');
  });
});

test('forwarded ports', () => {
  const forwards = [{ id: '1', title: 'pod train-0:8080', namespace: 'kubeflow', localPort: 8080 }];
  expect(lines(state({}, { forwards })).slice(-2)).toEqual([
    'Port Forwards | 1',
    '  127.0.0.1:8080 | to pod train-0:8080 · kubeflow',
  ]);
});
