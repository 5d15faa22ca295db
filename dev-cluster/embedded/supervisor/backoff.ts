import type { Component } from './component.ts';

const FIRST_MS = 200;
/** A task that fails mostly needs the user (no Python, no network); a service that is down is missed at once. */
const LONGEST_MS: Readonly<Record<Component['start']['kind'], number>> = { service: 10_000, task: 300_000 };

/** How long to wait before the next try: doubles with each failure in a row. */
export function backoffMs(kind: Component['start']['kind'], failures: number): number {
  return Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS[kind]);
}
