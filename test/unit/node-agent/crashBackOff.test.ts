import { expect, it } from 'vitest';
import {
  CRASH_BACK_OFF,
  CrashBackOff,
  goDuration,
} from '../../../dev-cluster/embedded/node-agent/pods/crashBackOff.ts';

it('is 0, 10, 20, 40, 80, 160, 300, 300 s for a container that ends at once, and begins anew after a long run', () => {
  const backOff = new CrashBackOff(CRASH_BACK_OFF);
  let now = 1_000_000_000;
  const waits: number[] = [];
  for (let restart = 0; restart < 8; restart += 1) {
    const startAt = backOff.startAt(now);
    waits.push((startAt - now) / 1000);
    now = startAt;
    backOff.next(now, now);
  }
  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  now += 11 * 60_000;
  expect(backOff.startAt(now)).toBe(now);
  backOff.next(now, now);
  expect(backOff.startAt(now + 1000)).toBe(now + 11_000);
});

it('prints durations as Go does', () => {
  expect([10_000, 80_000, 160_000, 300_000].map(goDuration)).toEqual(['10s', '1m20s', '2m40s', '5m0s']);
});
