/** What a node's containers use, in the kubelet's words: `/stats/summary` and Prometheus metrics. */
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { ContainerRuntime, PodDirectory, PodRuntime } from '../contract.ts';
import type { ContainerUsage, UsageMeter } from '../usageMeter.ts';

interface Measured {
  readonly container: ContainerRuntime;
  readonly usage: ContainerUsage;
}

export interface NodeStatistics {
  readonly nodeName: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly pods: PodDirectory;
  readonly meter: UsageMeter;
  /** Whose file system the node's is. */
  readonly folder: string;
}

/** Of the kubelet's `stats/v1alpha1` Summary, the fields that are known here. The node's use is its pods'. */
export async function summary({
  nodeName,
  startedAt,
  pods,
  meter,
  folder,
}: NodeStatistics): Promise<unknown> {
  const measured = Array.from(pods.all(), (pod) => ({ pod, containers: measure(pod, meter) }));
  const disk = await statfs(folder);
  const now = new Date().toISOString();
  return {
    node: {
      nodeName,
      startTime: new Date(startedAt).toISOString(),
      ...used(measured.flatMap(({ containers }) => containers)),
      fs: {
        time: now,
        availableBytes: disk.bavail * disk.bsize,
        capacityBytes: disk.blocks * disk.bsize,
        usedBytes: (disk.blocks - disk.bfree) * disk.bsize,
        inodesFree: disk.ffree,
        inodes: disk.files,
        inodesUsed: disk.files - disk.ffree,
      },
    },
    pods: measured.map(({ pod: { pod }, containers }) => ({
      podRef: { name: pod.metadata?.name, namespace: pod.metadata?.namespace, uid: pod.metadata?.uid },
      startTime: pod.status?.startTime,
      containers: containers.map((one) => ({
        name: one.container.spec.name,
        startTime: isoTime(one.container.startedAt),
        ...used([one]),
      })),
      ...used(containers),
    })),
  };
}

/** As the kubelet's `/metrics/resource`, which metrics-server reads. */
export function resourceMetrics({ pods, meter }: NodeStatistics): string {
  const all = Array.from(pods.all(), (pod) => ({ pod, containers: measure(pod, meter) }));
  const containers = all.flatMap((one) =>
    one.containers.map((measured) => ({
      labels: { container: measured.container.spec.name, ...podLabels(one.pod) },
      measured: [measured],
    })),
  );
  const whole = all
    .filter((one) => one.containers.length > 0)
    .map((one) => ({ labels: podLabels(one.pod), measured: one.containers }));
  const node = [{ labels: {}, measured: all.flatMap((one) => one.containers) }];
  const cpu = (measured: readonly Measured[]): number => sum(measured, ({ cpuSeconds }) => cpuSeconds);
  const memory = (measured: readonly Measured[]): number => sum(measured, ({ memoryBytes }) => memoryBytes);
  const started = (measured: readonly Measured[]): number => (measured[0]?.container.startedAt ?? 0) / 1000;
  return [
    family('container_cpu_usage_seconds_total', 'counter', containers, cpu),
    family('container_memory_working_set_bytes', 'gauge', containers, memory),
    family('container_start_time_seconds', 'gauge', containers, started),
    family('node_cpu_usage_seconds_total', 'counter', node, cpu),
    family('node_memory_working_set_bytes', 'gauge', node, memory),
    family('pod_cpu_usage_seconds_total', 'counter', whole, cpu),
    family('pod_memory_working_set_bytes', 'gauge', whole, memory),
    '# TYPE resource_scrape_error gauge\nresource_scrape_error 0\n',
  ].join('');
}

/** The names of cAdvisor's metrics that dashboards ask for first. */
export function cadvisorMetrics({ pods, meter }: NodeStatistics): string {
  const rows = Array.from(pods.all()).flatMap((pod) =>
    measure(pod, meter).map((measured) => ({
      labels: {
        container: measured.container.spec.name,
        id: `/kubepods/pod${pod.pod.metadata?.uid ?? ''}/${measured.container.spec.name}`,
        image: measured.container.spec.image ?? '',
        name: measured.container.spec.name,
        ...podLabels(pod),
      },
      measured: [measured],
    })),
  );
  const memory = (measured: readonly Measured[]): number => sum(measured, ({ memoryBytes }) => memoryBytes);
  const here = [{ labels: {}, measured: [] }];
  return [
    family('container_cpu_usage_seconds_total', 'counter', rows, (measured) =>
      sum(measured, ({ cpuSeconds }) => cpuSeconds),
    ),
    family('container_memory_usage_bytes', 'gauge', rows, memory),
    family('container_memory_working_set_bytes', 'gauge', rows, memory),
    family('machine_cpu_cores', 'gauge', here, () => availableParallelism()),
    family('machine_memory_bytes', 'gauge', here, () => totalmem()),
  ].join('');
}

function measure(pod: PodRuntime, meter: UsageMeter): readonly Measured[] {
  return Array.from(pod.containers.values()).flatMap((container) => {
    const usage = meter.of(container);
    return usage === undefined ? [] : [{ container, usage }];
  });
}

function used(measured: readonly Measured[]): object {
  if (measured.length === 0) return {};
  const time = isoTime(Math.max(...measured.map(({ usage }) => usage.time)));
  const memory = sum(measured, ({ memoryBytes }) => memoryBytes);
  return {
    cpu: {
      time,
      usageNanoCores: Math.round(sum(measured, ({ cpuCores }) => cpuCores) * 1e9),
      usageCoreNanoSeconds: Math.round(sum(measured, ({ cpuSeconds }) => cpuSeconds) * 1e9),
    },
    memory: { time, usageBytes: memory, workingSetBytes: memory, rssBytes: memory },
  };
}

function sum(measured: readonly Measured[], of: (usage: ContainerUsage) => number): number {
  return measured.reduce((total, { usage }) => total + of(usage), 0);
}

const podLabels = ({ pod }: PodRuntime): Readonly<Record<string, string>> => ({
  namespace: pod.metadata?.namespace ?? '',
  pod: pod.metadata?.name ?? '',
});

const isoTime = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString();

interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly measured: readonly Measured[];
}

/** Prometheus's text format. */
function family(
  name: string,
  type: 'counter' | 'gauge',
  rows: readonly Row[],
  value: (measured: readonly Measured[]) => number,
): string {
  const lines = rows.map(({ labels, measured }) => {
    const inside = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    return `${name}${inside.length === 0 ? '' : `{${inside.join(',')}}`} ${value(measured)}\n`;
  });
  return `# TYPE ${name} ${type}\n${lines.join('')}`;
}
