/** The control plane through upstream's kubectl: what it lets in, what it turns away, what it keeps. */
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { applyDefinitions } from '../../dev-cluster/embedded/control-plane/manifests.ts';
import { kubeconfigFor } from '../../dev-cluster/embedded/control-plane/kubeconfig.ts';
import { issueCertificate } from '../../dev-cluster/embedded/control-plane/pki.ts';
import { KubernetesApi } from '../../src/clients/kubernetes/api.ts';
import { cluster, until } from './cluster.ts';

const { signal } = new AbortController();

const inferenceService = (name: string, spec: object = {}): object => ({
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: { name },
  spec: {
    predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://models/none' } },
    ...spec,
  },
});

const trainJob = (name: string): object => ({
  apiVersion: 'trainer.kubeflow.org/v1alpha1',
  kind: 'TrainJob',
  metadata: { name },
  spec: {
    runtimeRef: { name: 'torch-distributed' },
    trainer: { numNodes: 2, image: 'python:3.11', command: ['python', '-c', 'pass'] },
  },
});

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  // Of no node: it is never to run.
  spec: { nodeSelector: { none: 'such' }, containers: [{ name: 'main', image: 'python:3.11' }] },
});

const named = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

async function apply(object: object, ...args: readonly string[]): Promise<z.infer<typeof named>> {
  const text = await cluster.kubectl(['apply', '-f', '-', '-o', 'json', ...args], JSON.stringify(object));
  return named.parse(JSON.parse(text));
}

describe('webhooks', () => {
  it('of KServe give an InferenceService its defaults', async () => {
    const { metadata } = await apply(inferenceService('defaulted'), '--dry-run=server');
    expect(metadata.annotations).toMatchObject({ 'serving.kserve.io/deploymentMode': 'Standard' });
  });

  it('of KServe refuse canaries that get more than all', async () => {
    const canary = (name: string): object => ({
      trafficPercent: 60,
      predictor: { name, model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://models/none' } },
    });
    const refused = inferenceService('refused', { canary: [canary('one'), canary('two')] });
    await expect(apply(refused, '--dry-run=server')).rejects.toThrow(
      /admission webhook "inferenceservice.kserve-webhook-server.validator" denied/,
    );
  });

  it('of Trainer refuse a TrainJob of a runtime that is not there', async () => {
    const job = { ...trainJob('refused'), spec: { runtimeRef: { name: 'none' } } };
    await expect(apply(job, '--dry-run=server')).rejects.toThrow(
      /admission webhook "validator.trainjob.trainer.kubeflow.org" denied/,
    );
  });

  it('of JobSet do not keep pods of others from being created while nobody answers them', async () => {
    await cluster.slipway('stop', 'jobset');
    try {
      await expect(
        apply(
          {
            apiVersion: 'jobset.x-k8s.io/v1alpha2',
            kind: 'JobSet',
            metadata: { name: 'unseen' },
            spec: { replicatedJobs: [] },
          },
          '--dry-run=server',
        ),
      ).rejects.toThrow(/failed calling webhook "mjobset.kb.io"/);
      await apply(pod('unrelated'), '--dry-run=server');
    } finally {
      await cluster.slipway('start', 'jobset');
    }
    await until(async () => {
      const { stdout } = await cluster.slipway('status', '--json');
      return /"name":\s*"jobset",\s*"state":\s*"ready"/.test(stdout);
    });
  });
});

describe('controllers', () => {
  afterEach(async () => {
    // By name: the demo's model is beside them.
    const own = ['trainjob/two-nodes', 'isvc/steady'];
    await cluster.kubectl(['delete', ...own, '--ignore-not-found', '--wait=false']);
  });

  it('turn a TrainJob of two nodes into a JobSet, a Job and two pods', async () => {
    await apply(trainJob('two-nodes'));
    await cluster.kubectl(['wait', 'jobset/two-nodes', '--for=create', '--timeout=60s']);
    await cluster.kubectl(['wait', 'job/two-nodes-node-0', '--for=create', '--timeout=60s']);
    await until(async () => {
      const text = await cluster.kubectl([
        ...['get', 'pods', '-l', 'jobset.sigs.k8s.io/jobset-name=two-nodes'],
        ...[
          '-o',
          'jsonpath={range .items[*]}{.metadata.labels.batch\\.kubernetes\\.io/job-completion-index} ',
        ],
      ]);
      return new Set(text.trim().split(' ')).size === 2;
    });
  });

  it('turn an InferenceService into a Deployment that stays off the spot nodes of every provider', async () => {
    await apply(inferenceService('steady'));
    await cluster.kubectl(['wait', 'deployment/steady-predictor', '--for=create', '--timeout=60s']);
    const text = await cluster.kubectl([
      ...['get', 'deployment', 'steady-predictor'],
      ...[
        '-o',
        'jsonpath={.spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution}',
      ],
    ]);
    for (const label of [
      'cloud.google.com/gke-spot',
      'eks.amazonaws.com/capacityType',
      'karpenter.sh/capacity-type',
      'kubernetes.azure.com/scalesetpriority',
    ])
      expect(text).toContain(label);
  });

  it('may do what their roles say, and no more', async () => {
    const kserve = 'system:serviceaccount:kserve:kserve-controller-manager';
    const trainer = 'system:serviceaccount:kubeflow-system:kubeflow-trainer-controller-manager';
    const jobset = 'system:serviceaccount:jobset-system:jobset-controller-manager';
    expect(await mayDo(kserve, 'create', 'apps', 'deployments')).toBe(true);
    expect(await mayDo(kserve, 'delete', '', 'secrets')).toBe(false);
    expect(await mayDo(trainer, 'create', 'jobset.x-k8s.io', 'jobsets')).toBe(true);
    expect(await mayDo(trainer, 'create', '', 'pods')).toBe(false);
    expect(await mayDo(jobset, 'create', 'batch', 'jobs')).toBe(true);
    expect(await mayDo(jobset, 'get', '', 'secrets')).toBe(false);
    expect(await mayDo('system:kube-scheduler', 'update', '', 'pods/status')).toBe(true);
    expect(await mayDo('system:kube-scheduler', 'delete', 'apps', 'deployments')).toBe(false);
  });
});

async function mayDo(user: string, verb: string, group: string, resources: string): Promise<boolean> {
  const [resource = '', subresource] = resources.split('/');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes: { verb, group, resource, subresource } },
  };
  const text = await cluster.kubectl(['create', '-f', '-', '-o', 'json'], JSON.stringify(review));
  return z.object({ status: z.object({ allowed: z.boolean() }) }).parse(JSON.parse(text)).status.allowed;
}

