import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { done, kinds, run, sequences } from '../../../builders/gestureSequence.ts';

describe('random gestures on random pipelines', () => {
  const runs = Number(process.env['SLIPWAY_SEQUENCES'] ?? 2_000);
  // The same ones each time, so that a landing is judged by what it changes; others by hand and at night.
  const seed = Number(process.env['SLIPWAY_SEED'] ?? 4);

  test(`${runs} sequences: valid or refused, undone and redone to the byte`, { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(sequences, (sequence) => void run(...sequence)),
      // Shrinking repeats what is slow already: a failure is found again by its seed and path.
      { numRuns: runs, seed, endOnFailure: true },
    );
    const tried = kinds.filter((kind) => done.has(`${kind} edits`) || done.has(`${kind} refused`));
    expect(tried).toEqual(kinds);
    // Some need a pipeline of a rare shape; those have tests of their own.
    expect(kinds.filter((kind) => done.has(`${kind} edits`)).length).toBeGreaterThan(0.8 * kinds.length);
  });
});
