import { afterEach, expect, it, vi } from 'vitest';
import { Deadline } from '../../../dev-cluster/embedded/node-agent/pods/stopContainer.ts';

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['back', -3_600_000],
  ['on', 3_600_000],
])('A deadline stays where it is when somebody puts the clock %s by an hour', async (_, jump) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const began = performance.now();
  const deadline = new Deadline(began + 50);
  vi.setSystemTime(Date.now() + jump);
  await deadline.passed(new AbortController().signal);
  expect(performance.now()).toBeGreaterThanOrEqual(began + 50);
});

it('A deadline that comes nearer is passed earlier, and never moves away', async () => {
  const deadline = new Deadline(performance.now() + 3_600_000);
  const passed = deadline.passed(new AbortController().signal);
  const near = performance.now() + 20;
  deadline.bringForward(near);
  deadline.bringForward(near + 3_600_000);
  await passed;
  expect(deadline.at).toBe(near);
});
