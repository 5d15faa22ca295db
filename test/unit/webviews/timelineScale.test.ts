import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barOf, timeScale } from '../../../webviews/pipelines/runGraph/timelineScale.ts';
import { row, T0 } from '../../browser/harness/builders.ts';

describe('timeScale', () => {
  it('reaches from the first creation to the last end, with round ticks', () => {
    const scale = timeScale(
      [
        row('a', { createdAt: T0, startedAt: T0 + 1_000, finishedAt: T0 + 4_000 }),
        row('b', { createdAt: T0 + 4_000, startedAt: T0 + 5_000, finishedAt: T0 + 10_000 }),
      ],
      T0 + 99_000,
    );
    expect(scale).toMatchObject({ start: T0, span: 10_000 });
    expect(scale.ticks.map((tick) => tick.milliseconds)).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000]);
    expect(scale.ticks.map((tick) => tick.at)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it('grows with now while something runs', () => {
    expect(timeScale([row('a', { finishedAt: undefined })], T0 + 60_000).span).toBe(60_000);
  });

  it('is harmless without tasks', () => {
    expect(timeScale([], T0)).toEqual({ start: T0, span: 1, ticks: [] });
  });

  it('never has more ticks than there is room for, nor a bar outside', () => {
    const times = fc.tuple(
      fc.integer({ min: 0, max: 1e9 }),
      fc.nat(1e9),
      fc.option(fc.nat(1e9), { nil: undefined }),
    );
    fc.assert(
      fc.property(
        fc.array(times, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 2, max: 12 }),
        (list, maxTicks) => {
          const rows = list.map(([created, wait, ran], at) =>
            row(String(at), {
              createdAt: T0 + created,
              startedAt: T0 + created + wait,
              finishedAt: ran === undefined ? undefined : T0 + created + wait + ran,
            }),
          );
          const now = T0 + 3e9;
          const scale = timeScale(rows, now, maxTicks);
          expect(scale.ticks.length).toBeLessThanOrEqual(maxTicks + 1);
          expect(scale.ticks.every((tick) => tick.at >= 0 && tick.at <= 1)).toBe(true);
          for (const one of rows) {
            const bar = barOf(one, scale, now);
            if (bar === undefined) throw new Error('A started task has a bar.');
            expect(
              0 <= bar.queuedFrom && bar.queuedFrom <= bar.from && bar.from <= bar.to && bar.to <= 1,
            ).toBe(true);
          }
        },
      ),
    );
  });
});

describe('barOf', () => {
  it('shows the wait apart from the work', () => {
    const tasks = [
      row('a', { createdAt: T0, startedAt: T0 + 2_000, finishedAt: T0 + 8_000 }),
      row('b', { createdAt: T0, startedAt: T0, finishedAt: T0 + 10_000 }),
    ];
    const scale = timeScale(tasks, T0);
    expect(tasks.map((task) => barOf(task, scale, T0))).toEqual([
      { queuedFrom: 0, from: 0.2, to: 0.8 },
      { queuedFrom: 0, from: 0, to: 1 },
    ]);
  });

  it('is absent for a task that never started', () => {
    const task = row('a', { startedAt: undefined, finishedAt: undefined });
    expect(barOf(task, timeScale([task], T0), T0)).toBeUndefined();
  });
});
