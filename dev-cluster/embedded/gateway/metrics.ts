/** What the gateway counts, in Istio's names and labels, so that queries written for a mesh work here unchanged. */
import type { PodIdentity } from './addresses.ts';
import type { ServicePort } from './services.ts';

export interface Observation {
  /** The pod that called through the proxy; `undefined`: a request from outside. */
  readonly source: { readonly workload: string; readonly namespace: string } | undefined;
  /** `undefined` when no route was found. */
  readonly servicePort: ServicePort | undefined;
  /** `undefined` when it reached no pod. */
  readonly pod: PodIdentity | undefined;
  readonly code: number;
  readonly flags: ResponseFlags;
  readonly protocol: 'http' | 'grpc';
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/**
 * Envoy's: `-` fine, NR no route, UH no endpoint, UF connecting failed, UC the backend's connection broke, UT timeout,
 * DC the client went away.
 */
export type ResponseFlags = '-' | 'NR' | 'UH' | 'UF' | 'UC' | 'UT' | 'DC';

// Envoy's own, which Istio uses for times (ms) and sizes alike.
const BUCKETS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
] as const;

class Histogram {
  readonly #counts = new Array<number>(BUCKETS.length + 1).fill(0);
  #sum = 0;

  observe(value: number): void {
    let bucket = 0;
    while (bucket < BUCKETS.length && value > (BUCKETS[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  render(name: string, labels: string, lines: string[]): void {
    let total = 0;
    for (const [index, count] of this.#counts.entries()) {
      total += count;
      lines.push(`${name}_bucket{${labels},le="${String(BUCKETS[index] ?? '+Inf')}"} ${total}`);
    }
    lines.push(`${name}_sum{${labels}} ${this.#sum}`, `${name}_count{${labels}} ${total}`);
  }
}

interface Series {
  readonly labels: string;
  readonly podUid: string | undefined;
  total: number;
  readonly duration: Histogram;
  readonly requestBytes: Histogram;
  readonly responseBytes: Histogram;
}

/** A scraper reads the last numbers of a pod that has gone within this time. */
const KEEP_GONE_MS = 10 * 60_000;
const MOST_SERIES = 20_000;

export class GatewayMetrics {
  readonly #series = new Map<string, Series>();
  readonly #goneSince = new Map<string, number>();

  observe(seen: Observation): void {
    const { servicePort, pod, source } = seen;
    const service = servicePort?.service;
    const key = `${service?.namespace ?? ''}/${service?.name ?? ''}:${servicePort?.port ?? 0}|${pod?.uid ?? ''}|${seen.code}|${seen.flags}|${seen.protocol}|${source?.namespace ?? ''}/${source?.workload ?? ''}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= MOST_SERIES) return;
      series = {
        labels: labelsOf(seen),
        podUid: pod?.uid,
        total: 0,
        duration: new Histogram(),
        requestBytes: new Histogram(),
        responseBytes: new Histogram(),
      };
      this.#series.set(key, series);
    }
    series.total += 1;
    series.duration.observe(seen.durationMs);
    series.requestBytes.observe(seen.requestBytes);
    series.responseBytes.observe(seen.responseBytes);
  }

  /** Drops the series of pods that have been gone for long. */
  retain(isLive: (podUid: string) => boolean, now: number): void {
    for (const [key, { podUid }] of this.#series) {
      if (podUid === undefined || isLive(podUid)) {
        if (podUid !== undefined) this.#goneSince.delete(podUid);
        continue;
      }
      const since = this.#goneSince.get(podUid) ?? now;
      this.#goneSince.set(podUid, since);
      if (now - since > KEEP_GONE_MS) this.#series.delete(key);
    }
    for (const [podUid, since] of this.#goneSince)
      if (now - since > KEEP_GONE_MS) this.#goneSince.delete(podUid);
  }

  /** Prometheus text. Each request to a pod is told twice, as in a mesh: by its source and by its destination. */
  render(): string {
    const all = [...this.#series.values()].flatMap((series) =>
      (series.podUid === undefined ? ['source'] : ['source', 'destination']).map((reporter) => ({
        series,
        labels: `reporter="${reporter}",${series.labels}`,
      })),
    );
    const lines = ['# TYPE istio_requests_total counter'];
    for (const { series, labels } of all) lines.push(`istio_requests_total{${labels}} ${series.total}`);
    lines.push('# TYPE istio_request_duration_milliseconds histogram');
    for (const { series, labels } of all)
      series.duration.render('istio_request_duration_milliseconds', labels, lines);
    lines.push('# TYPE istio_request_bytes histogram');
    for (const { series, labels } of all) series.requestBytes.render('istio_request_bytes', labels, lines);
    lines.push('# TYPE istio_response_bytes histogram');
    for (const { series, labels } of all) series.responseBytes.render('istio_response_bytes', labels, lines);
    return `${lines.join('\n')}\n`;
  }
}

const UNKNOWN = 'unknown';

function labelsOf({ source, servicePort, pod, code, flags, protocol }: Observation): string {
  const service = servicePort?.service;
  const labels = {
    source_workload: source?.workload ?? 'slipway-gateway',
    source_workload_namespace: source?.namespace ?? 'slipway-system',
    destination_workload: pod?.workload ?? UNKNOWN,
    destination_workload_namespace: pod?.namespace ?? UNKNOWN,
    destination_canonical_service: pod?.canonicalService ?? UNKNOWN,
    destination_canonical_revision: pod?.canonicalRevision ?? UNKNOWN,
    destination_service:
      service === undefined ? UNKNOWN : `${service.name}.${service.namespace}.svc.cluster.local`,
    destination_service_name: service?.name ?? UNKNOWN,
    destination_service_namespace: service?.namespace ?? UNKNOWN,
    request_protocol: protocol,
    response_code: String(code),
    response_flags: flags,
    pod: pod?.name ?? UNKNOWN,
  };
  return Object.entries(labels)
    .map(
      ([name, value]) =>
        `${name}="${value.replaceAll(/["\\\n]/g, (one) => `\\${one === '\n' ? 'n' : one}`)}"`,
    )
    .join(',');
}
