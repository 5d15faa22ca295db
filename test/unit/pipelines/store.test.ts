import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KfpApi } from '../../../src/clients/kfp/api.ts';
import type { Run } from '../../../src/clients/kfp/model.ts';
import { HttpError } from '../../../src/clients/http.ts';
import { mergeFirstPage, PipelinesStore, predicates, type Change } from '../../../src/pipelines/store.ts';
import { page, pipeline, run, server, task, version } from './builders.ts';

const ready = { kind: 'ready', label: 'Embedded cluster' } as const;
const signal = new AbortController().signal;

function storeOn(api: KfpApi): { store: PipelinesStore; changes: Change[] } {
  const store = new PipelinesStore();
  const changes: Change[] = [];
  store.onDidChange((change) => changes.push(change));
  store.setEnvironment(ready, api);
  return { store, changes };
}

function runsOf(store: PipelinesStore): readonly string[] {
  const { runs } = store.state;
  return runs.kind === 'ready' ? runs.items.map((one) => `${one.id}:${one.state}`) : [runs.kind];
}

describe('polling', () => {
  test('asks for active runs one by one, and for the list only now and then', async () => {
    const asked: string[] = [];
    let state: Run['state'] = 'RUNNING';
    const { store } = storeOn(
      server({
        listRuns: () => {
          asked.push('list');
          return Promise.resolve(page([run('a', { state }), run('b')]));
        },
        getRun: (id) => {
          asked.push(id);
          return Promise.resolve(run(id, { state }));
        },
      }),
    );
    await store.poll(true, signal);
    await store.poll(false, signal);
    expect(asked).toEqual(['list', 'a']);
    expect(store.hasActiveRuns).toBe(true);
    state = 'SUCCEEDED';
    await store.poll(false, signal);
    expect(runsOf(store)).toEqual(['a:SUCCEEDED', 'b:SUCCEEDED']);
    expect(store.hasActiveRuns).toBe(false);
  });

  test('reads the tasks of opened runs only, and once more when a run ends', async () => {
    const asked: string[] = [];
    let state: Run['state'] = 'RUNNING';
    const { store } = storeOn(
      server({
        listRuns: () => Promise.resolve(page([run('a', { state }), run('b', { state })])),
        getRun: (id) => Promise.resolve(run(id, { state })),
        listTasks: (id) => {
          asked.push(`${id}:${state}`);
          return Promise.resolve([task('t')]);
        },
      }),
    );
    await store.poll(true, signal);
    store.openRun('a');
    await store.poll(false, signal);
    state = 'SUCCEEDED';
    await store.poll(false, signal);
    await store.poll(false, signal);
    expect(new Set(asked)).toEqual(new Set(['a:RUNNING', 'a:SUCCEEDED']));
    store.closeRun('a');
    const before = asked.length;
    await store.poll(true, signal);
    expect(asked.length).toBe(before);
  });

  test('a server that does not answer: what is known stays, the failure is said, and taken back', async () => {
    let isUp = true;
    const { store } = storeOn(
      server({
        listRuns: () =>
          isUp
            ? Promise.resolve(page([run('a')]))
            : Promise.reject(new HttpError('unreachable', 'gone', undefined, undefined)),
      }),
    );
    await store.poll(true, signal);
    isUp = false;
    await expect(store.poll(true, signal)).rejects.toThrow('gone');
    expect(runsOf(store)).toEqual(['a:SUCCEEDED']);
    expect(store.state.connectionError?.message).toBe('gone');
    isUp = true;
    await store.poll(true, signal);
    expect(store.state.connectionError).toBeUndefined();
  });

  test('a first read that fails is a failed list', async () => {
    const { store } = storeOn(server({ listRuns: () => Promise.reject(new Error('no')) }));
    await expect(store.poll(true, signal)).rejects.toThrow('no');
    expect(store.state.runs).toMatchObject({ kind: 'failed' });
  });
});

describe('changes of environment', () => {
  test('an answer of the environment before is dropped', async () => {
    const slow = Promise.withResolvers<ReturnType<typeof page<Run>>>();
    const { store } = storeOn(server({ listRuns: () => slow.promise }));
    const polling = store.poll(true, signal);
    store.setEnvironment(ready, server({ listRuns: () => Promise.resolve(page([run('new')])) }));
    slow.resolve(page([run('old')]));
    await polling;
    expect(runsOf(store)).toEqual(['loading']);
    await store.poll(true, signal);
    expect(runsOf(store)).toEqual(['new:SUCCEEDED']);
  });

  test('without a server nothing is asked', async () => {
    const { store } = storeOn(server({ listRuns: () => Promise.resolve(page([run('a')])) }));
    await store.poll(true, signal);
    store.setEnvironment({ kind: 'stopped', label: 'x' }, undefined);
    await store.poll(true, signal);
    await store.refresh();
    expect(runsOf(store)).toEqual(['loading']);
  });
});