describe('credentials', () => {
  it('are in files for their user alone', async () => {
    expect((await stat(cluster.kubeconfig)).mode & 0o777).toBe(0o600);
    expect((await stat(join(cluster.home, 'embedded', 'pki', 'ca.key'))).mode & 0o777).toBe(0o600);
  });

  it('that are missing, made up or of another authority open nothing', async () => {
    const server = serverUrl();
    const ca = await readFile(join(cluster.home, 'embedded', 'pki', 'ca.crt'), 'utf8');
    expect(await statusOf(`${server}/api/v1/nodes`, { ca })).toBe(401);
    expect(await statusOf(`${server}/readyz`, { ca })).toBe(401);
    expect(await statusOf(`${server}/api`, { ca, headers: { Authorization: 'Bearer made-up' } })).toBe(401);
    const etcd = await issueCertificate(
      { name: 'etcd-client', commonName: 'kube-apiserver', authority: 'etcd', signal },
      cluster.home,
    );
    const ofEtcd = { cert: await readFile(etcd.cert), key: await readFile(etcd.key) };
    expect(await statusOf(`${server}/api`, { ca, ...ofEtcd })).toBe(401);
  });

  it('of a user without rights open nothing but what everybody may see', async () => {
    const path = await kubeconfigFor('nobody', signal, { home: cluster.home });
    const api = KubernetesApi.fromFile(path);
    await expect(api.get('/api/v1/nodes', signal)).rejects.toMatchObject({ status: 403 });
    await expect(api.getText('/readyz', signal)).resolves.toBe('ok');
  });

  it('of the API server do not open etcd, and no certificate does not either', async () => {
    const ports = z
      .record(z.string(), z.int())
      .parse(JSON.parse(await readFile(join(cluster.home, 'embedded', 'ports.json'), 'utf8')));
    const url = `https://127.0.0.1:${ports['etcd']}/health`;
    const pki = join(cluster.home, 'embedded', 'pki');
    const ca = await readFile(join(pki, 'etcd-ca.crt'), 'utf8');
    const admin = await issueCertificate(
      { name: 'user-slipway-admin', commonName: 'slipway-admin', organizations: ['system:masters'], signal },
      cluster.home,
    );
    const ofAdmin = { cert: await readFile(admin.cert), key: await readFile(admin.key) };
    await expect(statusOf(url, { ca })).rejects.toThrow();
    await expect(statusOf(url, { ca, ...ofAdmin })).rejects.toThrow();
    const etcd = await readFile(join(pki, 'etcd-client.crt'));
    expect(await statusOf(url, { ca, cert: etcd, key: await readFile(join(pki, 'etcd-client.key')) })).toBe(
      200,
    );
  });
});

