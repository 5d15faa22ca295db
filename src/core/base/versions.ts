/** Versions of programs, by their three numbers. */

/** Of `1.2.3`, and whatever follows it; what has no such numbers counts as 0. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [have, want] = [numbers(version), numbers(oldest)];
  for (const [index, one] of want.entries()) {
    const difference = (have[index] ?? 0) - one;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): readonly number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
}
