/** What the Environment view does to a cluster, against a real API server and the real kubelet API of a node. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { createServer, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import { http } from '../../../src/clients/http.ts';
import { loadKubeconfig } from '../../../src/clients/kubernetes/kubeconfig.ts';
import { openShell, SHELL_COMMAND, type Shell } from '../../../src/clients/kubernetes/shell.ts';
import { ContextEnvironment } from '../../../src/environment/contextEnvironment.ts';
import { Forwards } from '../../../src/environment/forwards.ts';
import { connectKubernetes } from '../../../src/environment/kubernetesAccess.ts';
import { LiveCluster } from '../../../src/environment/liveCluster.ts';
import { Environments } from '../../../src/environment/session.ts';
import { contextVariables } from '../../../src/environment/toolContext.ts';
import { server as fakeKfp } from '../../unit/pipelines/builders.ts';
import { cachedProgram, startApiServer, type ApiServer } from '../kubelet-api/apiServer.ts';
import { FakeNode } from '../kubelet-api/fakeNode.ts';

const run = promisify(execFile);
const stop = new AbortController();
let cluster: ApiServer;
let node: FakeNode;
let folder: string;
let kubeconfig: string;
const CONTEXT = 'team “größe”';

beforeAll(async () => {
  cluster = await startApiServer(AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]));
  node = new FakeNode(cluster, stop.signal);
  await node.start();
  folder = await mkdtemp(join(tmpdir(), 'slipway environment '));
  kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, await readFile(cluster.kubeconfig, 'utf8'));
});

afterAll(async () => {
  await node.stopPods();
  stop.abort();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
  expect(node.errors).toEqual([]);
});

async function environmentsOn(paths: () => readonly string[], context?: string): Promise<Environments> {
  const environments = new Environments(
    new ContextEnvironment({
      context: context ?? loadKubeconfig([kubeconfig]).currentContext,
      paths,
      connect: connectKubernetes,
      tools: () => Promise.resolve({}),
      connectsAtOnce: true,
    }),
    { kfp: () => fakeKfp({}), kubernetes: connectKubernetes },
    {
      requireTrust: () => undefined,
      withProgress: (_title, work) => work(() => undefined, AbortSignal.timeout(15_000)),
      isProduction: () => false,
      confirmProduction: () => Promise.resolve(),
    },
  );
  await environments.current.discovered;
  return environments;
}

let environments: Environments;
beforeEach(async () => {
  environments = await environmentsOn(() => [kubeconfig]);
});
afterEach(() => {
  environments.dispose();
});

/** The machine may be busy. */
const SLOW = { timeout: 20_000 };
const forever = (): AbortSignal => AbortSignal.timeout(30_000);

