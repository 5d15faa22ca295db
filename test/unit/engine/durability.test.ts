/** Retries, cancel, run retry, caching, and what a new service makes of the rows of an old one. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StepOutcome } from '../../../dev-cluster/embedded/kfp/engine/executor.ts';
import {
  constant,
  dag,
  from,
  over,
  pipeline,
  step,
  task,
  input,
  value,
  artifactFrom,
} from '../../builders/irSpec.ts';
import { DONE, ScriptedExecutor, type Scripted } from '../../fakes/scriptedExecutor.ts';
import { harness, runOnce, waitFor } from './harness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-engine-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const plain = step();

function untilStopped(signal: AbortSignal): Promise<Scripted> {
  const canceled: Scripted = { outcome: { kind: 'canceled' } };
  if (signal.aborted) return Promise.resolve(canceled);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(canceled), { once: true });
  });
}

const make = step({ out: { Output: 'STRING' } });

describe('a retry policy', () => {
  const retry = { maxRetryCount: 3, backoffDuration: '60s', backoffFactor: 2, backoffMaxDuration: '100s' };

  test('tries again with growing pauses, each try an attempt', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    let tries = 0;
    const executor = new ScriptedExecutor(() => (++tries < 4 ? { fails: 'Not yet.' } : DONE));
    const h = harness(executor);
    const id = h.add(pipeline(dag({ a: task('plain', { retry }) }), { plain }));
    h.engine.start(id);
    const starts: number[] = [];
    for (const [index, pause] of [60_000, 100_000, 100_000].entries()) {
      await waitFor(
        () => h.stores.attempts.ofRun(id).filter(({ state }) => state === 'FAILED').length === index + 1,
      );
      vi.advanceTimersByTime(pause - 1);
      expect(h.stores.attempts.ofRun(id)).toHaveLength(index + 1);
      vi.advanceTimersByTime(1);
      expect(h.stores.attempts.ofRun(id)).toHaveLength(index + 2);
    }
    const { run, tasks } = await h.ended(id);
    const attempts = h.stores.attempts.ofRun(id);
    starts.push(...attempts.map(({ startedAt }) => startedAt));
    expect(run.state).toBe('SUCCEEDED');
    expect(attempts.map(({ state, number }) => [number, state])).toEqual([
      [1, 'FAILED'],
      [2, 'FAILED'],
      [3, 'FAILED'],
      [4, 'SUCCEEDED'],
    ]);
    expect(starts.map((at) => at - (starts[0] ?? 0))).toEqual([0, 60_000, 160_000, 260_000]);
    expect(tasks.filter(({ kind }) => kind === 'RUNTIME')).toHaveLength(1);
    expect(executor.steps.map(({ retryIndex }) => retryIndex)).toEqual([0, 1, 2, 3]);
    // A failed attempt's half-written artifacts are never in the way of the next.
    expect(new Set(executor.steps.map(({ outputFolder }) => outputFolder)).size).toBe(4);
  });

  test('gives up with the last error, and not at all for what cannot change', async () => {
    const quick = { ...retry, backoffDuration: '0s' };
    const spec = pipeline(dag({ a: task('plain', { retry: quick }) }), { plain });
    const often = await runOnce(spec, { script: () => ({ fails: 'Never.' }) });
    expect(often.run.error).toBe('Task a failed. Never.');
    expect(often.executor.started).toHaveLength(4);
    const once = await runOnce(spec, { script: () => ({ fails: 'No image.', mayRetry: false }) });
    expect(once.executor.started).toHaveLength(1);
  });

  test('of a DAG runs its failed tasks again', async () => {
    let tries = 0;
    const { run, executor } = await runOnce(
      pipeline(dag({ group: task('group', { retry: { ...retry, backoffDuration: '0s' } }) }), {
        group: dag({ good: task('plain'), bad: task('plain'), next: task('plain', { after: ['bad'] }) }),
        plain,
      }),
      { script: ({ names }) => (names.taskName === 'bad' && ++tries < 3 ? { fails: 'Not yet.' } : DONE) },
    );
    expect(run.state).toBe('SUCCEEDED');
    expect(executor.started.toSorted()).toEqual(['bad', 'bad', 'bad', 'good', 'next']);
  });
});

describe('terminate', () => {
  test('stops what runs, starts nothing more, not even exit tasks', async () => {
    const executor = new ScriptedExecutor((_step, signal) => untilStopped(signal));
    const h = harness(executor, { maxParallelSteps: 1 });
    const id = h.add(
      pipeline(
        dag({
          group: task('group'),
          exit: task('plain', { after: ['group'], runsAfterFailure: true }),
        }),
        { group: dag({ a: task('plain'), b: task('plain'), c: task('plain', { after: ['a'] }) }), plain },
      ),
    );
    h.engine.start(id);
    await waitFor(() => executor.running === 1);
    h.engine.terminate(id);
    const { run, states } = await h.ended(id);
    expect(run.stateHistory.map(({ state }) => state)).toEqual([
      'PENDING',
      'RUNNING',
      'CANCELING',
      'CANCELED',
    ]);
    expect(states).toEqual({ group: 'FAILED', 'group.a': 'FAILED', 'group.b': 'SKIPPED' });
    expect(executor.started).toEqual(['a']);
    expect(h.stores.attempts.ofRun(id).map(({ state }) => state)).toEqual(['CANCELED']);
  });

  test('during a pause between attempts', async () => {
    const executor = new ScriptedExecutor(() => ({ fails: 'Not yet.' }));
    const h = harness(executor);
    const id = h.add(
      pipeline(
        dag({
          a: task('plain', { retry: { maxRetryCount: 9, backoffDuration: '3000s', backoffFactor: 1 } }),
        }),
        { plain },
      ),
    );
    h.engine.start(id);
    await waitFor(() => h.stores.attempts.ofRun(id)[0]?.state === 'FAILED');
    h.engine.terminate(id);
    expect((await h.ended(id)).run.state).toBe('CANCELED');
  });
});

describe('a run that is retried', () => {
  test('keeps what went well and runs the rest again, as new attempts', async () => {
    const outcomes = new Map([
      ['bad', 2],
      ['loop-step', 1],
    ]);
    const executor = new ScriptedExecutor(({ names, input: { parameters } }) => {
      const name = names.taskName;
      const left = parameters.get('x') === 2 || name === 'bad' ? (outcomes.get(name) ?? 0) : 0;
      if (left > 0) {
        outcomes.set(name, left - 1);
        return { fails: 'Broken.' };
      }
      return { outputs: { Output: `${name}!` } };
    });
    const h = harness(executor);
    const id = h.add(
      pipeline(
        dag(
          {
            good: task('make'),
            group: task('group'),
            loop: task('loop', { loop: over({ raw: '[1, 2, 3]' }, 'item') }),
            last: task('use', { parameters: { x: from('good') }, after: ['group', 'loop'] }),
          },
          { out: { all: 'LIST' }, outputs: { parameters: { all: value('loop', 'all') } } },
        ),
        {
          make,
          use: step({ in: { x: 'STRING' } }),
          group: dag({ fine: task('make'), bad: task('make'), after: task('make', { after: ['bad'] }) }),
          loop: dag(
            { 'loop-step': task('echo', { parameters: { x: input('item') } }) },
            {
              in: { item: 'NUMBER_INTEGER' },
              out: { all: 'STRING' },
              outputs: { parameters: { all: value('loop-step') } },
            },
          ),
          echo: step({ in: { x: 'NUMBER_INTEGER' }, out: { Output: 'STRING' } }),
        },
      ),
    );
    h.engine.start(id);
    const first = await h.ended(id);
    expect(first.run.state).toBe('FAILED');
    expect(first.states).toMatchObject({
      good: 'SUCCEEDED',
      group: 'FAILED',
      'group.after': 'SKIPPED',
      last: 'SKIPPED',
    });
    h.engine.retry(id);
    const second = await h.ended(id);
    expect(second.run.state).toBe('FAILED');
    expect(second.states).toMatchObject({ loop: 'SUCCEEDED', 'group.bad': 'FAILED' });
    h.engine.retry(id);
    const third = await h.ended(id);
    expect(third.run.state).toBe('SUCCEEDED');
    expect(third.run.error).toBeNull();
    expect(third.outputs).toEqual({ all: ['loop-step!', 'loop-step!', 'loop-step!'] });
    expect(new Set(Object.values(third.states))).toEqual(new Set(['SUCCEEDED']));
    // good, fine: once; bad: three times; one of three iterations: twice.
    expect(executor.started.filter((name) => name === 'good' || name === 'fine')).toHaveLength(2);
    expect(executor.started.filter((name) => name === 'bad')).toHaveLength(3);
    expect(executor.started.filter((name) => name === 'loop-step')).toHaveLength(4);
    expect(executor.started.filter((name) => name === 'last')).toHaveLength(1);
    expect(new Set(h.stores.attempts.ofRun(id).map(({ name }) => name)).size).toBe(executor.started.length);
    expect(third.tasks.find(({ name }) => name === 'last')?.notes).toEqual({});
  });

  test('gives the steps the inputs of the pipeline, defaults too, and groups theirs', async () => {
    let isBroken = true;
    const executor = new ScriptedExecutor(() =>
      isBroken ? { fails: 'Not yet.' } : { outputs: { Output: '' } },
    );
    const h = harness(executor);
    const echo = step({ in: { x: 'STRING' }, out: { Output: 'STRING' } });
    const id = h.add(
      pipeline(
        dag(
          {
            a: task('echo', { parameters: { x: input('word') } }),
            group: task('group', { parameters: { y: input('word') } }),
          },
          { in: { word: { parameterType: 'STRING', defaultValue: 'hello' } } },
        ),
        {
          echo,
          group: dag({ b: task('echo', { parameters: { x: input('y') } }) }, { in: { y: 'STRING' } }),
        },
      ),
    );
    h.engine.start(id);
    expect((await h.ended(id)).run.state).toBe('FAILED');
    isBroken = false;
    h.engine.retry(id);
    const { run, states } = await h.ended(id);
    expect(run.error).toBeNull();
    expect(states).toEqual({ a: 'SUCCEEDED', group: 'SUCCEEDED', 'group.b': 'SUCCEEDED' });
    expect(executor.steps.slice(-2).map((one) => one.input.parameters.get('x'))).toEqual(['hello', 'hello']);
  });

  test('after a terminate', async () => {
    let isFirst = true;
    const executor = new ScriptedExecutor((_step, signal) => (isFirst ? untilStopped(signal) : {}));
    const h = harness(executor);
    const id = h.add(pipeline(dag({ a: task('plain'), b: task('plain', { after: ['a'] }) }), { plain }));
    h.engine.start(id);
    await waitFor(() => executor.running === 1);
    h.engine.terminate(id);
    await h.ended(id);
    isFirst = false;
    h.engine.retry(id);
    const { run, states } = await h.ended(id);
    expect(run.state).toBe('SUCCEEDED');
    expect(states).toEqual({ a: 'SUCCEEDED', b: 'SUCCEEDED' });
  });
});

describe('the cache', () => {
  const spec = (cache: boolean | string, text = 'x') =>
    pipeline(
      dag(
        {
          a: task('make', { cache, parameters: { text: constant(text) } }),
          b: task('use', {
            cache,
            parameters: { x: from('a') },
            artifacts: { data: artifactFrom('a', 'data') },
          }),
        },
        { out: { result: 'STRING' }, outputs: { parameters: { result: value('b') } } },
      ),
      {
        make: step({
          in: { text: 'STRING' },
          out: { Output: 'STRING' },
          artifactsOut: { data: 'system.Dataset' },
        }),
        use: step({
          in: { x: 'STRING' },
          artifactsIn: { data: 'system.Dataset' },
          out: { Output: 'STRING' },
        }),
      },
    );

  test('gives the outputs of the newest equal task that really ran', async () => {
    const executor = new ScriptedExecutor(({ names, outputFolder }) => {
      mkdirSync(outputFolder, { recursive: true });
      return { outputs: { Output: `${names.taskName} said` } };
    });
    const h = harness(executor, { home: folder });
    const run = async (...args: Parameters<typeof spec>) => {
      const id = h.add(spec(...args));
      h.engine.start(id);
      return h.ended(id);
    };
    const first = await run(true);
    const second = await run(true);
    expect(first.states).toEqual({ a: 'SUCCEEDED', b: 'SUCCEEDED' });
    expect(second.states).toEqual({ a: 'CACHED', b: 'CACHED' });
    expect(second.outputs).toEqual({ result: 'b said' });
    expect(second.tasks[1]?.outputs.artifacts[0]?.ids).toEqual(first.tasks[1]?.outputs.artifacts[0]?.ids);
    expect((await run(true, 'other')).states).toEqual({ a: 'SUCCEEDED', b: 'SUCCEEDED' });
    expect((await run(false)).states).toEqual({ a: 'SUCCEEDED', b: 'SUCCEEDED' });
    // A key of the user's own: nothing else counts.
    await run('mine');
    expect((await run('mine', 'anything')).states).toEqual({ a: 'CACHED', b: 'CACHED' });
    // Only as long as its files are there.
    rmSync(join(folder, 'artifacts'), { recursive: true });
    expect((await run(true)).states).toEqual({ a: 'SUCCEEDED', b: 'SUCCEEDED' });
  });
});

describe('a new service', () => {
  test('adopts what ran, starts what waited, and repeats nothing that had ended', async () => {
    const file = join(folder, 'state.db');
    const spec = pipeline(
      dag(
        {
          done: task('make'),
          running: task('use', { parameters: { x: from('done') } }),
          queued: task('make'),
          loop: task('loop', { loop: over({ raw: '[1, 2]' }, 'item'), after: ['running'] }),
        },
        { out: { last: 'STRING' }, outputs: { parameters: { last: value('running') } } },
      ),
      {
        make,
        use: step({ in: { x: 'STRING' }, out: { Output: 'STRING' } }),
        loop: dag({ body: task('plain') }, { in: { item: 'NUMBER_INTEGER' } }),
        plain,
      },
    );
    const before = new ScriptedExecutor(({ names }) =>
      names.taskName === 'done' ? { outputs: { Output: 'hello' } } : new Promise(() => undefined),
    );
    const old = harness(before, { file, maxParallelSteps: 1 });
    const id = old.add(spec);
    old.engine.start(id);
    await waitFor(() => before.started.length === 2);
    await old.engine.close();
    old.stores.db.close();

    const started = before.started[1] ?? '';
    const executor = new ScriptedExecutor(({ names }) => ({
      outputs: { Output: `${names.taskName} after` },
    }));
    const h = harness(executor, { file, maxParallelSteps: 2 });
    h.engine.recover();
    const { run, states } = await h.ended(id);
    expect(run.state).toBe('SUCCEEDED');
    expect(executor.adopted).toEqual([started]);
    expect(executor.started).not.toContain('done');
    expect(executor.started).not.toContain(started);
    expect(new Set(Object.values(states))).toEqual(new Set(['SUCCEEDED']));
    expect(executor.started.filter((name) => name === 'body')).toHaveLength(2);
    h.stores.db.close();
  });

  test('starts a step anew that never came to be, without using up a retry', async () => {
    const file = join(folder, 'state.db');
    const before = new ScriptedExecutor(() => new Promise(() => undefined));
    const old = harness(before, { file });
    const id = old.add(pipeline(dag({ a: task('plain') }), { plain }));
    old.engine.start(id);
    await waitFor(() => before.started.length === 1);
    await old.engine.close();
    old.stores.db.close();

    let adoptions = 0;
    const executor = new ScriptedExecutor(() => {
      const outcome: StepOutcome = { kind: 'neverStarted' };
      return adoptions++ === 0 ? { outcome } : DONE;
    });
    const h = harness(executor, { file });
    h.engine.recover();
    const { run } = await h.ended(id);
    expect(run.state).toBe('SUCCEEDED');
    expect(h.stores.attempts.ofRun(id).map(({ state }) => state)).toEqual(['LOST', 'SUCCEEDED']);
    h.stores.db.close();
  });

  test('finishes a cancel', async () => {
    const file = join(folder, 'state.db');
    const before = new ScriptedExecutor(() => new Promise(() => undefined));
    const old = harness(before, { file });
    const id = old.add(pipeline(dag({ a: task('plain'), b: task('plain', { after: ['a'] }) }), { plain }));
    old.engine.start(id);
    await waitFor(() => before.started.length === 1);
    old.engine.terminate(id);
    await old.engine.close();
    old.stores.db.close();

    const executor = new ScriptedExecutor((_step, signal) => untilStopped(signal));
    const h = harness(executor, { file });
    h.engine.recover();
    const { run, states } = await h.ended(id);
    expect(run.state).toBe('CANCELED');
    expect(states).toEqual({ a: 'FAILED' });
    h.stores.db.close();
  });
});

test('slots are shared fairly between runs', async () => {
  const executor = new ScriptedExecutor(() => new Promise((resolve) => setImmediate(() => resolve({}))));
  const h = harness(executor, { maxParallelSteps: 2 });
  const wide = (prefix: string) =>
    pipeline(
      dag(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${prefix}${i}`, task('plain')]))),
      { plain },
    );
  const big = h.add(wide('big'));
  const late = h.add(wide('late'));
  h.engine.start(big);
  h.engine.start(late);
  await Promise.all([h.ended(big), h.ended(late)]);
  expect(executor.mostRunning).toBe(2);
  const firstTwenty = executor.started.slice(0, 20).filter((name) => name.startsWith('late'));
  expect(firstTwenty.length).toBeGreaterThanOrEqual(8);
});

test('a retry that the store refuses is not forgotten', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let isBroken = true;
  const executor = new ScriptedExecutor(() => (isBroken ? { fails: 'Broken.' } : DONE));
  const h = harness(executor);
  const id = h.add(pipeline(dag({ a: task('plain') }), { plain }));
  h.engine.start(id);
  expect((await h.ended(id)).run.state).toBe('FAILED');
  isBroken = false;
  h.stores.db.exec('PRAGMA query_only = ON');
  h.engine.retry(id);
  expect(h.errors).toHaveLength(1);
  h.stores.db.exec('PRAGMA query_only = OFF');
  vi.advanceTimersByTime(2_000);
  vi.useRealTimers();
  await h.until(id, ({ state }) => state === 'SUCCEEDED');
  expect(h.stores.attempts.ofRun(id).map(({ state }) => state)).toEqual(['FAILED', 'SUCCEEDED']);
});

test('a discarded run takes its files with it, unless another run shows what it made', async () => {
  const executor = new ScriptedExecutor(({ outputFolder, folder: work }) => {
    mkdirSync(outputFolder, { recursive: true });
    mkdirSync(work, { recursive: true });
    return DONE;
  });
  const h = harness(executor, { home: folder });
  const spec = (cache: boolean) =>
    pipeline(dag({ a: task('write', { cache }) }), {
      write: step({ artifactsOut: { data: 'system.Dataset' } }),
    });
  const run = async (cache: boolean) => {
    const id = h.add(spec(cache));
    h.engine.start(id);
    await h.ended(id);
    return id;
  };
  const [own, shared] = [await run(false), await run(true)];
  await run(true);
  const exists = (...path: string[]) => existsSync(join(folder, ...path));
  await h.engine.discard(own);
  expect(exists('runs', own) || exists('artifacts', 'test-pipeline', own)).toBe(false);
  await h.engine.discard(shared);
  expect(exists('runs', shared)).toBe(false);
  expect(exists('artifacts', 'test-pipeline', shared)).toBe(true);
});

test.each([
  {
    why: 'readOnly',
    refuse: (db: DatabaseSync) => db.exec('PRAGMA query_only = ON'),
    allow: (db: DatabaseSync) => db.exec('PRAGMA query_only = OFF'),
  },
  {
    why: 'full',
    // No page more than there are.
    refuse: (db: DatabaseSync) => db.exec('PRAGMA max_page_count = 1'),
    allow: (db: DatabaseSync) => db.exec('PRAGMA max_page_count = 1000000'),
  },
])(
  'a store that is $why loses nothing: the run goes on when it works again',
  async ({ why, refuse, allow }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const big = 'x'.repeat(20_000);
    const executor = new ScriptedExecutor(({ names }) => ({ outputs: { Output: names.taskName + big } }));
    const h = harness(executor);
    const id = h.add(
      pipeline(dag({ a: task('make'), b: task('use', { parameters: { x: from('a') } }) }), {
        make,
        use: step({ in: { x: 'STRING' } }),
      }),
    );
    h.engine.start(id);
    refuse(h.stores.db);
    await waitFor(() => h.errors.length > 0);
    expect(h.errors[0]).toMatchObject({ reason: why });
    vi.advanceTimersByTime(2_000);
    await waitFor(() => h.errors.length > 1);
    allow(h.stores.db);
    vi.advanceTimersByTime(2_000);
    vi.useRealTimers();
    const { run, states } = await h.ended(id);
    expect(run.state).toBe('SUCCEEDED');
    expect(states).toEqual({ a: 'SUCCEEDED', b: 'SUCCEEDED' });
    // What had ended unseen was looked up again, not run again.
    expect(executor.adopted).toContain('a');
    expect(executor.started).toEqual(['a', 'b']);
  },
);
