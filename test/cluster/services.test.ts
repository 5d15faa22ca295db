import { describe, expect, it } from 'vitest';
import { http } from '../../src/clients/http.ts';
import { cluster } from './cluster.ts';

const READY_MS = 600_000;

describe('The demo’s platform half', () => {
  it('has its model served: a prediction through the gateway answers', { timeout: READY_MS }, async () => {
    // Waits until it is ready; started already, in most cases.
    expect((await cluster.slipway('start', 'seed')).code).toBe(0);
    const { gateway } = await cluster.endpoints();
    const endpoint = {
      url: gateway?.url ?? '',
      token: undefined,
      label: 'The gateway',
      headers: { Host: 'churn-default.localhost' },
    };
    const instances = [
      [3, 95, 4, 1],
      [60, 30, 0, 24],
    ];
    const request = { method: 'POST', path: '/v1/models/churn:predict', body: { instances } } as const;
    expect(await http(endpoint, request, AbortSignal.timeout(30_000))).toEqual({ predictions: [1, 0] });
  });
});
