import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { done, kinds, run } from '../../../builders/gestureSequence.ts';

const numbers = fc.array(fc.nat(1_000_000), { minLength: 24, maxLength: 24 });

describe('random gestures on random pipelines', () => {
  const runs = Number(process.env['SLIPWAY_SEQUENCES'] ?? 2_000);

  test(`${runs} sequences: valid or refused, undone and redone to the byte`, { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), fc.array(numbers, { minLength: 1, maxLength: 4 }), run),
      { numRuns: runs },
    );
    for (const kind of kinds)
      expect(done.get(`${kind} edits`) ?? 0, `${kind} is never done`).toBeGreaterThan(0);
  });
});
