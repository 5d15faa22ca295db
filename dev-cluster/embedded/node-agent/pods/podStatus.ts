/** The status that the kubelet gives a pod, from its containers: phase, conditions, container statuses. Pure. */
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import {
  isRestarted,
  pastEnd,
  restartPolicyOf,
  type ContainerEnd,
  type ContainerState,
  type ContainerView,
  type RestartPolicy,
} from './containerView.ts';

export type PodStatus = NonNullable<Pod['status']>;
export type PodCondition = NonNullable<PodStatus['conditions']>[number];
type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];
type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** The container of a pod that has ended, of which nothing is known any more: it counts as failed. */
const LOST_AT_END: ContainerEnd = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
  startedAt: undefined,
  finishedAt: undefined,
  containerId: undefined,
};

/** Why a pod ends that doesn't end by itself: what its status will say. */
export interface PodVerdict {
  readonly phase?: 'Failed';
  readonly reason?: string;
  readonly message?: string;
  readonly condition?: { readonly type: string; readonly reason: string; readonly message: string };
}

export interface PodView {
  readonly pod: Pod;
  readonly containers: readonly ContainerView[];
  readonly hostIp: string;
  /** `undefined` until the sandbox is there. */
  readonly podIp: string | undefined;
  readonly startedAt: number;
  /** No container will be started again, whatever the restart policy: the pod is deleted or evicted, and all have ended. */
  readonly isOver: boolean;
  readonly verdict: PodVerdict | undefined;
  /** As last written: conditions keep their times, an ended pod its phase. */
  readonly last: PodStatus;
  readonly now: number;
}

export function podStatus(view: PodView): PodStatus {
  const { pod, containers, hostIp, podIp, last, verdict } = view;
  const policy = restartPolicyOf(pod);
  const phase = phaseOf(view, policy);
  const isFinal = view.isOver || hasEnded({ phase });
  const statuses = containers.map((container) => containerStatus(container, containers, isFinal));
  // What is said with a phase stays with it, and a final phase is only said when nothing runs any more.
  const said = isFinal && verdict !== undefined ? verdict : phase === last.phase ? last : {};
  const { reason, message } = said;
  const isInit = containers.map(({ role }) => role !== 'main');
  const initStatuses = statuses.filter((_, index) => isInit[index]);
  const generation = pod.metadata?.generation;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: conditionsOf(view, phase),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime: last.startTime ?? wireTime(view.startedAt),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses.filter((_, index) => !isInit[index]),
  };
}

/** RFC 3339 in whole seconds, as `metav1.Time` is. */
export function wireTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

export function hasEnded(status: PodStatus | undefined): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function containerStatus(
  container: ContainerView,
  all: readonly ContainerView[],
  isFinal: boolean,
): ContainerStatus {
  const { spec, role, waiting, containerId } = container;
  const isLost = isFinal && role !== 'init' && container.state.kind === 'none' && isInitialized(all);
  const state: ContainerState = isLost ? { kind: 'ended', end: LOST_AT_END } : container.state;
  const isInitDone = role === 'init' && state.kind === 'ended' && state.end.exitCode === 0;
  const isRunning = state.kind === 'running';
  const isWaiting = state.kind === 'none' || (state.kind === 'ended' && waiting !== undefined && !isFinal);
  const lastEnd = isWaiting && state.kind === 'ended' ? state.end : container.lastEnd;
  const hasInit = all.some((other) => other.role !== 'main');
  return {
    name: spec.name,
    image: spec.image ?? '',
    imageID: container.imageId,
    ...(containerId === undefined ? {} : { containerID: containerId }),
    restartCount: container.restartCount,
    ready: isInitDone || (role !== 'init' && isRunning && container.isReady),
    started: isRunning && role !== 'init' && container.hasStarted,
    state: isRunning
      ? { running: { startedAt: wireTime(state.startedAt) } }
      : isWaiting
        ? { waiting: waiting ?? { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } }
        : { terminated: terminated(state.end) },
    lastState: lastEnd === undefined ? {} : { terminated: terminated(lastEnd) },
  };
}

/** The kubelet's `hasPodInitialized`: its containers proper could have run. */
function isInitialized(containers: readonly ContainerView[]): boolean {
  const init = containers.filter(({ role }) => role === 'init');
  const hasRun = (container: ContainerView): boolean =>
    container.state.kind === 'running' || pastEnd(container) !== undefined;
  return init.length === 0 || containers.some((container) => container.role === 'main' && hasRun(container));
}

function terminated(end: ContainerEnd): NonNullable<NonNullable<ContainerStatus['state']>['terminated']> {
  const { exitCode, reason, message, containerId } = end;
  return {
    exitCode,
    reason,
    ...(message === undefined || message === '' ? {} : { message }),
    ...(end.startedAt === undefined ? {} : { startedAt: wireTime(end.startedAt) }),
    ...(end.finishedAt === undefined ? {} : { finishedAt: wireTime(end.finishedAt) }),
    ...(containerId === undefined ? {} : { containerID: containerId }),
  };
}

