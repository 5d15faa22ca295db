import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Container, Pod } from '../../../src/clients/kubernetes/model.ts';
import {
  writeNodes,
  type NodeSpec,
  type NodeState,
} from '../../../dev-cluster/embedded/node-agent/nodes/nodeSpec.ts';
import { stopLeftoverContainers } from '../../../dev-cluster/embedded/node-agent/pods/leftovers.ts';
import { cachedProgram } from '../kubelet-api/apiServer.ts';
import { AgentUnderTest, isAlive } from './agent.ts';

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.stop();
});

const shell = (script: string, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'busybox',
  command: ['sh', '-c', script],
  ...more,
});
const FOREVER = 'while true; do sleep 0.1; done';
const isRunning = ({ status }: Pod): boolean => status?.containerStatuses?.[0]?.state?.running !== undefined;
const hasPhase =
  (phase: string) =>
  ({ status }: Pod): boolean =>
    status?.phase === phase;
const conditionOf = ({ status }: Pod, type: string): string | undefined =>
  status?.conditions?.find((one) => one.type === type)?.status;
const stateOf = ({ status }: Pod, name = 'c'): unknown =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
    (one) => one.name === name,
  )?.state;

describe('the life of a pod', () => {
  it('runs init containers, sidecars and containers in order, and ends as they do', async () => {
    const volumeMounts = [{ name: 'work', mountPath: '/work' }];
    await agent.create('order', {
      restartPolicy: 'Never',
      initContainers: [
        shell('echo init > /work/order', { name: 'first', volumeMounts }),
        shell(`echo sidecar >> /work/order; ${FOREVER}`, {
          name: 'side',
          restartPolicy: 'Always',
          volumeMounts,
        }),
        shell('while ! grep -q sidecar /work/order; do sleep 0.05; done; echo init2 >> /work/order', {
          name: 'second',
          volumeMounts,
        }),
      ],
      containers: [shell('cat /work/order > /dev/termination-log; exit 3', { volumeMounts })],
      volumes: [{ name: 'work', emptyDir: {} }],
    });
    const pod = await agent.podWhen('order', hasPhase('Failed'));
    expect(stateOf(pod)).toMatchObject({
      terminated: { exitCode: 3, reason: 'Error', message: 'init\nsidecar\ninit2\n' },
    });
    expect(stateOf(pod, 'first')).toMatchObject({ terminated: { exitCode: 0, reason: 'Completed' } });
    expect(stateOf(pod, 'side')).toHaveProperty('terminated');
    expect(conditionOf(pod, 'Initialized')).toBe('True');
    expect(conditionOf(pod, 'Ready')).toBe('False');
    await agent.until(async () => (await agent.events('order')).has('Killing: Stopping container side'));
    const events = [...(await agent.events('order')).keys()];
    for (const name of ['first', 'side', 'second', 'c'])
      expect(events).toEqual(
        expect.arrayContaining([`Created: Created container: ${name}`, `Started: Started container ${name}`]),
      );
  });

  it('says once what it does not enforce', async () => {
    const volumeMounts = [{ name: 'data', mountPath: '/data', readOnly: true }];
    await agent.create('walls', {
      securityContext: { fsGroup: 2000 },
      restartPolicy: 'OnFailure',
      containers: [shell('[ -e /tmp/again ] || { touch /tmp/again; exit 1; }', { volumeMounts })],
      volumes: [{ name: 'data', emptyDir: {} }],
    });
    await agent.podWhen('walls', hasPhase('Succeeded'));
    const message =
      'NotEnforced: Not enforced here, where containers are processes of your user: read-only mounts (data), fsGroup.';
    await agent.until(async () => (await agent.events('walls')).has(message));
    expect((await agent.events('walls')).get(message)).toBe(1);
  });

  it('restarts what fails, waits longer each time, and counts', async () => {
    await agent.create('crash', {
      containers: [shell('echo boom; exit 7', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
    });
    const pod = await agent.podWhen(
      'crash',
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    const [status] = pod.status?.containerStatuses ?? [];
    expect(pod.status?.phase).toBe('Running');
    expect(status?.restartCount).toBe(1);
    expect(status?.state?.waiting?.message).toBe(
      `back-off 10s restarting failed container=c pod=crash_default(${pod.metadata?.uid ?? ''})`,
    );
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 7, reason: 'Error', message: 'boom\n' });
    await agent.delete('crash');
    await agent.until(async () => (await agent.pod('crash')) === undefined);
  });

  it('says why a container does not start, and starts it when it can', async () => {
    await agent.create('config', {
      containers: [
        shell('test "$X" = y', {
          env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'cm', key: 'x' } } }],
        }),
      ],
      restartPolicy: 'Never',
    });
    const waiting = await agent.podWhen('config', (pod) =>
      JSON.stringify([stateOf(pod)]).includes('CreateContainer'),
    );
    expect(stateOf(waiting)).toEqual({
      waiting: { reason: 'CreateContainerConfigError', message: 'configmap "cm" not found' },
    });
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm' }, data: { x: 'y' } };
    await agent.api.create('/api/v1/namespaces/default/configmaps', configMap, AbortSignal.timeout(10_000));
    await agent.podWhen('config', hasPhase('Succeeded'));

    await agent.create('program', {
      containers: [{ name: 'c', image: 'busybox', command: ['no-such-program'] }],
    });
    const pod = await agent.podWhen(
      'program',
      ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1,
    );
    expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
      message: 'exec: "no-such-program": executable file not found in $PATH',
    });

    await agent.create('image', { containers: [{ name: 'c', image: 'no-such.example/image:1' }] });
    await agent.podWhen('image', (one) => JSON.stringify([stateOf(one)]).includes('ErrImagePull'));
    await agent.podWhen('image', (one) => JSON.stringify([stateOf(one)]).includes('ImagePullBackOff'));
  });

  it('ends by SIGTERM and the hook within the grace period, by SIGKILL after it', async () => {
    const mount = { volumeMounts: [{ name: 'host', mountPath: '/host' }] };
    const spec = (container: Container): NonNullable<Pod['spec']> => ({
      containers: [{ ...container, ...mount }],
      volumes: [{ name: 'host', hostPath: { path: agent.server.home } }],
      terminationGracePeriodSeconds: 2,
    });
    await agent.create(
      'polite',
      spec(
        shell(`trap 'echo term >> /host/polite; exit 0' TERM; ${FOREVER}`, {
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'echo post > /host/polite'] } },
            preStop: { exec: { command: ['sh', '-c', 'echo pre >> /host/polite'] } },
          },
        }),
      ),
    );
    await agent.create('stubborn', spec(shell(`trap '' TERM; echo up > /host/stubborn; ${FOREVER}`)));
    const [polite, stubborn] = await Promise.all([
      agent.podWhen('polite', isRunning),
      agent.podWhen('stubborn', isRunning),
    ]);
    const pids = await Promise.all([agent.pid(polite, 'c'), agent.pid(stubborn, 'c')]);
    await agent.until(() => existsSync(join(agent.server.home, 'stubborn')));
    await Promise.all([agent.delete('polite'), agent.delete('stubborn')]);
    await agent.until(
      async () => (await agent.pod('polite')) === undefined && (await agent.pod('stubborn')) === undefined,
    );
    expect(await readFile(join(agent.server.home, 'polite'), 'utf8')).toBe('post\npre\nterm\n');
    expect(pids.filter(isAlive)).toEqual([]);
    expect([polite, stubborn].filter((pod) => agent.podFolderExists(pod))).toEqual([]);
  });

  it('ends when its object is gone, when its time is over, when it needs too much memory or space', async () => {
    const forced = await agent
      .create('forced', { containers: [shell(FOREVER)] })
      .then(() => agent.podWhen('forced', isRunning));
    const pid = await agent.pid(forced, 'c');
    await agent.delete('forced', 0);
    await agent.until(() => !isAlive(pid) && !agent.podFolderExists(forced));

    await agent.create('late', { activeDeadlineSeconds: 1, containers: [shell(FOREVER)] });
    const late = await agent.podWhen('late', hasPhase('Failed'));
    expect(late.status?.reason).toBe('DeadlineExceeded');

    const hungry = 'x=[]\nimport time\nwhile True: x.append(bytearray(4_000_000)); time.sleep(0.02)';
    await agent.create('oom', {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'c',
          image: 'python:3.12',
          command: ['python3', '-c', hungry],
          resources: { limits: { memory: '64Mi' } },
        },
      ],
    });
    const oom = await agent.podWhen('oom', hasPhase('Failed'));
    expect(stateOf(oom)).toMatchObject({ terminated: { exitCode: 137, reason: 'OOMKilled' } });

    await agent.create('full', {
      containers: [
        shell(`head -c 3000000 /dev/zero > /d/x; ${FOREVER}`, {
          volumeMounts: [{ name: 'd', mountPath: '/d' }],
        }),
      ],
      volumes: [{ name: 'd', emptyDir: { sizeLimit: '1Mi' } }],
    });
    const full = await agent.podWhen('full', hasPhase('Failed'));
    expect(full.status).toMatchObject({
      reason: 'Evicted',
      message: 'Usage of EmptyDir volume "d" exceeds the limit "1Mi". ',
    });
    expect(conditionOf(full, 'DisruptionTarget')).toBe('True');
  });

  it('is ready, started and alive as its probes say', async () => {
    const home = agent.server.home;
    const exists = (file: string) => ({
      exec: { command: ['test', '-e', `/host/${file}`] },
      periodSeconds: 1,
    });
    await agent.create('probes', {
      containers: [
        shell(FOREVER, {
          startupProbe: { ...exists('started'), failureThreshold: 60 },
          readinessProbe: exists('ready'),
          livenessProbe: {
            exec: { command: ['test', '!', '-e', '/host/dead'] },
            periodSeconds: 1,
            failureThreshold: 1,
          },
          volumeMounts: [{ name: 'host', mountPath: '/host' }],
        }),
      ],
      volumes: [{ name: 'host', hostPath: { path: home } }],
      terminationGracePeriodSeconds: 1,
    });
    const { writeFile } = await import('node:fs/promises');
    const container = (pod: Pod) => pod.status?.containerStatuses?.[0];
    const running = await agent.podWhen('probes', isRunning);
    expect(container(running)).toMatchObject({ started: false, ready: false });
    await writeFile(join(home, 'started'), '');
    const started = await agent.podWhen('probes', (pod) => container(pod)?.started === true);
    expect(conditionOf(started, 'Ready')).toBe('False');
    await writeFile(join(home, 'ready'), '');
    await agent.podWhen('probes', (pod) => conditionOf(pod, 'Ready') === 'True');
    await writeFile(join(home, 'dead'), '');
    await agent.podWhen('probes', (pod) => (container(pod)?.restartCount ?? 0) > 0);
    const events = await agent.events('probes');
    expect([...events.keys()]).toContain('Killing: Container c failed liveness probe, will be restarted');
    await agent.delete('probes');
  });
});

