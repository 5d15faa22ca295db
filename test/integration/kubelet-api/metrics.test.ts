import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { issueCertificate } from '../../../dev-cluster/embedded/control-plane/pki.ts';
import { startMetricsApi } from '../../../dev-cluster/embedded/node-agent/metrics-api/server.ts';
import { cachedProgram, startApiServer, type ApiServer } from './apiServer.ts';
import { FakeNode, NODE_NAME } from './fakeNode.ts';

const stop = new AbortController();
let server: ApiServer;
let node: FakeNode;
let kubectlPath: string;
let metricsPort: number;

beforeAll(async () => {
  server = await startApiServer(AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]));
  node = new FakeNode(server, stop.signal);
  await node.start();
  kubectlPath = await cachedProgram('kubectl');
  const { port } = await startMetricsApi({
    nodes: () => [{ name: NODE_NAME, labels: { kind: 'real' }, pods: node }],
    meter: node.meter,
    api: server.api,
    signal: stop.signal,
    home: server.home,
  });
  metricsPort = port;
  await node.run({ name: 'idle', script: 'exec sleep 1000', labels: { app: 'idle' } });
  await node.run({ name: 'busy', script: 'while :; do :; done', labels: { app: 'busy' } });
  // The aggregator looks at a new APIService in its own time.
  while (!(await kubectl('get', '--raw', '/apis/metrics.k8s.io/v1beta1').catch(() => ''))) await delay(200);
});

afterAll(async () => {
  await node.stopPods();
  stop.abort();
  await server.stop();
  expect(node.errors).toEqual([]);
});

async function kubectl(...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(kubectlPath, ['--kubeconfig', server.kubeconfig, ...words]);
  return stdout;
}

describe('metrics.k8s.io', () => {
  it('answers kubectl top', async () => {
    await node.meter.sample();
    await delay(1_000);
    await node.meter.sample();
    const pods = (await kubectl('top', 'pods', '--no-headers', '--containers')).trim().split('\n');
    const rows = new Map(pods.map((line) => line.split(/\s+/)).map(([pod = '', ...rest]) => [pod, rest]));
    expect([...rows.keys()].toSorted()).toEqual(['busy', 'idle']);
    const [container, cpu = '', memory = ''] = rows.get('busy') ?? [];
    expect(container).toBe('main');
    expect(Number.parseInt(cpu, 10)).toBeGreaterThan(100);
    expect(Number.parseInt(cpu, 10)).toBeLessThanOrEqual(1100);
    expect(memory).toMatch(/^\d+Mi$/);
    expect(Number.parseInt(rows.get('idle')?.[1] ?? '', 10)).toBeLessThan(20);
    expect(await kubectl('top', 'pods', '--no-headers', '-l', 'app in (idle, other)')).toMatch(/^idle\s/);
    const top = await kubectl('top', 'nodes', '--no-headers');
    expect(top).toMatch(/^laptop\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%\s*$/);
  });

  it('is discovered as an API group of its own', async () => {
    const resources = await kubectl('api-resources', '--api-group', 'metrics.k8s.io', '--no-headers');
    expect(resources).toMatch(/nodes\s+metrics\.k8s\.io\/v1beta1\s+false\s+NodeMetrics/);
    expect(resources).toMatch(/pods\s+metrics\.k8s\.io\/v1beta1\s+true\s+PodMetrics/);
    const available = await kubectl('get', 'apiservice', 'v1beta1.metrics.k8s.io', '--no-headers');
    expect(available).toContain('True');
  });

  it('has one object, or says that there is none', async () => {
    expect(await kubectl('get', 'podmetrics', 'busy', '-o', 'name')).toBe('podmetrics.metrics.k8s.io/busy\n');
    await expect(kubectl('get', 'podmetrics', 'nobody')).rejects.toThrow(/"default\/nobody" not found/);
    await expect(kubectl('get', 'nodemetrics', 'nowhere')).rejects.toThrow(/"nowhere" not found/);
  });
});

/** Straight to a listener, past the API server. */
async function direct(
  port: number,
  path: string,
  credentials: { readonly cert?: string; readonly key?: string; readonly token?: string },
): Promise<number | undefined> {
  const { cert, key, token } = credentials;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port,
        path,
        rejectUnauthorized: false,
        ...(cert === undefined ? {} : { cert, key }),
        headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      },
      resolve,
    )
      .on('error', reject)
      .end();
  });
  await text(response);
  return response.statusCode;
}

