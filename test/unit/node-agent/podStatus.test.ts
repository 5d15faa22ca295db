import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/clients/kubernetes/model.ts';
import type {
  ContainerRole,
  ContainerView,
} from '../../../dev-cluster/embedded/node-agent/pods/containerView.ts';
import { containersToStart, isFinished } from '../../../dev-cluster/embedded/node-agent/pods/plan.ts';
import { podStatus, type PodView } from '../../../dev-cluster/embedded/node-agent/pods/podStatus.ts';

/** The words of the kubelet's own test tables (`pkg/kubelet/kubelet_pods_test.go`, TestPodPhaseWith…). */
type State = 'none' | 'running' | 'started' | 'succeeded' | 'failed' | 'crashing';
type Policy = 'Always' | 'OnFailure' | 'Never';

const NOW = Date.parse('2026-01-02T03:04:05Z');

function container(name: string, state: State, role: ContainerRole = 'main'): ContainerView {
  const end = (exitCode: number): ContainerView['state'] => ({
    kind: 'ended',
    end: {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      message: undefined,
      startedAt: NOW - 2000,
      finishedAt: NOW - 1000,
      containerId: 'slipway://x',
    },
  });
  const states: Record<State, ContainerView['state']> = {
    none: { kind: 'none' },
    running: { kind: 'running', startedAt: NOW - 1000 },
    started: { kind: 'running', startedAt: NOW - 1000 },
    succeeded: end(0),
    failed: end(1),
    crashing: end(1),
  };
  return {
    spec: { name, image: 'busybox' },
    role,
    state: states[state],
    lastEnd: undefined,
    restartCount: 0,
    waiting: state === 'crashing' ? { reason: 'CrashLoopBackOff', message: 'back-off' } : undefined,
    hasStarted: state === 'started',
    isReady: state === 'started',
    imageId: 'busybox@sha256:0',
    containerId: state === 'none' ? undefined : 'slipway://x',
  };
}

function view(policy: Policy, containers: readonly ContainerView[], more: Partial<PodView> = {}): PodView {
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'n', uid: 'u', generation: 1 },
    spec: { restartPolicy: policy, containers: [] },
  };
  return {
    pod,
    containers,
    hostIp: '10.42.255.1',
    podIp: '10.42.0.1',
    startedAt: NOW,
    isOver: false,
    verdict: undefined,
    last: { phase: 'Pending' },
    now: NOW,
    ...more,
  };
}

const phaseOf = (policy: Policy, ...states: readonly State[]): string | undefined =>
  podStatus(
    view(
      policy,
      states.map((state, index) => container(`c${index}`, state)),
    ),
  ).phase;

describe('the phase, as in the tables of the kubelet', () => {
  it.each<[Policy, readonly State[], string]>([
    ['Always', ['none', 'none'], 'Pending'],
    ['Always', ['running', 'running'], 'Running'],
    ['Always', ['succeeded', 'succeeded'], 'Running'],
    ['Always', ['failed', 'failed'], 'Running'],
    ['Always', ['running', 'succeeded'], 'Running'],
    ['Always', ['running', 'none'], 'Pending'],
    ['Always', ['running', 'crashing'], 'Running'],
    ['Always', ['crashing'], 'Running'],
    ['Never', ['none', 'none'], 'Pending'],
    ['Never', ['running', 'running'], 'Running'],
    ['Never', ['succeeded', 'succeeded'], 'Succeeded'],
    ['Never', ['failed', 'failed'], 'Failed'],
    ['Never', ['running', 'succeeded'], 'Running'],
    ['Never', ['running', 'none'], 'Pending'],
    ['Never', ['succeeded', 'failed'], 'Failed'],
    ['OnFailure', ['none', 'none'], 'Pending'],
    ['OnFailure', ['running', 'running'], 'Running'],
    ['OnFailure', ['succeeded', 'succeeded'], 'Succeeded'],
    ['OnFailure', ['failed', 'failed'], 'Running'],
    ['OnFailure', ['running', 'succeeded'], 'Running'],
    ['OnFailure', ['crashing'], 'Running'],
  ])('%s: %j is %s', (policy, states, phase) => {
    expect(phaseOf(policy, ...states)).toBe(phase);
  });

  it.each<[Policy, State, State, string]>([
    ['Never', 'running', 'none', 'Pending'],
    ['Never', 'succeeded', 'none', 'Pending'],
    ['Never', 'failed', 'none', 'Failed'],
    ['Always', 'failed', 'none', 'Pending'],
    ['OnFailure', 'crashing', 'none', 'Pending'],
    ['Always', 'succeeded', 'running', 'Running'],
  ])('%s: init %s, main %s is %s', (policy, init, main, phase) => {
    const containers = [container('i', init, 'init'), container('c', main)];
    expect(podStatus(view(policy, containers)).phase).toBe(phase);
  });

  it('of a pod that was deleted or evicted is final, whatever its restart policy', () => {
    const over = { isOver: true };
    expect(podStatus(view('Always', [container('c', 'succeeded')], over)).phase).toBe('Succeeded');
    expect(podStatus(view('Always', [container('c', 'failed')], over)).phase).toBe('Failed');
    expect(podStatus(view('Always', [container('c', 'none')], over)).phase).toBe('Failed');
  });

  it('stays once it is final', () => {
    const last = { phase: 'Failed', reason: 'Evicted', message: 'm' };
    const status = podStatus(view('Always', [container('c', 'running')], { last }));
    expect(status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'm' });
  });
});

