import { describe, expect, it } from 'vitest';
import { predictChurn } from '../churnModel.ts';
import { cluster } from './cluster.ts';

const READY_MS = 600_000;

describe('The demo’s platform half', () => {
  it('has its model served: a prediction through the gateway answers', { timeout: READY_MS }, async () => {
    // Waits until it is ready; started already, in most cases.
    expect((await cluster.slipway('start', 'seed')).code).toBe(0);
    const { gateway } = await cluster.endpoints();
    expect(await predictChurn(gateway?.url, AbortSignal.timeout(30_000))).toEqual([1, 0]);
  });
});
