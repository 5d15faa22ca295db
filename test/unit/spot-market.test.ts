import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gpuNodeMarks, isSpot, PROVIDERS } from '../../dev-cluster/embedded/spot-market/providers.ts';
import { parseTrace, rateChanges, traceChanges } from '../../dev-cluster/embedded/spot-market/schedule.ts';

const first = <T>(values: Iterable<T>, count: number): T[] => {
  const found: T[] = [];
  for (const value of values) {
    if (found.length === count) break;
    found.push(value);
  }
  return found;
};

describe('providers', () => {
  it.each(PROVIDERS)('%s marks spot nodes, and only those', (provider) => {
    expect(isSpot(gpuNodeMarks(provider, 'spot').labels)).toBe(true);
    expect(isSpot(gpuNodeMarks(provider, 'onDemand').labels)).toBe(false);
  });

  it('taints spot nodes where the provider does', () => {
    const keys = PROVIDERS.map((provider) => gpuNodeMarks(provider, 'spot').taints.map(({ key }) => key));
    expect(keys).toEqual([
      ['nvidia.com/gpu', 'cloud.google.com/gke-spot'],
      ['nvidia.com/gpu'],
      ['nvidia.com/gpu'],
      ['nvidia.com/gpu', 'kubernetes.azure.com/scalesetpriority'],
    ]);
  });
});

describe('a trace', () => {
  it('takes the first nodes first', () => {
    const trace = parseTrace('{"metadata":{"gap_seconds":10},"data":[2,1,0,2]}');
    expect(traceChanges(trace, ['a', 'b'])).toEqual([
      { at: 10, node: 'b', isUp: false },
      { at: 20, node: 'a', isUp: false },
      { at: 30, node: 'a', isUp: true },
      { at: 30, node: 'b', isUp: true },
    ]);
  });

  it('leaves as many nodes up as it says, at every step', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        (data, count) => {
          const nodes = ['a', 'b', 'c'].slice(0, count);
          const changes = traceChanges({ metadata: { gap_seconds: 1 }, data }, nodes);
          for (const [at, available] of data.entries()) {
            const up = new Set(nodes);
            for (const change of changes.filter((one) => one.at <= at))
              if (change.isUp) up.add(change.node);
              else up.delete(change.node);
            expect(up.size).toBe(Math.min(available, count));
          }
        },
      ),
    );
  });

  it.each([
    ['no JSON', '{', /is not JSON/],
    ['no gap', '{"metadata":{},"data":[1]}', /metadata\.gap_seconds/],
    ['a word', '{"metadata":{"gap_seconds":1},"data":["x"]}', /data\.0/],
  ])('with %s names the place', (_what, text, message) => {
    expect(() => parseTrace(text)).toThrow(message);
  });
});

describe('rates', () => {
  const rates = { seed: 7, upSeconds: 3_600, downSeconds: 1_200 };

  it('give the same market for the same seed, and another for another', () => {
    const market = first(rateChanges(rates, ['a', 'b']), 50);
    expect(first(rateChanges(rates, ['a', 'b']), 50)).toEqual(market);
    expect(first(rateChanges({ ...rates, seed: 8 }, ['a', 'b']), 50)).not.toEqual(market);
  });

  it('are in the order of time, and every node goes before it comes', () => {
    const market = first(rateChanges(rates, ['a', 'b', 'c']), 300);
    expect(market.map(({ at }) => at)).toEqual(market.map(({ at }) => at).toSorted((a, b) => a - b));
    for (const node of ['a', 'b', 'c']) {
      const own = market.filter((change) => change.node === node).map(({ isUp }) => isUp);
      expect(own).toEqual(own.map((_, index) => index % 2 === 1));
    }
  });

  it('have the availability that their means say', () => {
    const market = first(rateChanges(rates, ['a']), 4_000);
    let down = 0;
    for (const [index, { at, isUp }] of market.entries()) if (isUp) down += at - (market[index - 1]?.at ?? 0);
    // 3,600 of every 4,800 seconds; 2,000 rounds leave a standard error of about one percent.
    expect(1 - down / (market.at(-1)?.at ?? 1)).toBeCloseTo(0.75, 1);
  });
});
