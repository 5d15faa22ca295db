import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskRow, TaskRowState } from '../../../src/core/protocol/runGraph.ts';
import {
  combineStates,
  foldTasks,
  isFinalState,
  statusOf,
  TaskIndex,
} from '../../../webviews/pipelines/runGraph/fold.ts';
import { loopRows, node, rootRow, row, T0 } from '../../browser/harness/builders.ts';

const states: readonly TaskRowState[] = ['PENDING', 'RUNNING', 'SUCCEEDED', 'SKIPPED', 'FAILED', 'CACHED'];

describe('combineStates', () => {
  it('is the state itself for one task', () => {
    for (const state of states) expect(combineStates([state])).toBe(state);
  });

  it('is what a person must see first', () => {
    expect(combineStates(['SUCCEEDED', 'FAILED', 'RUNNING'])).toBe('FAILED');
    expect(combineStates(['SUCCEEDED', 'RUNNING'])).toBe('RUNNING');
    expect(combineStates(['SUCCEEDED', 'PENDING'])).toBe('RUNNING');
    expect(combineStates(['PENDING', 'PENDING'])).toBe('PENDING');
    expect(combineStates(['CACHED', 'SUCCEEDED', 'SKIPPED'])).toBe('SUCCEEDED');
    expect(combineStates(['CACHED', 'SKIPPED'])).toBe('CACHED');
  });

  it('does not depend on the order, and is final exactly when all are or one failed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states), { minLength: 1 }), (some) => {
        const combined = combineStates(some);
        expect(combineStates([...some].reverse())).toBe(combined);
        expect(isFinalState(combined)).toBe(some.every(isFinalState) || some.includes('FAILED'));
      }),
    );
  });
});

const rows: readonly TaskRow[] = [
  rootRow,
  row('prepare'),
  ...loopRows(
    'loop',
    ['train', 'score'],
    4,
    (iteration) => (['SUCCEEDED', 'FAILED', 'RUNNING', 'PENDING'] as const)[iteration] ?? 'PENDING',
  ),
];

describe('foldTasks', () => {
  it('counts iterations on the loop and tasks on the steps inside', () => {
    const folded = foldTasks(new TaskIndex(rows, {}));
    expect(folded.get('loop')?.iterations).toEqual({ total: 4, done: 2, running: 1, failed: 1 });
    expect(folded.get('loop')?.taskId).toBe('loop');
    expect(folded.get('loop/train')).toMatchObject({
      state: 'FAILED',
      taskId: undefined,
      tasks: { total: 4, done: 2, running: 1, failed: 1 },
    });
    expect(folded.get('prepare')).toMatchObject({
      state: 'SUCCEEDED',
      taskId: 'prepare',
      startedAt: T0 + 200,
    });
  });

  it('with an iteration chosen tells of that one alone, but the loop still of all', () => {
    const folded = foldTasks(new TaskIndex(rows, { loop: 2 }));
    expect(folded.get('loop/train')).toMatchObject({ state: 'RUNNING', taskId: 'loop#2/train' });
    expect(folded.get('loop')?.iterations?.total).toBe(4);
  });

  it('takes the number of iterations that was announced while they are still being made', () => {
    const announced = rows.map((one) => (one.id === 'loop' ? { ...one, iterationCount: 10 } : one));
    expect(foldTasks(new TaskIndex(announced, {})).get('loop')?.iterations?.total).toBe(10);
  });

  it('choosing in a nested loop leaves the outer iterations apart', () => {
    const inner = (outer: number): readonly TaskRow[] => [
      row(`inner${outer}`, {
        parentId: `loop#${outer}`,
        path: 'loop/inner',
        kind: 'LOOP',
        iterationCount: 2,
      }),
      ...[0, 1].flatMap((at) => [
        row(`i${outer}${at}`, { parentId: `inner${outer}`, path: 'loop/inner', iteration: at }),
        row(`s${outer}${at}`, { parentId: `i${outer}${at}`, path: 'loop/inner/step' }),
      ]),
    ];
    const nested = [rootRow, ...loopRows('loop', [], 2), ...inner(0), ...inner(1)];
    const at = (choice: Record<string, number>): number | undefined =>
      foldTasks(new TaskIndex(nested, choice)).get('loop/inner/step')?.tasks.total;
    expect(at({})).toBe(4);
    expect(at({ loop: 1 })).toBe(2);
    expect(at({ 'loop/inner': 0 })).toBe(2);
    expect(at({ loop: 1, 'loop/inner': 0 })).toBe(1);
  });

  it('keeps the identity of statuses that did not change', () => {
    const before = foldTasks(new TaskIndex(rows, {}));
    const moved = rows.map((one) =>
      one.id === 'loop#2/train' ? { ...one, state: 'SUCCEEDED' as const } : one,
    );
    const after = foldTasks(new TaskIndex(moved, {}), before);
    expect(after.get('prepare')).toBe(before.get('prepare'));
    expect(after.get('loop/train')).not.toBe(before.get('loop/train'));
  });

  it('does not hang on a server that answers with parents in a circle', () => {
    const circle = [row('a', { parentId: 'b' }), row('b', { parentId: 'a' })];
    expect(foldTasks(new TaskIndex(circle, {})).size).toBe(2);
  });

  it('folds 10,000 tasks with each of them counted once', () => {
    const many = [rootRow, ...loopRows('loop', ['train'], 5_000)];
    const folded = foldTasks(new TaskIndex(many, {}));
    expect(folded.get('loop')?.iterations?.done).toBe(5_000);
    expect(folded.get('loop/train')?.tasks.total).toBe(5_000);
  });
});

describe('statusOf', () => {
  const nodes = new Map(
    [
      node('branch', { kind: 'condition' }),
      node('branch/step'),
      node('later'),
      node('in:x', { kind: 'input' }),
    ].map((one) => [one.id, one]),
  );
  const folded = foldTasks(new TaskIndex([rootRow, row('branch', { state: 'SKIPPED' })], {}));

  it('what is inside a skipped group was skipped, though the server made no task for it', () => {
    expect(statusOf(folded, nodes, 'branch/step', false)?.state).toBe('SKIPPED');
  });

  it('what a run has not reached has no status until the run is over', () => {
    expect(statusOf(folded, nodes, 'later', false)).toBeUndefined();
    expect(statusOf(folded, nodes, 'later', true)?.state).toBe('SKIPPED');
    expect(statusOf(folded, nodes, 'in:x', true)).toBeUndefined();
  });
});
