/** Images that nothing knows, with a docker on PATH: the real agent and API server, a docker that only looks like it. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Container, Pod, Secret } from '../../../src/clients/kubernetes/model.ts';
import { stopLeftoverContainers } from '../../../dev-cluster/embedded/node-agent/pods/leftovers.ts';
import { AgentUnderTest, NAMESPACE } from './agent.ts';

const FAKE = resolve(import.meta.dirname, '../../fakes/docker.py');
const FOREVER = 'while :; do sleep 0.1; done';

let folder: string;
let agent: AgentUnderTest;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-docker-'));
  await mkdir(join(folder, 'bin'));
  await symlink(FAKE, join(folder, 'bin', 'docker'));
  // The agent's, and its docker's.
  process.env['PATH'] = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
  process.env['FAKE_DOCKER'] = folder;
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.stop();
  await rm(folder, { recursive: true });
});

const app = (script: string, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'team/app:1',
  command: ['sh', '-c', script],
  ...more,
});
const isReady = ({ status }: Pod): boolean => status?.containerStatuses?.[0]?.ready === true;
const isRunning = ({ status }: Pod): boolean => status?.containerStatuses?.[0]?.state?.running !== undefined;
const engineName = ({ metadata }: Pod, attempt = 0): string => `slipway-${metadata?.uid ?? ''}-c-${attempt}`;
const runs = (name: string): boolean => existsSync(join(folder, 'containers', name));
const containerFolder = ({ metadata }: Pod): string =>
  join(agent.server.home, 'embedded', 'nodes', 'laptop', 'pods', metadata?.uid ?? '', 'containers', 'c');

it('pulls the image and runs it with the pod’s environment and mounts, no secret among the arguments', async () => {
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'key', namespace: NAMESPACE },
    stringData: { one: 'hush=# "quiet"', lines: 'hush\nhush' },
  };
  await agent.api.create(`/api/v1/namespaces/${NAMESPACE}/secrets`, secret, AbortSignal.timeout(10_000));
  const from = (name: string, key: string): NonNullable<Container['env']>[number] => ({
    name,
    valueFrom: { secretKeyRef: { name: 'key', key } },
  });
  await agent.create('job', {
    restartPolicy: 'Never',
    containers: [
      app('echo "$ONE|$LINES|$0"; exit 3', {
        args: ['/data/in'],
        env: [from('ONE', 'one'), from('LINES', 'lines')],
        volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
      }),
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  const pod = await agent.podWhen('job', ({ status }) => status?.phase === 'Failed');
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 3,
    reason: 'Error',
  });
  // The path is the container's own.
  expect(await readFile(join(containerFolder(pod), '0', 'log'), 'utf8')).toBe(
    'hush=# "quiet"|hush\nhush|/data/in\n',
  );
  expect((await stat(join(containerFolder(pod), 'engine.env'))).mode & 0o777).toBe(0o600);
  const calls = await readFile(join(folder, 'calls'), 'utf8');
  expect(calls).toContain(`"--name", "${engineName(pod)}"`);
  expect(calls).toMatch(/"type=bind,source=[^"]*,target=\/data,readonly"/);
  expect(calls).not.toContain('hush');
  const events = [...(await agent.events('job')).keys()].join('\n');
  expect(events).toContain('Pulling: Pulling image "team/app:1"');
  expect(events).toMatch(/Pulled: Successfully pulled image "team\/app:1" .* It runs by docker 28\.0\.0/);
});

it('says what docker says of an image that is not there', async () => {
  await agent.create('missing', {
    containers: [app('true', { image: 'missing/app:1', imagePullPolicy: 'Always' })],
  });
  await agent.until(async () =>
    [...(await agent.events('missing')).keys()].some((event) =>
      event.includes('manifest for missing/app:1 not found'),
    ),
  );
  await agent.delete('missing', 0);
});

it('execs in the container, is adopted by another agent, and stops on its signal', async () => {
  const pod = await agent.create('server', {
    containers: [
      app(`trap 'echo bye; exit 0' TERM; ${FOREVER}`, {
        env: [{ name: 'GREETING', value: 'hello' }],
        readinessProbe: { exec: { command: ['sh', '-c', 'test "$GREETING" = hello'] }, periodSeconds: 1 },
      }),
    ],
  });
  await agent.podWhen('server', isReady);
  await agent.end('SIGKILL');
  await agent.launch();
  const adopted = await agent.podWhen('server', isReady);
  expect(adopted.status?.containerStatuses?.[0]?.restartCount).toBe(0);
  expect(runs(engineName(pod))).toBe(true);
  await agent.delete('server', 30);
  await agent.until(async () => (await agent.pod('server')) === undefined);
  expect(await readFile(join(folder, `code-${engineName(pod)}`), 'utf8')).toBe('0');
  expect(runs(engineName(pod))).toBe(false);
});

it('kills what ignores the signal when its grace is over, and what lost its client', async () => {
  const pod = await agent.create('stubborn', { containers: [app(`trap '' TERM; ${FOREVER}`)] });
  await agent.podWhen('stubborn', isRunning);
  await agent.until(() => runs(engineName(pod)));
  process.kill(-(await agent.pid(pod, 'c')), 'SIGKILL');
  await agent.until(() => !runs(engineName(pod)));
  await agent.until(() => runs(engineName(pod, 1)));
  await agent.delete('stubborn', 1);
  await agent.until(async () => (await agent.pod('stubborn')) === undefined);
  expect(await readdir(join(folder, 'containers'))).toEqual([]);
  expect(await readFile(join(folder, `code-${engineName(pod, 1)}`), 'utf8')).toBe('137');
});

it('refuses a port that somebody has, and takes it when it is free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await agent.create('port', { containers: [app(FOREVER, { ports: [{ containerPort: port }] })] });
  await agent.until(async () =>
    [...(await agent.events('port')).keys()].some((event) =>
      event.startsWith(`Failed: Error: port ${port} is taken on this machine`),
    ),
  );
  server.close();
  const pod = await agent.podWhen('port', isRunning);
  expect(pod.metadata?.annotations?.['slipway.dev/host-ports']).toBeUndefined();
  await agent.delete('port', 0);
  await agent.until(async () => (await agent.pod('port')) === undefined);
});

it('leaves nothing that `slipway down` does not stop', async () => {
  const pod = await agent.create('left', { containers: [app(`trap '' TERM; ${FOREVER}`)] });
  await agent.podWhen('left', isRunning);
  await agent.until(() => runs(engineName(pod)));
  await agent.end('SIGKILL');
  await stopLeftoverContainers(agent.server.home);
  expect(runs(engineName(pod))).toBe(false);
});