describe('an agent that is killed', () => {
  it('finds its pods again: the same process, and how those ended that ended meanwhile', async () => {
    await agent.create('stays', { containers: [shell(FOREVER)] });
    await agent.create('ends', {
      restartPolicy: 'Never',
      containers: [
        shell('while ! test -e /host/go; do sleep 0.05; done; exit 5', {
          volumeMounts: [{ name: 'host', mountPath: '/host' }],
        }),
      ],
      volumes: [{ name: 'host', hostPath: { path: agent.server.home } }],
    });
    const [stays, ends] = await Promise.all([
      agent.podWhen('stays', isRunning),
      agent.podWhen('ends', isRunning),
    ]);
    const pids = await Promise.all([agent.pid(stays, 'c'), agent.pid(ends, 'c')]);
    await agent.end('SIGKILL');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(agent.server.home, 'go'), '');
    await agent.until(() => !isAlive(pids[1]));
    expect(isAlive(pids[0])).toBe(true);
    await agent.launch();
    const ended = await agent.podWhen('ends', hasPhase('Failed'));
    expect(stateOf(ended)).toMatchObject({ terminated: { exitCode: 5, reason: 'Error' } });
    const still = await agent.podWhen('stays', isRunning);
    expect(still.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 0,
      containerID: stays.status?.containerStatuses?.[0]?.containerID,
    });
    expect(isAlive(pids[0])).toBe(true);
    // It looks after the adopted one: its end is seen, and it is restarted.
    process.kill(-pids[0], 'SIGKILL');
    const again = await agent.podWhen(
      'stays',
      ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1,
    );
    expect(again.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 137 });
  });

  it('leaves nothing that `slipway down` would not find', async () => {
    await agent.create('left', {
      containers: [shell(`trap '' TERM; ${FOREVER}`)],
      terminationGracePeriodSeconds: 1,
    });
    const pid = await agent.pid(await agent.podWhen('left', isRunning), 'c');
    await agent.end('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    await stopLeftoverContainers(agent.server.home);
    await agent.until(() => !isAlive(pid));
    await agent.launch();
    await agent.podWhen('left', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1);
    await agent.delete('left');
  });
});