describe('what an eviction says', () => {
  const verdict = {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'low',
    condition: { type: 'DisruptionTarget', reason: 'TerminationByKubelet', message: 'low' },
  } as const;

  it('is a condition at once, and the phase when nothing runs any more', () => {
    const during = podStatus(view('Always', [container('c', 'started')], { verdict }));
    expect(during.phase).toBe('Running');
    expect(during.reason).toBeUndefined();
    expect(during.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
    });
    const after = podStatus(view('Always', [container('c', 'succeeded')], { verdict, isOver: true }));
    expect(after).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'low' });
  });

  it('is final although the container ended well when it was told to stop', () => {
    const stopped = [container('c', 'succeeded')];
    const first = podStatus(view('Never', stopped, { verdict }));
    expect(first).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'low' });
    const last = podStatus(view('Never', stopped, { verdict, last: first, isOver: true }));
    expect(last).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'low' });
    // It had ended before.
    const early = podStatus(view('Never', stopped, { verdict, last: { phase: 'Succeeded' }, isOver: true }));
    expect(early.phase).toBe('Succeeded');
  });

  it('is kept by an agent that only has the status', () => {
    const last = podStatus(view('Always', [container('c', 'failed')], { verdict, isOver: true }));
    const again = podStatus(view('Always', [container('c', 'failed')], { last, isOver: true }));
    expect(again.reason).toBe('Evicted');
    expect(again.conditions?.some(({ type }) => type === 'DisruptionTarget')).toBe(true);
  });
});

describe('a container of which only the status is left', () => {
  const lost = (role: ContainerRole = 'main', exitCode = 137): ContainerView => ({
    ...container('c', 'none', role),
    lastEnd: {
      exitCode,
      reason: 'ContainerStatusUnknown',
      message: 'used to be Running',
      startedAt: undefined,
      finishedAt: undefined,
      containerId: undefined,
    },
  });

  it('fails its pod when it must not start again', () => {
    expect(isFinished([lost()], 'Never')).toBe(true);
    expect(containersToStart([lost()], 'Never')).toEqual([]);
    const { phase, containerStatuses = [] } = podStatus(view('Never', [lost()], { isOver: true }));
    expect(phase).toBe('Failed');
    expect(containerStatuses[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
    });
  });

  it.each<Policy>(['Always', 'OnFailure'])('is started again under %s, its pod never pending', (policy) => {
    expect(isFinished([lost()], policy)).toBe(false);
    expect(containersToStart([lost()], policy).map(({ spec }) => spec.name)).toEqual(['c']);
    const { phase, containerStatuses = [] } = podStatus(view(policy, [lost()]));
    expect(phase).toBe('Running');
    expect(containerStatuses[0]?.lastState?.terminated?.reason).toBe('ContainerStatusUnknown');
  });

  it('has its init containers run once more first: what they made is gone, too', () => {
    const containers = [container('i', 'none', 'init'), lost()];
    expect(containersToStart(containers, 'Always').map(({ spec }) => spec.name)).toEqual(['i']);
  });

  it('that ended well has not to be done again', () => {
    expect(isFinished([lost('main', 0)], 'OnFailure')).toBe(true);
    expect(podStatus(view('OnFailure', [lost('main', 0)], { isOver: true })).phase).toBe('Succeeded');
  });
});