describe('what it serves', () => {
  it('has admission policies that validate and that mutate', async () => {
    const text = await cluster.kubectl([
      'api-resources',
      '--api-group=admissionregistration.k8s.io',
      '-o',
      'name',
    ]);
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'mutatingadmissionpolicies.admissionregistration.k8s.io',
        'validatingadmissionpolicies.admissionregistration.k8s.io',
      ]),
    );
  });

  it('has custom resources that a second start leaves alone, a new release replaces, and that come back when deleted', async () => {
    const name = 'inferencegraphs.serving.kserve.io';
    const version = async (): Promise<string | undefined> =>
      named.parse(JSON.parse(await cluster.kubectl(['get', 'crd', name, '-o', 'json']))).metadata
        .resourceVersion;
    const api = KubernetesApi.fromFile(cluster.kubeconfig);
    const before = await version();
    await applyDefinitions(api, signal);
    expect(await version()).toBe(before);
    // An older release has applied it, with a field that ours has not.
    const older = {
      metadata: { annotations: { 'slipway.dev/digest': 'of an older one' } },
      spec: { names: { shortNames: ['ig', 'old'] } },
    };
    await cluster.kubectl(['patch', 'crd', name, '--type=merge', '-p', JSON.stringify(older)]);
    const record = 'slipway-custom-resource-definitions';
    const digest = JSON.stringify({ data: { [name]: 'of an older one' } });
    await cluster.kubectl(['-n', 'kube-system', 'patch', 'configmap', record, '--type=merge', '-p', digest]);
    await applyDefinitions(api, signal);
    const path = 'jsonpath={.spec.names.shortNames}';
    expect(await cluster.kubectl(['get', 'crd', name, '-o', path])).toBe('["ig"]');
    await cluster.kubectl(['delete', 'crd', name]);
    await applyDefinitions(api, signal);
    expect(await cluster.kubectl(['get', 'inferencegraphs', '-A'])).toBe('');
  });

  it('keeps what it acknowledged when etcd and the API server are killed', async () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' }, data: { a: 'b' } };
    const { metadata } = await apply(map);
    for (const name of ['etcd', 'kube-apiserver']) {
      const record = await readFile(join(cluster.home, 'embedded', 'processes', `${name}.json`), 'utf8');
      process.kill(z.object({ pid: z.int() }).parse(JSON.parse(record)).pid, 'SIGKILL');
    }
    await until(async () => {
      const text = await cluster.kubectl(['get', 'configmap', 'kept', '-o', 'json']).catch(() => undefined);
      return text !== undefined && named.parse(JSON.parse(text)).metadata.uid === metadata.uid;
    });
    await cluster.kubectl(['delete', 'configmap', 'kept']);
  });
});

function serverUrl(): string {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  return config.getCurrentCluster()?.server ?? '';
}

async function statusOf(
  url: string,
  options: {
    readonly ca: string;
    readonly cert?: Buffer;
    readonly key?: Buffer;
    readonly headers?: Record<string, string>;
  },
): Promise<number | undefined> {
  const call = request(url, { ...options, agent: false });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
