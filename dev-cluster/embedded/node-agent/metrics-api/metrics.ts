/** `metrics.k8s.io/v1beta1` objects of what the meter has sampled. */
import type { ObjectMeta } from '../../../../src/clients/kubernetes/model.ts';
import type { PodDirectory, PodRuntime } from '../contract.ts';
import type { ContainerUsage, UsageMeter } from '../usageMeter.ts';

export const GROUP = 'metrics.k8s.io';
export const VERSION = 'v1beta1';
export const GROUP_VERSION = `${GROUP}/${VERSION}`;

/** A node whose pods are measured here. */
export interface MeteredNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pods: PodDirectory;
}

interface Usage {
  /** Quantities, e.g. `1500000n` and `2048Ki`. */
  readonly usage: { readonly cpu: string; readonly memory: string };
}

interface Metrics {
  readonly apiVersion: typeof GROUP_VERSION;
  readonly metadata: ObjectMeta;
  /** RFC 3339: when the window ended. */
  readonly timestamp: string;
  /** A Go duration. */
  readonly window: string;
}

export interface NodeMetrics extends Metrics, Usage {
  readonly kind: 'NodeMetrics';
}

export interface PodMetrics extends Metrics {
  readonly kind: 'PodMetrics';
  readonly containers: readonly (Usage & { readonly name: string })[];
}

/** What its pods use together: a simulated node uses nothing else. */
export function nodeMetrics({ name, labels, pods }: MeteredNode, meter: UsageMeter): NodeMetrics {
  const samples = Array.from(pods.all()).flatMap((pod) => samplesOf(pod, meter).map(({ sample }) => sample));
  return {
    kind: 'NodeMetrics',
    ...common({ name, labels: { ...labels } }, samples),
    usage: usage(samples),
  };
}

/** `undefined` before its first sample. */
export function podMetrics(pod: PodRuntime, meter: UsageMeter): PodMetrics | undefined {
  const samples = samplesOf(pod, meter);
  if (samples.length === 0) return undefined;
  const { name, namespace, labels } = pod.pod.metadata ?? {};
  const metadata: ObjectMeta = {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    labels: labels ?? {},
  };
  return {
    kind: 'PodMetrics',
    ...common(
      metadata,
      samples.map(({ sample }) => sample),
    ),
    containers: samples.map(({ container, sample }) => ({ name: container, usage: usage([sample]) })),
  };
}

function samplesOf(
  pod: PodRuntime,
  meter: UsageMeter,
): readonly { readonly container: string; readonly sample: ContainerUsage }[] {
  return Array.from(pod.containers).flatMap(([container, runtime]) => {
    const sample = meter.of(runtime);
    return sample === undefined ? [] : [{ container, sample }];
  });
}

function common(metadata: ObjectMeta, samples: readonly ContainerUsage[]): Metrics {
  const time = Math.max(...samples.map((sample) => sample.time), 0);
  const seconds = Math.max(...samples.map((sample) => sample.windowSeconds), 0);
  // No pods: nothing is used right now.
  const timestamp = new Date(time === 0 ? Date.now() : time).toISOString();
  return {
    apiVersion: GROUP_VERSION,
    metadata: { ...metadata, creationTimestamp: timestamp },
    timestamp,
    window: `${seconds.toFixed(3)}s`,
  };
}

function usage(samples: readonly ContainerUsage[]): Usage['usage'] {
  const cores = samples.reduce((sum, sample) => sum + sample.cpuCores, 0);
  const bytes = samples.reduce((sum, sample) => sum + sample.memoryBytes, 0);
  return { cpu: `${Math.round(cores * 1e9)}n`, memory: `${Math.round(bytes / 1024)}Ki` };
}
