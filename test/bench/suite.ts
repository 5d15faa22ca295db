/** What every suite in this folder exports: `run` measures ours and, where there is one, the peer, in the same process run. */
export interface BenchRow {
  readonly case: string;
  readonly metric:
    'ms' | 'p50-ms' | 'p99-ms' | 'frame-ms' | 'rps' | 'mib' | 'crossings' | 'px' | (string & {});
  readonly ours: number;
  readonly peer?: string;
  readonly theirs?: number;
}

export type BenchSuite = (report: (row: BenchRow) => void) => Promise<void>;

/** Median of several calls, in milliseconds. */
export async function medianMs(times: number, call: () => unknown): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await call();
    samples.push(performance.now() - start);
  }
  return median(samples);
}

/** The one in the middle; NaN of none. */
export function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}
