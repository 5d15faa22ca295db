import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { done, kinds, run, sequences } from '../../../builders/gestureSequence.ts';

describe('random gestures on random pipelines', () => {
  const runs = Number(process.env['SLIPWAY_SEQUENCES'] ?? 2_000);

  test(`${runs} sequences: valid or refused, undone and redone to the byte`, { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(sequences, (sequence) => void run(...sequence)),
      { numRuns: runs },
    );
    for (const kind of kinds)
      expect(done.get(`${kind} edits`) ?? 0, `${kind} is never done`).toBeGreaterThan(0);
  });
});