describe('a context of the kubeconfig', () => {
  it('is connected to, and says which parts it has not', () => {
    const { state } = environments;
    expect(state.kind).toBe('ready');
    if (state.kind !== 'ready') return;
    expect(state.endpoints.kfp).toBeUndefined();
    expect(state.endpoints.parts.find(({ name }) => name === 'mlflow')).toMatchObject({
      isFound: false,
      where: 'No Service mlflow or mlflow-tracking in any namespace.',
    });
    expect(environments.session?.findKfp()).toBeUndefined();
    expect(() => environments.session?.kfp).toThrow(
      expect.objectContaining({ reason: 'noPipelineService' }) as Error,
    );
  });

  it('reaches a pipeline service through the API server, with the cluster’s own credential', async () => {
    const asked: { url: string | undefined; authorization: string | undefined }[] = [];
    const service = createServer(({ url, headers }, response) => {
      asked.push({ url, authorization: headers.authorization });
      response.setHeader('Content-Type', 'application/json').end('{"tag_name":"2.17.0"}');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as AddressInfo;
    const { api } = cluster;
    await api.create('/api/v1/namespaces', { metadata: { name: 'kubeflow' } }, forever());
    await api.create(
      '/api/v1/namespaces/kubeflow/services',
      {
        metadata: { name: 'ml-pipeline' },
        spec: { ports: [{ name: 'http', port: 8888, targetPort: port }] },
      },
      forever(),
    );
    const pods = '/api/v1/namespaces/kubeflow/pods';
    const spec = { nodeName: 'laptop', containers: [{ name: 'main', image: 'test' }] };
    await api.create(pods, { metadata: { name: 'ml-pipeline-0' }, spec }, forever());
    const status = { phase: 'Running', podIP: '10.42.0.9', podIPs: [{ ip: '10.42.0.9' }] };
    await api.patch(`${pods}/ml-pipeline-0/status`, { status }, 'application/merge-patch+json', forever());
    const targetRef = { kind: 'Pod', namespace: 'kubeflow', name: 'ml-pipeline-0' };
    // What the endpoints controller makes of ready pods.
    await api.create(
      '/api/v1/namespaces/kubeflow/endpoints',
      {
        metadata: { name: 'ml-pipeline' },
        subsets: [{ addresses: [{ ip: '10.42.0.9', targetRef }], ports: [{ name: 'http', port }] }],
      },
      forever(),
    );
    try {
      await environments.refresh();
      const { state } = environments;
      const kfp = state.kind === 'ready' ? state.endpoints.kfp : undefined;
      if (kfp === undefined) throw new Error('The pipeline service was not found.');
      // The API server learns of the endpoints by a watch of its own.
      await expect
        .poll(() =>
          http(kfp, { method: 'GET', path: '/apis/v2beta1/healthz' }, forever()).catch(
            (error: unknown) => error,
          ),
        )
        .toEqual({ tag_name: '2.17.0' });
      expect(asked.at(-1)).toEqual({ url: '/apis/v2beta1/healthz', authorization: undefined });
      // The same place: whoever works with the Session goes on.
      const { session } = environments;
      await environments.refresh();
      expect(environments.session).toBe(session);
    } finally {
      service.close();
    }
  });

  it('that is in no file, or whose server is gone, fails with a sentence', async () => {
    const gone = await environmentsOn(() => [kubeconfig], CONTEXT);
    expect(gone.state).toMatchObject({ kind: 'failed', error: { reason: 'noContext' } });
    gone.dispose();
    const dead = join(folder, 'dead');
    const config = await readFile(kubeconfig, 'utf8');
    await writeFile(dead, config.replace(/https:\/\/127\.0\.0\.1:\d+/, 'https://127.0.0.1:1'));
    const unreachable = await environmentsOn(() => [dead]);
    expect(unreachable.state).toMatchObject({ kind: 'failed', error: { reason: 'clusterUnreachable' } });
    unreachable.dispose();
    await writeFile(dead, '}{');
    const broken = await environmentsOn(() => [dead], 'any');
    expect(broken.state).toMatchObject({ kind: 'failed', error: { reason: 'kubeconfigUnreadable' } });
    broken.dispose();
  });
});

describe('the live cluster', () => {
  it('lists while somebody looks, and asks nothing when nobody does', async () => {
    await node.run({ name: 'seen', script: 'exec sleep 1000' });
    const live = new LiveCluster();
    live.follow(environments.session);
    expect(live.view).toEqual({ kind: 'loading' });
    live.setVisible(true);
    const names = (): (string | undefined)[] | string =>
      live.view.kind === 'ready'
        ? live.view.objects.pods.map(({ metadata }) => metadata?.name)
        : live.view.kind;
    await expect.poll(names, SLOW).toContain('seen');
    await node.run({ name: 'came-later', script: 'exec sleep 1000' });
    await expect.poll(names, SLOW).toContain('came-later');
    live.setVisible(false);
    await node.run({ name: 'unseen', script: 'exec sleep 1000' });
    await expect
      .poll(async () => (await cluster.api.list('/api/v1/pods', forever())).items.length)
      .toBeGreaterThan(2);
    expect(names()).not.toContain('unseen');
    live.setVisible(true);
    await expect.poll(names, SLOW).toContain('unseen');
    live.follow(undefined);
    expect(live.view).toEqual({ kind: 'none' });
    live.dispose();
  });
});

describe('port-forward', () => {
  it('carries requests to the pod and answers back, and ends with the Session', async () => {
    const web = createServer((incoming, response) => {
      void text(incoming).then((body) =>
        response.end(`${incoming.method ?? ''} ${incoming.url ?? ''} ${body.length}`),
      );
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo;
    const errors: Error[] = [];
    const forwards = new Forwards((error) => errors.push(error));
    try {
      await node.run({ name: 'web', script: 'exec sleep 1000', hostPorts: new Map([[8080, port]]) });
      const session = environments.require();
      const target = { kind: 'pod', namespace: 'default', name: 'web', port: 8080 } as const;
      const forward = await forwards.forward(session, target);
      expect(await forwards.forward(session, target)).toBe(forward);
      expect(forwards.open).toHaveLength(1);
      expect(await post(forward.localPort, '/predict', 'x'.repeat(300_000))).toBe('POST /predict 300000');
      // A client that ends its own side first still gets its answer.
      expect(await halfClosed(forward.localPort)).toContain('GET /half 0');
      session.dispose();
      expect(forwards.open).toEqual([]);
      await expect(post(forward.localPort, '/', '')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(errors).toEqual([]);
    } finally {
      forwards.dispose();
      web.close();
    }
  });

  it('says what is wrong: a port nobody listens on, a service without a ready pod', async () => {
    const errors: Error[] = [];
    const forwards = new Forwards((error) => errors.push(error));
    try {
      await node.run({ name: 'silent', script: 'exec sleep 1000', hostPorts: new Map([[8080, 1]]) });
      const session = environments.require();
      const forward = await forwards.forward(session, {
        kind: 'pod',
        namespace: 'default',
        name: 'silent',
        port: 8080,
      });
      await expect(post(forward.localPort, '/', '')).rejects.toThrow();
      await expect
        .poll(() => errors.map(({ message }) => message).join(), SLOW)
        .toMatch(/Port 8080 of silent/);
      await cluster.api.create(
        '/api/v1/namespaces/default/services',
        { metadata: { name: 'empty' }, spec: { selector: { app: 'nothing' }, ports: [{ port: 80 }] } },
        forever(),
      );
      await expect(
        forwards.forward(session, { kind: 'service', namespace: 'default', service: 'empty', port: 80 }),
      ).rejects.toMatchObject({ reason: 'noReadyPod' });
    } finally {
      forwards.dispose();
    }
  });
});

describe('a shell', () => {
  const open = async (api: KubernetesApi, pod: string): Promise<{ shell: Shell; output: () => string }> => {
    let output = '';
    const shell = await openShell(api, {
      namespace: 'default',
      pod,
      container: 'main',
      command: SHELL_COMMAND,
      size: { rows: 31, columns: 97 },
      onOutput: (chunk) => {
        output += chunk;
      },
    });
    return { shell, output: () => output };
  };

  it('is a terminal of the right size, in the container, and tells its exit code', async () => {
    await node.run({ name: 'shell', script: 'exec sleep 1000', env: { GREETING: 'grüße' } });
    const { shell, output } = await open(await environments.require().kubernetes(), 'shell');
    shell.write('echo "$GREETING-$((40+2))"; stty size\n');
    await expect.poll(output, SLOW).toMatch(/grüße-42\r\n31 97/);
    shell.resize({ rows: 40, columns: 120 });
    await expect
      .poll(() => {
        shell.write('stty size\n');
        return output();
      }, SLOW)
      .toContain('40 120');
    shell.write('exit 3\n');
    expect(await shell.ended).toEqual({ exitCode: 3, message: undefined });
  });

  it('in a pod that is not there is refused', async () => {
    const api = await environments.require().kubernetes();
    await expect(open(api, 'nowhere')).rejects.toThrow();
  });
});

it('kubectl takes the context from a file that holds nothing else', async () => {
  const other = join(folder, 'other');
  await writeFile(other, 'apiVersion: v1\nkind: Config\ncurrent-context: elsewhere\n');
  const context = loadKubeconfig([kubeconfig]).currentContext;
  const { KUBECONFIG } = await contextVariables(
    { paths: [other, kubeconfig], context },
    join(folder, 'contexts'),
  );
  const [own = ''] = (KUBECONFIG ?? '').split(delimiter);
  expect(await readFile(own, 'utf8')).not.toMatch(/token|certificate|server/);
  expect((await stat(own)).mode & 0o777).toBe(0o600);
  const kubectl = await cachedProgram('kubectl');
  const { stdout } = await run(kubectl, ['config', 'current-context'], {
    env: { ...process.env, KUBECONFIG },
  });
  expect(stdout.trim()).toBe(context);
  const nodes = await run(kubectl, ['get', 'nodes', '-o', 'name'], { env: { ...process.env, KUBECONFIG } });
  expect(nodes.stdout.trim()).toBe('node/laptop');
});

function post(port: number, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false }, (response) => {
      void text(response).then(resolve, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function halfClosed(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.end('GET /half HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  return text(socket);
}
