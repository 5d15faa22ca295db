/** Upstream's kubectl on pods of the whole cluster: what people do all day. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cluster, until, useNamespace } from './cluster.ts';

const namespace = useNamespace('kubectl');
const started = new Set<ChildProcess>();

const page =
  "import os; from http.server import *; from sys import argv; H = BaseHTTPRequestHandler; \
H.do_GET = lambda s: (s.send_response(200), s.end_headers(), s.wfile.write(os.environ['PAGE'].encode())); \
print('serving', flush=True); HTTPServer(('', int(argv[1])), H).serve_forever()";

const web = (text: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'web',
            image: 'python:3.11',
            command: ['python', '-c', page, '8080'],
            env: [{ name: 'PAGE', value: text }],
            ports: [{ name: 'http', containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
};

const work = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'work' },
  spec: {
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'work',
            image: 'busybox',
            command: ['sh', '-c', 'for i in 1 2 3; do echo step $i; sleep 0.5; done'],
          },
        ],
      },
    },
  },
};

const pod = (name: string, script: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script], ...more }],
  },
});

/** kubectl in this file's namespace. */
const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, ...args], input);

const apply = (...items: readonly object[]): Promise<string> =>
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

/** kubectl that runs on while the test does something else; stopped after it. */
async function startKubectl(
  ...args: readonly string[]
): Promise<ChildProcess & { stdout: NodeJS.ReadableStream }> {
  const child = spawn(await cluster.kubectlPath(), ['-n', namespace, ...args], {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.add(child);
  return child;
}

const events = z.object({
  items: z.array(z.object({ reason: z.string(), message: z.string(), source: z.looseObject({}) })),
});

async function eventsOf(name: string): Promise<z.infer<typeof events>['items']> {
  const text = await kubectl([
    'get',
    'events',
    '--field-selector',
    `involvedObject.name=${name}`,
    '-o',
    'json',
  ]);
  return events.parse(JSON.parse(text)).items;
}

beforeAll(async () => {
  await apply(
    web('first'),
    service,
    work,
    pod('patient', 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.1; done'),
    pod('stubborn', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'),
    pod('unknown', 'true', { image: 'registry.example/none:1' }),
  );
});

afterEach(() => {
  for (const child of started) child.kill();
  started.clear();
});

describe('kubectl', () => {
  it('follows a job’s log to its end, and waits for it', async () => {
    // Before its node knows a pod, a kubelet answers that there is none; kubectl doesn't ask again.
    const pods = ['pod', '-l', 'batch.kubernetes.io/job-name=work', '--timeout=60s'];
    await kubectl(['wait', ...pods, '--for=create']);
    await kubectl(['wait', ...pods, '--for=jsonpath={.status.containerStatuses[0].containerID}']);
    expect(await kubectl(['logs', '-f', 'job/work', '--pod-running-timeout=60s'])).toBe(
      'step 1\nstep 2\nstep 3\n',
    );
    await kubectl(['wait', 'job/work', '--for=condition=complete', '--timeout=60s']);
    expect(await kubectl(['logs', 'job/work', '--tail=1'])).toBe('step 3\n');
  });

  it('sees a deployment through, and the next one', async () => {
    expect(await kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])).toContain(
      'successfully rolled out',
    );
    await apply(web('second'));
    expect(await kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])).toContain(
      'successfully rolled out',
    );
    await kubectl(['rollout', 'undo', 'deployment/web']);
    await kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    await kubectl(['wait', 'pod', '-l', 'app=web', '--for=condition=Ready', '--timeout=60s']);
  });

  it('forwards a port to a service’s pod', async () => {
    const child = await startKubectl('port-forward', 'service/web', ':80');
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const port = /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/.exec(line)?.[1];
    expect(port, line).toBeDefined();
    const responses = await Promise.all([1, 2, 3].map(() => fetch(`http://127.0.0.1:${port}/`)));
    expect(await Promise.all(responses.map((response) => response.text()))).toEqual([
      'first',
      'first',
      'first',
    ]);
  });

  it('runs commands in a pod with its input, both outputs and its exit code', async () => {
    const script = 'cat; echo mistake >&2; exit 7';
    const ended = await cluster.runKubectl(
      ['-n', namespace, 'exec', '-i', 'deployment/web', '--', 'sh', '-c', script],
      'héllo\n',
    );
    expect(ended).toMatchObject({ code: 7, stdout: 'héllo\n' });
    expect(ended.stderr.split('\n')).toContain('mistake');
    expect(await kubectl(['exec', 'deployment/web', '--', 'printenv', 'PAGE'])).toBe('first\n');
  });

  it('lets a deleted pod say goodbye', async () => {
    await kubectl(['wait', 'pod/patient', '--for=condition=Ready', '--timeout=60s']);
    const log = await startKubectl('logs', '-f', 'patient');
    const lines = createInterface(log.stdout)[Symbol.asyncIterator]();
    expect(await lines.next()).toMatchObject({ value: 'ready' });
    await kubectl(['delete', 'pod', 'patient', '--timeout=60s']);
    const rest: string[] = [];
    for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(line);
    expect(rest).toContain('bye');
    expect(await kubectl(['get', 'pod', 'patient', '--ignore-not-found'])).toBe('');
    expect((await eventsOf('patient')).map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['Scheduled', 'Pulled', 'Created', 'Started', 'Killing']),
    );
  });

  it('stops a pod that does not listen after its grace', async () => {
    await kubectl(['wait', 'pod/stubborn', '--for=condition=Ready', '--timeout=60s']);
    await kubectl(['delete', 'pod', 'stubborn', '--grace-period=1', '--timeout=60s']);
    expect(await kubectl(['get', 'pod', 'stubborn', '--ignore-not-found'])).toBe('');
  });

  it('tells why an image cannot be had', async () => {
    const waiting = '{.status.containerStatuses[0].state.waiting.reason}';
    await kubectl(['wait', 'pod/unknown', `--for=jsonpath=${waiting}=ImagePullBackOff`, '--timeout=60s']);
    await until(async () => (await eventsOf('unknown')).some(({ reason }) => reason === 'BackOff'));
    expect(await eventsOf('unknown')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          reason: 'Failed',
          message: expect.stringContaining('slipway images map') as string,
        }),
      ]),
    );
  });

  it('shows what pods and nodes use', async () => {
    const top = ['top', 'pod', '-l', 'app=web', '--no-headers'];
    await until(async () => {
      const { code, stdout } = await cluster.runKubectl(['-n', namespace, ...top]);
      return code === 0 && stdout.trim().split('\n').length === 2;
    }, 1_000);
    expect(await kubectl(top)).toMatch(/^web-\S+ +\d+m +[1-9]\d*Mi *\nweb-\S+ +\d+m +[1-9]\d*Mi *\n$/);
    expect(await cluster.kubectl(['top', 'node', 'laptop', '--no-headers'])).toMatch(
      /^laptop +\d+m +\d+% +[1-9]\d*Mi +\d+% *\n$/,
    );
  });
});