async function certificate(
  commonName: string,
  organizations: readonly string[] = [],
): Promise<{ cert: string; key: string }> {
  const signal = stop.signal;
  const files = await issueCertificate(
    { name: `test-${commonName}`, commonName, organizations, signal },
    server.home,
  );
  return { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
}

describe('the node’s own listeners', () => {
  it('let nobody in without a credential', async () => {
    expect(await direct(node.port, '/pods', {})).toBe(401);
    expect(await direct(node.port, '/healthz', { token: 'guessed' })).toBe(401);
    expect(await direct(metricsPort, '/apis/metrics.k8s.io/v1beta1/pods', {})).toBe(401);
  });

  it('let the API server in, and others as RBAC says', async () => {
    expect(await direct(node.port, '/pods', await certificate('kube-apiserver-kubelet-client'))).toBe(200);
    expect(await direct(node.port, '/pods', await certificate('somebody'))).toBe(403);
    expect(await direct(node.port, '/pods', await certificate('an-admin', ['system:masters']))).toBe(200);
    const files = await issueCertificate(
      {
        name: 'stranger',
        commonName: 'kube-apiserver-kubelet-client',
        authority: 'etcd',
        signal: stop.signal,
      },
      server.home,
    );
    const stranger = { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
    expect(await direct(node.port, '/pods', stranger)).toBe(401);
  });

  it('ask for the right to a token’s owner', async () => {
    await kubectl('create', 'serviceaccount', 'scraper');
    const token = (await kubectl('create', 'token', 'scraper')).trim();
    expect(await direct(node.port, '/metrics/resource', { token })).toBe(403);
    await kubectl('create', 'clusterrole', 'scrape', '--verb=get', '--resource=nodes/metrics');
    await kubectl(
      'create',
      'clusterrolebinding',
      'scrape',
      '--clusterrole=scrape',
      '--serviceaccount=default:scraper',
    );
    while ((await direct(node.port, '/metrics/resource', { token })) === 403) await delay(100);
    expect(await direct(node.port, '/metrics/resource', { token })).toBe(200);
    expect(await direct(node.port, '/pods', { token })).toBe(403);
  });

  it('metrics.k8s.io takes the front proxy’s certificate only', async () => {
    const path = '/apis/metrics.k8s.io/v1beta1/pods';
    expect(await direct(metricsPort, path, await certificate('front-proxy-client'))).toBe(401);
    const files = await issueCertificate(
      { name: 'other-proxy', commonName: 'another', authority: 'front-proxy', signal: stop.signal },
      server.home,
    );
    const other = { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
    expect(await direct(metricsPort, path, other)).toBe(401);
  });
});

describe('statistics through the API server’s node proxy', () => {
  const proxied = (path: string): Promise<string> =>
    kubectl('get', '--raw', `/api/v1/nodes/${NODE_NAME}/proxy${path}`);

  it('has the kubelet’s summary', async () => {
    const summary = z
      .object({
        node: z.object({ nodeName: z.string(), fs: z.object({ capacityBytes: z.number().positive() }) }),
        pods: z.array(
          z.object({
            podRef: z.object({ name: z.string(), namespace: z.string(), uid: z.string() }),
            cpu: z.object({ usageNanoCores: z.int(), usageCoreNanoSeconds: z.int() }),
            memory: z.object({ workingSetBytes: z.int().positive() }),
            containers: z.array(z.object({ name: z.literal('main') })).length(1),
          }),
        ),
      })
      .parse(JSON.parse(await proxied('/stats/summary')));
    expect(summary.node.nodeName).toBe(NODE_NAME);
    expect(summary.pods.map(({ podRef }) => podRef.name).toSorted()).toEqual(['busy', 'idle']);
  });

  it('has Prometheus metrics and pods', async () => {
    const metrics = await proxied('/metrics/resource');
    expect(metrics).toMatch(
      /^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="busy"\} [\d.]+$/m,
    );
    expect(await proxied('/metrics/cadvisor')).toMatch(
      /^container_memory_working_set_bytes\{.*pod="idle"\} \d+$/m,
    );
    expect(JSON.parse(await proxied('/pods'))).toMatchObject({ kind: 'PodList', items: [{}, {}] });
  });
});
