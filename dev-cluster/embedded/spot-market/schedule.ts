/** When spot nodes go and come back: from a trace, or from rates and a seed. Pure, so the same input gives the same market. */
import { z } from 'zod';
import { SlipwayError } from '../../../src/core/base/errors.ts';

/** Seconds since the market opened. */
export interface Change {
  readonly at: number;
  readonly node: string;
  readonly isUp: boolean;
}

/**
 * A recorded availability, as the published spot traces are: one number per gap, of how many nodes could be had. Ones
 * and zeros for a single node.
 */
const traceFile = z.object({
  metadata: z.object({ gap_seconds: z.number().positive() }),
  data: z.array(z.number().min(0)).min(1),
});
export type Trace = z.infer<typeof traceFile>;

export interface Rates {
  readonly seed: number;
  /** Mean time that a node stays, seconds. */
  readonly upSeconds: number;
  /** Mean time until there is one again, seconds. */
  readonly downSeconds: number;
}

/** Throws SlipwayError `badTrace` with the place. */
export function parseTrace(text: string): Trace {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SlipwayError('badTrace', 'The trace is not JSON.', { cause: error });
  }
  const parsed = traceFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SlipwayError(
    'badTrace',
    `The trace is wrong at ${issue?.path.join('.') ?? 'its root'}: ${issue?.message ?? ''}`,
    { action: 'It needs {"metadata": {"gap_seconds": …}, "data": [1, 0, …]}' },
  );
}

/** The nodes are taken in their order: with two available, the first two are up. All are up before. */
export function traceChanges(trace: Trace, nodes: readonly string[]): Change[] {
  const changes: Change[] = [];
  let up = nodes.length;
  for (const [step, available] of trace.data.entries()) {
    const now = Math.min(available, nodes.length);
    const at = step * trace.metadata.gap_seconds;
    for (const node of nodes.slice(now, up)) changes.push({ at, node, isUp: false });
    for (const node of nodes.slice(up, now)) changes.push({ at, node, isUp: true });
    up = now;
  }
  return changes;
}

/** Each node for itself, in the order of time, without end. */
export function* rateChanges(rates: Rates, nodes: readonly string[]): Generator<Change> {
  const markets = nodes.map((node, index) => {
    const random = randomNumbers(rates.seed + index * 7_919);
    return { node, random, next: { at: exponential(random, rates.upSeconds), isUp: false } };
  });
  for (;;) {
    const first = markets.reduce((a, b) => (b.next.at < a.next.at ? b : a));
    const { at, isUp } = first.next;
    yield { at, node: first.node, isUp };
    first.next = {
      at: at + exponential(first.random, isUp ? rates.upSeconds : rates.downSeconds),
      isUp: !isUp,
    };
  }
}

function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** Mulberry32: small, and the same on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