describe('conditions', () => {
  const status = (
    containers: readonly ContainerView[],
    more: Partial<PodView> = {},
  ): Record<string, unknown> =>
    Object.fromEntries(
      (podStatus(view('Always', containers, more)).conditions ?? []).map(
        ({ type, status: is, reason, message }) => [
          type,
          [is, reason, message].filter((part) => part !== undefined).join(' '),
        ],
      ),
    );

  it('name the containers that are not ready', () => {
    expect(status([container('a', 'started'), container('b', 'running')])).toMatchObject({
      Ready: 'False ContainersNotReady containers with unready status: [b]',
      ContainersReady: 'False ContainersNotReady containers with unready status: [b]',
      Initialized: 'True',
      PodReadyToStartContainers: 'True',
    });
  });

  it('name the init containers that are not done', () => {
    expect(status([container('i', 'running', 'init'), container('c', 'none')])).toMatchObject({
      Initialized: 'False ContainersNotInitialized containers with incomplete status: [i]',
    });
  });

  it('heed readiness gates', () => {
    const pod: Pod = {
      spec: { containers: [], readinessGates: [{ conditionType: 'x.dev/gate' }] },
      status: { conditions: [] },
    };
    expect(status([container('c', 'started')], { pod })).toMatchObject({
      ContainersReady: 'True',
      Ready:
        'False ReadinessGatesNotReady corresponding condition of pod readiness gate "x.dev/gate" does not exist.',
    });
  });

  it('keep the time of their last change', () => {
    const last = podStatus(view('Always', [container('c', 'started')]));
    const later = podStatus(view('Always', [container('c', 'started')], { last, now: NOW + 60_000 }));
    expect(later).toEqual(last);
    const unready = podStatus(view('Always', [container('c', 'running')], { last, now: NOW + 60_000 }));
    expect(unready.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBe(
      '2026-01-02T03:05:05Z',
    );
  });
});

describe('what starts', () => {
  const names = (policy: Policy, ...containers: readonly ContainerView[]): readonly string[] =>
    containersToStart(containers, policy).map(({ spec }) => spec.name);

  it('is one init container after the other', () => {
    const main = container('c', 'none');
    expect(names('Always', container('i', 'none', 'init'), container('j', 'none', 'init'), main)).toEqual([
      'i',
    ]);
    expect(names('Always', container('i', 'running', 'init'), container('j', 'none', 'init'), main)).toEqual(
      [],
    );
    expect(
      names('Always', container('i', 'succeeded', 'init'), container('j', 'none', 'init'), main),
    ).toEqual(['j']);
    expect(
      names('Always', container('i', 'succeeded', 'init'), container('j', 'failed', 'init'), main),
    ).toEqual(['j']);
    expect(names('Never', container('i', 'failed', 'init'), main)).toEqual([]);
  });

  it('waits for a sidecar to have started, not to be ready', () => {
    const main = container('c', 'none');
    expect(names('Always', container('s', 'running', 'sidecar'), main)).toEqual([]);
    expect(names('Always', container('s', 'started', 'sidecar'), main)).toEqual(['c']);
  });

  it('is a sidecar that ended, whatever else runs', () => {
    expect(names('Never', container('s', 'failed', 'sidecar'), container('c', 'running'))).toEqual(['s']);
    expect(
      names(
        'Never',
        container('s', 'failed', 'sidecar'),
        container('i', 'running', 'init'),
        container('c', 'none'),
      ),
    ).toEqual(['s']);
  });

  it('is what the restart policy says of those that ended', () => {
    const [good, bad] = [container('good', 'succeeded'), container('bad', 'failed')];
    expect(names('Always', good, bad)).toEqual(['good', 'bad']);
    expect(names('OnFailure', good, bad)).toEqual(['bad']);
    expect(names('Never', good, bad)).toEqual([]);
  });

  it('is nothing more once the pod is finished', () => {
    expect(isFinished([container('s', 'running', 'sidecar'), container('c', 'succeeded')], 'OnFailure')).toBe(
      true,
    );
    expect(isFinished([container('c', 'succeeded')], 'Always')).toBe(false);
    expect(isFinished([container('i', 'failed', 'init'), container('c', 'none')], 'Never')).toBe(true);
    expect(isFinished([container('i', 'failed', 'init'), container('c', 'none')], 'OnFailure')).toBe(false);
  });
});
