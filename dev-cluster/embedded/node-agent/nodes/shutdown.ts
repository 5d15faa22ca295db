/** In which order, and within which time, a node's pods end when the machine goes down: as the kubelet's shutdown manager. */
import { setTimeout as delay } from 'node:timers/promises';
import type { PodWorker } from '../pods/podWorker.ts';

const CRITICAL_PRIORITY = 2_000_000_000;

/** Pods proper first; what of the notice is left for critical ones is a third, as GKE splits it. */
export async function shutdownGrace(
  workers: readonly PodWorker[],
  noticeSeconds: number,
  terminate: (worker: PodWorker, graceSeconds: number) => void,
): Promise<void> {
  const isCritical = ({ pod }: PodWorker): boolean => (pod.spec?.priority ?? 0) >= CRITICAL_PRIORITY;
  const active = workers.filter(({ isOver }) => !isOver);
  const critical = active.filter(isCritical);
  const ordinary = active.filter((worker) => !isCritical(worker));
  const criticalSeconds = critical.length === 0 ? 0 : noticeSeconds / 3;
  for (const [group, seconds] of [
    [ordinary, noticeSeconds - criticalSeconds],
    [critical, criticalSeconds],
  ] as const) {
    for (const worker of group)
      terminate(worker, Math.min(seconds, worker.pod.spec?.terminationGracePeriodSeconds ?? 30));
    const done = new AbortController();
    const timeout = delay(seconds * 1000, undefined, { signal: done.signal }).catch(() => undefined);
    await Promise.race([Promise.all(group.map(({ over }) => over)), timeout]);
    done.abort();
  }
}
