/** Pods and their containers as `kubectl get pods` words them. */
import type { Pod, Wire } from './model.ts';
import type { V1ContainerStatus } from '@kubernetes/client-node';

type ContainerStatus = Wire<V1ContainerStatus>;

export interface PodSummary {
  /** The STATUS column, e.g. `Running`, `CrashLoopBackOff`, `Init:0/1`, `Terminating`. */
  readonly status: string;
  readonly readyContainers: number;
  readonly containers: number;
  readonly restarts: number;
  readonly health: 'good' | 'waiting' | 'bad' | 'done';
  /** Why it waits or failed, when the cluster says so. */
  readonly message: string | undefined;
}

/** The rules of Kubernetes' own printer (pkg/printers/internalversion). */
export function summarisePod(pod: Pod): PodSummary {
  const { status, spec, metadata } = pod;
  const containers = status?.containerStatuses ?? [];
  const inits = status?.initContainerStatuses ?? [];
  const sidecars = new Set(
    (spec?.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  const runningSidecars = inits.filter(({ name }) => sidecars.has(name));
  const counted = [...runningSidecars, ...containers];
  const restarts = [...inits, ...containers].reduce((sum, { restartCount }) => sum + restartCount, 0);
  const readyContainers = counted.filter(({ ready }) => ready).length;
  const text = podStatus(pod, inits, containers, sidecars);
  return {
    status: text,
    readyContainers,
    containers: (spec?.containers.length ?? 0) + sidecars.size,
    restarts,
    health: healthOf(text, readyContainers, counted.length, metadata?.deletionTimestamp !== undefined),
    message: messageOf(pod, [...inits, ...containers]),
  };
}

function podStatus(
  pod: Pod,
  inits: readonly ContainerStatus[],
  containers: readonly ContainerStatus[],
  sidecars: ReadonlySet<string>,
): string {
  const { status, spec, metadata } = pod;
  if (metadata?.deletionTimestamp !== undefined)
    return status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  let text = status?.reason ?? status?.phase ?? 'Pending';
  const gated = status?.conditions?.find(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  if (gated !== undefined) text = 'SchedulingGated';
  const total = spec?.initContainers?.length ?? 0;
  for (const [index, { name, state, ready, started }] of inits.entries()) {
    if (state?.terminated?.exitCode === 0) continue;
    if (sidecars.has(name) && (started === true || ready)) continue;
    const stopped = state?.terminated;
    if (stopped !== undefined) return `Init:${stopped.reason ?? exitText(stopped)}`;
    const waiting = state?.waiting?.reason;
    return waiting === undefined || waiting === 'PodInitializing'
      ? `Init:${index}/${total}`
      : `Init:${waiting}`;
  }
  let hasRunning = false;
  for (const { state, ready } of containers.toReversed()) {
    const waiting = state?.waiting?.reason;
    const stopped = state?.terminated;
    if (waiting !== undefined) text = waiting;
    else if (stopped !== undefined) text = stopped.reason ?? exitText(stopped);
    else if (ready && state?.running !== undefined) hasRunning = true;
  }
  if (text === 'Completed' && hasRunning) {
    const isReady = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
    return isReady === true ? 'Running' : 'NotReady';
  }
  return text;
}

function exitText({ signal, exitCode }: { readonly signal?: number; readonly exitCode: number }): string {
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

const waitingWords = new Set([
  'Pending',
  'ContainerCreating',
  'PodInitializing',
  'SchedulingGated',
  'Terminating',
]);

function healthOf(text: string, ready: number, total: number, isGoing: boolean): PodSummary['health'] {
  if (isGoing) return 'waiting';
  if (text === 'Succeeded' || text === 'Completed') return 'done';
  if (text === 'Running') return ready === total && total > 0 ? 'good' : 'waiting';
  return waitingWords.has(text) || /^Init:\d/.test(text) ? 'waiting' : 'bad';
}

function messageOf({ status }: Pod, containers: readonly ContainerStatus[]): string | undefined {
  const unscheduled = status?.conditions?.find(
    (one) => one.type === 'PodScheduled' && one.status === 'False',
  );
  const waiting = containers.map(({ state }) => state?.waiting?.message).find((text) => text !== undefined);
  const stopped = containers
    .map(({ state, lastState }) => state?.terminated?.message ?? lastState?.terminated?.message)
    .find((text) => text !== undefined && text !== '');
  return unscheduled?.message ?? waiting ?? status?.message ?? stopped;
}
