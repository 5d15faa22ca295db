/** Samples what every running container uses, for `kubectl top`, autoscaling and the kubelet's statistics. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerRuntime, PodRuntime } from './contract.ts';
import { groupUsage } from './usage.ts';

export interface ContainerUsage {
  /** ms since 1970, when the window ended. */
  readonly time: number;
  /** Over which `cpuCores` is the mean: between two samples, or since the container's start. */
  readonly windowSeconds: number;
  readonly cpuCores: number;
  /** Since the container's start. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

const PERIOD_MS = 10_000;

export class UsageMeter {
  readonly #pods: () => Iterable<PodRuntime>;
  #samples = new Map<string, ContainerUsage>();

  constructor(pods: () => Iterable<PodRuntime>) {
    this.#pods = pods;
  }

  /** Samples every 10 seconds until the signal aborts; while nothing runs it only looks whether something does. */
  async run(signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      await this.sample().catch(onError);
      await delay(PERIOD_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async sample(): Promise<void> {
    const running = new Map<number, string>();
    const starts = new Map<string, number>();
    for (const pod of this.#pods())
      for (const container of pod.containers.values()) {
        const key = keyOf(container);
        if (key === undefined || container.pid === undefined) continue;
        running.set(container.pid, key);
        starts.set(key, container.startedAt ?? Date.now());
      }
    const usage = await groupUsage([...running.keys()]);
    const time = Date.now();
    const samples = new Map<string, ContainerUsage>();
    for (const [pid, { memoryBytes, cpuSeconds }] of usage) {
      const key = running.get(pid);
      if (key === undefined) continue;
      const before = this.#samples.get(key) ?? { time: starts.get(key) ?? time, cpuSeconds: 0 };
      const windowSeconds = (time - before.time) / 1000;
      // A process that a container left behind takes its time with it: never less than before.
      const total = Math.max(cpuSeconds, before.cpuSeconds);
      const cpuCores = windowSeconds > 0 ? (total - before.cpuSeconds) / windowSeconds : 0;
      samples.set(key, { time, windowSeconds, cpuCores, cpuSeconds: total, memoryBytes });
    }
    this.#samples = samples;
  }

  /** The last sample of this instance of the container; `undefined` before the first. */
  of(container: ContainerRuntime): ContainerUsage | undefined {
    const key = keyOf(container);
    return key === undefined ? undefined : this.#samples.get(key);
  }
}

/** One instance of a container; `undefined` when it doesn't run. */
function keyOf({ isRunning, pid, startedAt }: ContainerRuntime): string | undefined {
  return isRunning && pid !== undefined ? `${pid} ${startedAt ?? ''}` : undefined;
}
