import { expect, it } from 'vitest';
import { untilReachable } from '../../../dev-cluster/embedded/kfp/engine/untilReachable.ts';
import { HttpError, type HttpReason } from '../../../src/clients/http.ts';

const { signal } = new AbortController();
const failure = (reason: HttpReason, status?: number): HttpError =>
  new HttpError(reason, 'No.', status, undefined);

it.each<[HttpReason, number?]>([['unreachable'], ['timeout'], ['server', 503]])(
  'A call is made again after %s %s',
  async (reason, status) => {
    let calls = 0;
    const call = (): Promise<string> =>
      (calls += 1) < 2 ? Promise.reject(failure(reason, status)) : Promise.resolve('made');
    expect(await untilReachable(call, signal)).toBe('made');
    expect(calls).toBe(2);
  },
);

it.each<[HttpReason, number]>([
  ['conflict', 409],
  ['refused', 403],
  ['server', 500],
])('A call that was answered by %s %s is not made again', async (reason, status) => {
  let calls = 0;
  const call = (): Promise<never> => {
    calls += 1;
    return Promise.reject(failure(reason, status));
  };
  await expect(untilReachable(call, signal)).rejects.toMatchObject({ reason, status });
  expect(calls).toBe(1);
});

it('Nobody waits any longer once the signal aborts', async () => {
  const stop = new AbortController();
  const call = (): Promise<never> => {
    stop.abort();
    return Promise.reject(failure('unreachable'));
  };
  await expect(untilReachable(call, stop.signal)).rejects.toThrow(/abort/i);
});