describe('an agent that was killed', () => {
  it('leaves no exec session that nobody finds', async () => {
    await agent.create('visited', { containers: [shell(FOREVER)], terminationGracePeriodSeconds: 1 });
    await agent.podWhen('visited', isRunning);
    const kubectl = await cachedProgram('kubectl');
    const marker = join(agent.server.home, 'visitor');
    const script = `echo $$ > '${marker}'; exec sleep 1000`;
    const exec = spawn(kubectl, ['exec', 'visited', '--', 'sh', '-c', script], {
      env: { ...process.env, KUBECONFIG: agent.server.kubeconfig },
      stdio: 'ignore',
    });
    await agent.until(async () => /\d/.test(await readFile(marker, 'utf8').catch(() => '')));
    const pid = Number(await readFile(marker, 'utf8'));
    await agent.end('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    await stopLeftoverContainers(agent.server.home);
    await agent.until(() => !isAlive(pid));
    exec.kill();
    await agent.launch();
    await agent.delete('visited');
  });
});

describe('nodes that come and go', () => {
  const spot = (state: NodeState): NodeSpec => ({
    name: 'spot-1',
    labels: { 'cloud.google.com/gke-spot': 'true' },
    annotations: {},
    taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
    capacity: { cpu: '4', memory: '8Gi', pods: '20', 'nvidia.com/gpu': '1' },
    state,
  });
  const set = (...nodes: readonly NodeSpec[]): Promise<void> => writeNodes(nodes, agent.server.home);
  const isReady = async (): Promise<string | undefined> =>
    (await agent.node('spot-1'))?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;

  it('shut down as a kubelet does', async () => {
    await set(spot({ kind: 'ready' }));
    await agent.until(async () => (await isReady()) === 'True');
    const node = await agent.node('spot-1');
    expect(node?.metadata?.labels).toMatchObject({
      'cloud.google.com/gke-spot': 'true',
      'kubernetes.io/hostname': 'spot-1',
    });
    expect(node?.status?.allocatable).toMatchObject({ 'nvidia.com/gpu': '1' });
    expect(node?.spec?.taints).toContainEqual(expect.objectContaining({ key: 'nvidia.com/gpu' }));
    // Ready: it has got as far as its trap.
    const readinessProbe = { exec: { command: ['test', '-e', '/tmp/set'] }, periodSeconds: 1 };
    const container = shell(`trap 'exit 0' TERM; touch /tmp/set; ${FOREVER}`, { readinessProbe });
    const isReadyPod = (pod: Pod): boolean => conditionOf(pod, 'Ready') === 'True';
    await agent.create('on-spot', { containers: [container] }, 'spot-1');
    await agent.create('once-on-spot', { containers: [container], restartPolicy: 'Never' }, 'spot-1');
    await agent.podWhen('on-spot', isReadyPod);
    await agent.podWhen('once-on-spot', isReadyPod);
    await set(spot({ kind: 'shuttingDown', noticeSeconds: 10 }));
    const message = 'Pod was terminated in response to imminent node shutdown.';
    for (const name of ['on-spot', 'once-on-spot']) {
      const pod = await agent.podWhen(name, (one) =>
        ['Failed', 'Succeeded'].includes(one.status?.phase ?? ''),
      );
      expect(stateOf(pod)).toMatchObject({ terminated: { exitCode: 0, reason: 'Completed' } });
      expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'Terminated', message });
      expect(pod.status?.conditions).toContainEqual(
        expect.objectContaining({
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'TerminationByKubelet',
          message,
        }),
      );
    }
    await agent.until(async () => (await isReady()) === 'False');
    await agent.create('too-late', { containers: [container] }, 'spot-1');
    const rejected = await agent.podWhen('too-late', hasPhase('Failed'));
    expect(rejected.status).toMatchObject({
      reason: 'NodeShutdown',
      message: 'Pod was rejected as the node is shutting down.',
    });
    await Promise.all(['on-spot', 'once-on-spot', 'too-late'].map((name) => agent.delete(name, 0)));
  });

  it('vanish without a word', async () => {
    await set(spot({ kind: 'ready' }));
    await agent.until(async () => (await isReady()) === 'True');
    await agent.create('vanishes', { containers: [shell(`trap '' TERM; ${FOREVER}`)] }, 'spot-1');
    const pod = await agent.podWhen('vanishes', (one) => conditionOf(one, 'Ready') === 'True');
    const pid = await agent.pid(pod, 'c');
    await set(spot({ kind: 'vanished' }));
    await agent.until(() => !isAlive(pid));
    expect((await agent.pod('vanishes'))?.status).toEqual(pod.status);
    expect(await isReady()).toBe('True');
    await set();
    await agent.until(async () => (await agent.node('spot-1')) === undefined);
  });

  it.each(['keeps', 'loses'])(
    'come back as another machine, when the cluster %s the Node object',
    async (how) => {
      await set(spot({ kind: 'ready' }));
      await agent.until(async () => (await isReady()) === 'True');
      const names = { always: `${how}-always`, once: `${how}-once` };
      const containers = [shell(FOREVER)];
      await agent.create(names.always, { containers }, 'spot-1');
      await agent.create(names.once, { containers, restartPolicy: 'Never' }, 'spot-1');
      const pid = await agent.pid(await agent.podWhen(names.always, isRunning), 'c');
      await agent.podWhen(names.once, isRunning);
      await (how === 'keeps' ? set(spot({ kind: 'vanished' })) : set());
      await agent.until(() => !isAlive(pid));
      await set(spot({ kind: 'ready' }));
      const unknown = { exitCode: 137, reason: 'ContainerStatusUnknown' };
      const once = await agent.podWhen(names.once, hasPhase('Failed'));
      expect(stateOf(once)).toMatchObject({ terminated: unknown });
      const again = await agent.podWhen(
        names.always,
        (pod) => isRunning(pod) && pod.status?.containerStatuses?.[0]?.restartCount === 1,
      );
      expect(again.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject(unknown);
      await Promise.all(Object.values(names).map((name) => agent.delete(name, 0)));
      await agent.until(async () => (await agent.pod(names.always)) === undefined);
    },
  );
});