describe('lists', () => {
  test('pages are added, versions by pipeline', async () => {
    const { store } = storeOn(
      server({
        listPipelines: (options) =>
          Promise.resolve(options.pageToken === 't' ? page([pipeline('p2')]) : page([pipeline('p1')], 't')),
        listVersions: (id) => Promise.resolve(page([version('v', id)])),
      }),
    );
    await store.refresh();
    await store.loadMore('pipelines');
    await store.loadMore('pipelines');
    const { pipelines } = store.state;
    expect(pipelines).toMatchObject({
      kind: 'ready',
      items: [{ id: 'p1' }, { id: 'p2' }],
      nextPageToken: undefined,
    });
    store.openPipeline('p1');
    await store.refresh();
    expect(store.state.versionsOf('p1')).toMatchObject({ kind: 'ready', items: [{ pipelineId: 'p1' }] });
  });

  test('filter and sort start the list anew and are the server\u2019s', async () => {
    const asked: unknown[] = [];
    const { store } = storeOn(
      server({
        listRuns: ({ sortBy, filter, pageToken }) => {
          asked.push({ sortBy, filter, pageToken });
          return Promise.resolve(page([run('a')], 'more'));
        },
      }),
    );
    await store.refresh();
    await store.setFilter({ text: ' churn ', states: ['FAILED'] });
    await store.setSort('display_name');
    expect(asked).toEqual([
      { sortBy: 'created_at desc', filter: [], pageToken: undefined },
      {
        sortBy: 'created_at desc',
        filter: [
          { operation: 'IS_SUBSTRING', key: 'display_name', value: 'churn' },
          { operation: 'IN', key: 'state', value: ['FAILED'] },
        ],
        pageToken: undefined,
      },
      { sortBy: 'display_name', filter: predicates(store.filter), pageToken: undefined },
    ]);
    expect(store.isFiltered).toBe(true);
  });

  test('a started run is there at once; a deleted one is gone at once', async () => {
    const { store } = storeOn(server({ listRuns: () => Promise.resolve(page([run('a')])) }));
    await store.refresh();
    store.noteRun(run('b', { state: 'PENDING' }));
    store.noteRun(run('b', { state: 'RUNNING' }));
    expect(runsOf(store)).toEqual(['b:RUNNING', 'a:SUCCEEDED']);
    store.forgetRun('a');
    expect(runsOf(store)).toEqual(['b:RUNNING']);
  });

  test('only the row that changed is told', async () => {
    let state: Run['state'] = 'RUNNING';
    const { store, changes } = storeOn(
      server({
        listRuns: () => Promise.resolve(page([run('a', { state })])),
        getRun: (id) => Promise.resolve(run(id, { state })),
      }),
    );
    await store.poll(true, signal);
    changes.length = 0;
    state = 'SUCCEEDED';
    await store.poll(false, signal);
    expect(changes).toEqual([{ kind: 'run', id: 'a' }]);
  });
});

describe('the first page laid over what is known', () => {
  const ids = (runs: readonly Run[]): string[] => runs.map((one) => one.id);
  const many = (from: number, to: number): Run[] =>
    Array.from({ length: to - from }, (_item, index) => run(`r${from + index}`));

  test('new rows come first, later pages stay', () => {
    const merged = mergeFirstPage(many(0, 40), [run('new'), ...many(0, 19)]);
    expect(ids(merged)).toEqual([
      'new',
      ...ids(many(0, 40))
        .filter((id) => id !== 'r19')
        .slice(0, 19),
      'r19',
      ...ids(many(20, 40)),
    ]);
  });

  test('a row that vanished from the first page goes', () => {
    expect(ids(mergeFirstPage(many(0, 40), many(1, 21)))).toEqual(ids(many(1, 40)));
  });

  test('a short first page is the whole list', () => {
    expect(ids(mergeFirstPage(many(0, 40), many(0, 3)))).toEqual(ids(many(0, 3)));
  });

  test('any history of a server: starts with what was read, keeps no duplicates, keeps what was beyond it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 80 }),
        fc.integer({ min: 0, max: 30 }),
        fc.nat(),
        (known, added, gone) => {
          const before = many(100, 100 + known);
          const server = [...many(100 - added, 100), ...before].filter(
            (_one, index) => index !== gone % (known + added),
          );
          const merged = mergeFirstPage(before, server.slice(0, 20));
          const mergedIds = ids(merged);
          expect(new Set(mergedIds).size).toBe(mergedIds.length);
          expect(mergedIds.slice(0, 20)).toEqual(ids(server.slice(0, 20)));
          // Nothing that the server still has beyond the first page is lost of what was known.
          const known2 = new Set(ids(before));
          for (const id of ids(server.slice(20))) if (known2.has(id)) expect(mergedIds).toContain(id);
        },
      ),
    );
  });
});
