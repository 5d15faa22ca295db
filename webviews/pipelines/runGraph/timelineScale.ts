/** Where a task's bar lies on the timeline, and where its ticks are. Pure; fractions of the width, 0 to 1. */
import type { TaskRow } from '../../../src/core/protocol/runGraph.ts';

export interface TimeScale {
  readonly start: number;
  /** Milliseconds; at least 1. */
  readonly span: number;
  readonly ticks: readonly { readonly at: number; readonly milliseconds: number }[];
}

const STEPS_SECONDS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400,
];

/** From the run's first to its last moment; `now` while something runs. At most `maxTicks` ticks after zero. */
export function timeScale(rows: readonly TaskRow[], now: number, maxTicks = 8): TimeScale {
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    start = Math.min(start, row.createdAt);
    end = Math.max(end, row.finishedAt ?? (row.startedAt === undefined ? row.createdAt : now));
  }
  if (!Number.isFinite(start)) return { start: now, span: 1, ticks: [] };
  const span = Math.max(1, end - start);
  const step =
    1000 *
    (STEPS_SECONDS.find((seconds) => span / (seconds * 1000) <= maxTicks) ??
      Math.ceil(span / 86_400_000 / maxTicks) * 86_400);
  const ticks = [];
  for (let at = 0; at <= span; at += step) ticks.push({ at: at / span, milliseconds: at });
  return { start, span, ticks };
}

export interface Bar {
  /** Waiting: from creation to the first start. */
  readonly queuedFrom: number;
  readonly from: number;
  readonly to: number;
}

/** `undefined` for a task that never started. */
export function barOf(row: TaskRow, scale: TimeScale, now: number): Bar | undefined {
  if (row.startedAt === undefined) return undefined;
  const place = (time: number): number => Math.min(1, Math.max(0, (time - scale.start) / scale.span));
  const from = place(row.startedAt);
  return {
    queuedFrom: Math.min(place(row.createdAt), from),
    from,
    to: Math.max(from, place(row.finishedAt ?? now)),
  };
}
