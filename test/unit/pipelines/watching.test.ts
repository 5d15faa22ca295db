/** The two loops that ask a server again and again: for the view, and for the runs a user started. */
import { describe, expect, test } from 'vitest';
import { HttpError } from '../../../src/clients/http.ts';
import type { Run } from '../../../src/clients/kfp/model.ts';
import { nextDelay, Poller } from '../../../src/pipelines/poller.ts';
import { WatchedRuns, type EndedRun, type WatchedRun } from '../../../src/pipelines/watchedRuns.ts';
import { run, server } from './builders.ts';

/** Time that passes only when the test says so. */
class Clock {
  readonly waits: number[] = [];
  #release: (() => void) | undefined;
  #onWait: (() => void) | undefined;

  readonly wait = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      this.waits.push(ms);
      this.#release = resolve;
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      this.#onWait?.();
    });

  /** Resolves when the loop waits (again). */
  async tick(): Promise<void> {
    const waiting = new Promise<void>((resolve) => {
      this.#onWait = resolve;
    });
    const release = this.#release;
    this.#release = undefined;
    release?.();
    await waiting;
  }
}

describe('the view\u2019s poller', () => {
  test('looks at once, then waits: a second with active runs, ten without, longer after failures', async () => {
    const clock = new Clock();
    const looks: boolean[] = [];
    const polled = {
      hasActiveRuns: false,
      isDown: false,
      poll(isWide: boolean): Promise<void> {
        looks.push(isWide);
        return this.isDown ? Promise.reject(new Error('down')) : Promise.resolve();
      },
    };
    const poller = new Poller(polled, clock.wait);
    poller.setWatching(true);
    await clock.tick();
    polled.hasActiveRuns = true;
    await clock.tick();
    await clock.tick();
    polled.isDown = true;
    await clock.tick();
    await clock.tick();
    polled.isDown = false;
    await clock.tick();
    expect(clock.waits).toEqual([10_000, 1_000, 1_000, 2_000, 4_000, 1_000]);
    expect(looks).toEqual([true, false, false, false, true, true]);
    poller.dispose();
  });

  test('nothing is asked once nobody looks, and at once when somebody does again', async () => {
    const clock = new Clock();
    let looks = 0;
    const polled = {
      hasActiveRuns: true,
      poll: (): Promise<void> => {
        looks++;
        return Promise.resolve();
      },
    };
    const poller = new Poller(polled, clock.wait);
    expect(looks).toBe(0);
    poller.setWatching(true);
    await clock.tick();
    poller.setWatching(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(looks).toBe(1);
    poller.setWatching(true);
    expect(looks).toBe(2);
    poller.wake();
    expect(looks).toBe(3);
    poller.dispose();
    poller.wake();
    expect(looks).toBe(3);
  });

  test('back-off has an end', () => {
    expect(nextDelay(true, 30)).toBe(30_000);
  });
});

describe('runs that a user started', () => {
  function storage(runs: readonly WatchedRun[] = []): {
    get(): readonly WatchedRun[];
    set(all: WatchedRun[] | undefined): Promise<void>;
  } {
    let kept = runs;
    return {
      get: () => kept,
      set: (all) => {
        kept = all ?? [];
        return Promise.resolve();
      },
    };
  }
  const watchedRun = (runId: string, environmentId = 'embedded'): WatchedRun => ({
    runId,
    environmentId,
    name: runId,
  });

  test('are told once when they end, and forgotten', async () => {
    const clock = new Clock();
    const kept = storage();
    const watched = new WatchedRuns(kept, clock.wait);
    const ended: EndedRun[] = [];
    watched.onDidEnd((one) => ended.push(one));
    let state: Run['state'] = 'RUNNING';
    await watched.add(run('a', { state }), 'embedded');
    void watched.watch('embedded', server({ getRun: (id) => Promise.resolve(run(id, { state })) }));
    await clock.tick();
    expect(ended).toEqual([]);
    state = 'FAILED';
    await clock.tick();
    await clock.tick();
    expect(ended.map((one) => [one.run.id, one.run.state, one.wasAway])).toEqual([['a', 'FAILED', false]]);
    expect(kept.get()).toEqual([]);
    watched.dispose();
  });

  test('that ended while the editor was closed are told as such; that still run are watched on', async () => {
    const clock = new Clock();
    const kept = storage([
      watchedRun('old'),
      watchedRun('going'),
      watchedRun('deleted'),
      watchedRun('x', 'elsewhere'),
    ]);
    const watched = new WatchedRuns(kept, clock.wait);
    const ended: EndedRun[] = [];
    watched.onDidEnd((one) => ended.push(one));
    let going: Run['state'] = 'RUNNING';
    const api = server({
      getRun: (id) => {
        if (id === 'deleted') return Promise.reject(new HttpError('notFound', 'gone', 404, undefined));
        return Promise.resolve(run(id, { state: id === 'going' ? going : 'SUCCEEDED' }));
      },
    });
    void watched.watch('embedded', api);
    await clock.tick();
    going = 'SUCCEEDED';
    await clock.tick();
    expect(ended.map((one) => [one.run.id, one.wasAway])).toEqual([
      ['old', true],
      ['going', false],
    ]);
    expect(kept.get().map((one) => one.runId)).toEqual(['x']);
    watched.dispose();
  });

  test('a server that is away only slows the looks down', async () => {
    const clock = new Clock();
    const watched = new WatchedRuns(storage([watchedRun('a')]), clock.wait);
    let isUp = false;
    const ended: string[] = [];
    watched.onDidEnd((one) => ended.push(one.run.id));
    const api = server({
      getRun: (id) =>
        isUp
          ? Promise.resolve(run(id))
          : Promise.reject(new HttpError('unreachable', 'no', undefined, undefined)),
    });
    void watched.watch('embedded', api);
    await clock.tick();
    await clock.tick();
    isUp = true;
    await clock.tick();
    expect(clock.waits).toEqual([4_000, 8_000, 2_000]);
    expect(ended).toEqual(['a']);
    watched.dispose();
  });
});
