const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** How long to wait before the next try: doubles with each failure in a row. */
export function backoffMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
}
