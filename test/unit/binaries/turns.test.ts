/** One build at a time; what others wait for first goes first. */
import { expect, it } from 'vitest';
import { Turns } from '../../../dev-cluster/embedded/binaries/turns.ts';

const never = new AbortController().signal;

it('runs one at a time, the lowest rank next', async () => {
  const turns = new Turns();
  const order: number[] = [];
  let running = 0;
  const waited: number[] = [];
  const take = (rank: number): Promise<void> =>
    turns.take(
      rank,
      () => waited.push(rank),
      never,
      async () => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push(rank);
        running -= 1;
      },
    );
  await Promise.all([take(5), take(9), take(1), take(7)]);
  expect(order).toEqual([5, 1, 7, 9]);
  expect(waited).toEqual([9, 1, 7]);
});

it('goes on after a failure and without those who left', async () => {
  const turns = new Turns();
  const left = new AbortController();
  const order: string[] = [];
  const first = turns.take(
    0,
    () => undefined,
    never,
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('broken');
    },
  );
  const second = turns.take(
    1,
    () => undefined,
    left.signal,
    () => Promise.resolve(order.push('second')),
  );
  const third = turns.take(
    2,
    () => undefined,
    never,
    () => Promise.resolve(order.push('third')),
  );
  const results = Promise.allSettled([first, second, third]);
  left.abort();
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(order).toEqual(['third']);
});
