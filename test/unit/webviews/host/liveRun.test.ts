import { describe, expect, it } from 'vitest';
import { HttpError } from '../../../../src/clients/http.ts';
import { LiveRun, lookAgainAfter } from '../../../../src/pipelines/liveRun.ts';
import { FakeKfp, until } from './fakes.ts';

/** A run whose waits between looks end when the test says so. */
function watched(kfp: FakeKfp, api: () => FakeKfp['api'] | undefined = () => kfp.api) {
  const waits: { ms: number; end: () => void }[] = [];
  const live = new LiveRun('run-1', api, (ms, signal) => {
    return new Promise((resolve, reject) => {
      waits.push({ ms, end: resolve });
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  });
  const look = async (): Promise<void> => {
    const before = waits.length;
    waits.at(-1)?.end();
    await until(() => waits.length > before || kfp.run.state === 'SUCCEEDED');
  };
  return { live, waits, look };
}

describe('LiveRun', () => {
  it('looks only while watched, and stops when the run is over', async () => {
    const kfp = new FakeKfp();
    const { live, waits } = watched(kfp);
    expect(kfp.calls).toEqual([]);
    live.setWatched(true);
    await until(() => waits.length === 1);
    expect(live.state.run?.state).toBe('RUNNING');
    kfp.set('SUCCEEDED', { train: 'SUCCEEDED' });
    waits[0]?.end();
    await until(() => live.state.run?.state === 'SUCCEEDED');
    expect(live.state.tasks).toHaveLength(2);
    expect(waits).toHaveLength(1);
    live.dispose();
  });

  it('does not look while hidden, and looks at once when seen again', async () => {
    const kfp = new FakeKfp();
    const { live, waits } = watched(kfp);
    live.setWatched(true);
    await until(() => waits.length === 1);
    live.setWatched(false);
    const calls = kfp.calls.length;
    waits[0]?.end();
    await until(() => true);
    expect(kfp.calls.length).toBe(calls);
    live.setWatched(true);
    await until(() => waits.length === 2);
    expect(kfp.calls.length).toBeGreaterThan(calls);
    live.dispose();
  });

  it('keeps what it knows while the service is away, backs off, and comes back', async () => {
    const kfp = new FakeKfp();
    let api: FakeKfp['api'] | undefined = kfp.api;
    const { live, waits, look } = watched(kfp, () => api);
    kfp.set('RUNNING', { train: 'RUNNING' });
    live.setWatched(true);
    await until(() => waits.length === 1);
    api = undefined;
    for (let turn = 0; turn < 4; turn++) await look();
    expect(live.state).toMatchObject({ connection: 'reconnecting', run: { state: 'RUNNING' } });
    expect(live.state.tasks.map((task) => task.id)).toContain('train');
    const backOff = waits.slice(1).map((wait) => wait.ms);
    expect(backOff).toEqual([...backOff].sort((a, b) => a - b));
    expect(new Set(backOff).size).toBe(backOff.length);
    api = kfp.api;
    kfp.set('RUNNING', { train: 'SUCCEEDED' });
    await look();
    expect(live.state.connection).toBe('live');
    expect(live.state.tasks.find((task) => task.id === 'train')?.state).toBe('SUCCEEDED');
    live.dispose();
  });

  it('gives up for good on a run that is gone', async () => {
    const kfp = new FakeKfp();
    kfp.failure = new HttpError('notFound', 'There is no such run.', 404, undefined);
    const { live, waits } = watched(kfp);
    live.setWatched(true);
    await until(() => live.state.failure !== undefined);
    expect(live.state.failure?.message).toBe('There is no such run.');
    expect(waits).toHaveLength(0);
    live.dispose();
  });

  it('goes on after a retry of a run that was over', async () => {
    const kfp = new FakeKfp();
    kfp.set('FAILED', { train: 'FAILED' });
    const { live, waits } = watched(kfp);
    live.setWatched(true);
    await until(() => live.state.run?.state === 'FAILED');
    expect(waits).toHaveLength(0);
    kfp.set('RUNNING', { train: 'RUNNING' });
    live.wake();
    await until(() => waits.length === 1);
    expect(live.state.run?.state).toBe('RUNNING');
    live.dispose();
  });

  it('fires only when something is new, and moves its revision only with the tasks', async () => {
    const kfp = new FakeKfp();
    kfp.set('RUNNING', { train: 'RUNNING' });
    const { live, waits, look } = watched(kfp);
    let fired = 0;
    live.onDidChange(() => fired++);
    live.setWatched(true);
    await until(() => waits.length === 1);
    await look();
    await look();
    expect(fired).toBe(1);
    expect(live.state.tasksRevision).toBe(1);
    kfp.set('RUNNING', { train: 'SUCCEEDED' });
    await look();
    expect([fired, live.state.tasksRevision]).toEqual([2, 2]);
    live.dispose();
  });

  it('is not brought down by a call that was aborted elsewhere', async () => {
    const kfp = new FakeKfp();
    const { live, waits, look } = watched(kfp);
    live.setWatched(true);
    await until(() => waits.length === 1);
    kfp.failure = new DOMException('The session ended.', 'AbortError');
    await look();
    expect(live.state.connection).toBe('reconnecting');
    kfp.failure = undefined;
    await look();
    expect(live.state.connection).toBe('live');
    live.dispose();
  });
});

describe('lookAgainAfter', () => {
  it('leaves the service alone for four times as long as it was busy', () => {
    expect(lookAgainAfter(10, 0)).toBe(400);
    expect(lookAgainAfter(1_000, 0)).toBe(4_000);
    expect(lookAgainAfter(60_000, 0)).toBe(15_000);
    expect(lookAgainAfter(10, 50)).toBe(15_000);
  });
});