/** The kubelet's `getPhase`; a phase that is final stays. */
function phaseOf({ containers, last, isOver, verdict }: PodView, policy: RestartPolicy): Phase {
  if (last.phase === 'Succeeded' || last.phase === 'Failed') return last.phase;
  const phase = phaseOfContainers(containers, isOver, policy);
  // Who ends well when told to stop was stopped all the same.
  return verdict?.phase !== undefined && (isOver || hasEnded({ phase })) ? verdict.phase : phase;
}

function phaseOfContainers(
  containers: readonly ContainerView[],
  isOver: boolean,
  policy: RestartPolicy,
): Phase {
  const counts = { pendingInit: 0, pendingSidecars: 0, running: 0, waiting: 0, ended: 0, succeeded: 0 };
  let isRestarting = false;
  for (const container of containers) {
    const { role, state, hasStarted, waiting } = container;
    const end = pastEnd(container);
    if (role === 'init') {
      if (state.kind !== 'ended') counts.pendingInit += 1;
      else if (state.end.exitCode !== 0 && !isRestarted(role, state.end.exitCode, policy)) return 'Failed';
    } else if (state.kind === 'running') {
      counts.running += 1;
      if (role === 'sidecar' && !hasStarted) counts.pendingSidecars += 1;
    } else if (role === 'sidecar') {
      if (end === undefined) {
        counts.pendingSidecars += 1;
        counts.waiting += 1;
      }
    } else if (end === undefined) counts.waiting += 1;
    else {
      counts.ended += 1;
      if (end.exitCode === 0 && waiting === undefined) counts.succeeded += 1;
      if (isRestarted(role, end.exitCode, policy)) isRestarting = true;
    }
  }
  const hasRun = containers.some(
    (container) => container.role === 'main' && (container.state.kind !== 'none' || pastEnd(container)),
  );
  if (counts.pendingInit > 0 && !hasRun) return isOver ? 'Failed' : 'Pending';
  if (counts.waiting > 0 || (counts.pendingSidecars > 0 && !hasRun)) return isOver ? 'Failed' : 'Pending';
  if (counts.running > 0) return 'Running';
  if (counts.ended === 0) return 'Pending';
  if (isRestarting && !isOver) return 'Running';
  return counts.ended === counts.succeeded ? 'Succeeded' : 'Failed';
}

function conditionsOf(view: PodView, phase: Phase): PodCondition[] {
  const { pod, containers, podIp, last, verdict } = view;
  const hasMainStarted = containers.some(({ role, state }) => role === 'main' && state.kind !== 'none');
  const incomplete = containers
    .filter(({ role, state, hasStarted }) =>
      role === 'init'
        ? !(state.kind === 'ended' && state.end.exitCode === 0)
        : role === 'sidecar' && !(state.kind === 'running' && hasStarted),
    )
    .map(({ spec }) => spec.name);
  const unready = containers
    .filter(({ role, state, isReady }) => role !== 'init' && !(state.kind === 'running' && isReady))
    .map(({ spec }) => spec.name);
  const initialized: Draft =
    phase === 'Succeeded'
      ? { status: 'True', reason: 'PodCompleted' }
      : hasMainStarted || incomplete.length === 0
        ? { status: 'True' }
        : {
            status: 'False',
            reason: 'ContainersNotInitialized',
            message: `containers with incomplete status: [${incomplete.join(' ')}]`,
          };
  const containersReady: Draft =
    phase === 'Succeeded'
      ? { status: 'False', reason: 'PodCompleted' }
      : phase === 'Failed'
        ? { status: 'False', reason: 'PodFailed' }
        : unready.length === 0
          ? { status: 'True' }
          : {
              status: 'False',
              reason: 'ContainersNotReady',
              message: `containers with unready status: [${unready.join(' ')}]`,
            };
  const conditions = [
    condition(view, 'PodReadyToStartContainers', {
      status: podIp !== undefined && !hasEnded({ phase }) ? 'True' : 'False',
    }),
    condition(view, 'Initialized', initialized),
    condition(view, 'Ready', containersReady.status === 'True' ? readyByGates(pod) : containersReady),
    condition(view, 'ContainersReady', containersReady),
    condition(view, 'PodScheduled', { status: 'True' }),
  ];
  if (verdict?.condition !== undefined) {
    const { type, reason, message } = verdict.condition;
    conditions.push(condition(view, type, { status: 'True', reason, message }));
  } else {
    // Set once at the eviction; an agent that starts anew only has it from the status.
    const kept = last.conditions?.find(({ type }) => type === 'DisruptionTarget');
    if (kept !== undefined) conditions.push(kept);
  }
  return conditions;
}

interface Draft {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

function readyByGates(pod: Pod): Draft {
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (gate === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  return messages.length === 0
    ? { status: 'True' }
    : { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function condition({ pod, last, now }: PodView, type: string, draft: Draft): PodCondition {
  const before = last.conditions?.find((one) => one.type === type);
  const generation = pod.metadata?.generation;
  return {
    type,
    ...draft,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime:
      before?.status === draft.status ? (before.lastTransitionTime ?? wireTime(now)) : wireTime(now),
  };
}
