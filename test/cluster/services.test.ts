import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EmbeddedEndpoints } from '../../src/clients/embedded.ts';
import { predictChurn } from '../churnModel.ts';
import { cluster } from './cluster.ts';

const READY_MS = 600_000;
const version = z.object({
  model_version: z.object({ status: z.string(), source: z.string(), run_id: z.string() }),
});
const run = z.object({ run: z.object({ info: z.object({ status: z.string() }) }) });

describe('The demo’s platform half', () => {
  let endpoints: EmbeddedEndpoints;
  beforeAll(async () => {
    // Waits until it is ready; started already, in most cases.
    expect((await cluster.slipway('start', 'seed')).code).toBe(0);
    endpoints = await cluster.endpoints();
  }, READY_MS);

  it('has its model trained and registered, its files in the object store', async () => {
    const { url, username, password } = endpoints.mlflow ?? { url: '', username: '', password: '' };
    const headers = { Authorization: `Basic ${btoa(`${username}:${password}`)}` };
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`${url}/api/2.0/mlflow/${path}`, { headers })).json();
    const { model_version: model } = version.parse(await ask('model-versions/get?name=churn&version=1'));
    expect(model.status).toBe('READY');
    expect(model.source).toMatch(/^(?:models:\/|s3:\/\/mlflow\/)/);
    expect(run.parse(await ask(`runs/get?run_id=${model.run_id}`)).run.info.status).toBe('FINISHED');
    const uri = await cluster.kubectl([
      'get',
      'isvc/churn',
      '-o',
      'jsonpath={.spec.predictor.model.storageUri}',
    ]);
    expect(uri).toMatch(/^s3:\/\/mlflow\/.*\/artifacts$/);
  });

  it('has its model served: a prediction through the gateway answers', async () => {
    expect(await predictChurn(endpoints.gateway?.url, AbortSignal.timeout(30_000))).toEqual([1, 0]);
  });

  it('has its features materialized: Feast’s servers answer those who ask for them and have a token', async () => {
    expect((await cluster.slipway('start', 'feast-server')).code).toBe(0);
    try {
      const { feast } = await cluster.endpoints();
      const server = feast?.server ?? { url: '', token: '' };
      const registry = feast?.registry ?? { url: '', token: '' };
      const features = async (token: string): Promise<Response> =>
        fetch(`${server.url}/get-online-features`, {
          method: 'POST',
          body: JSON.stringify({ entities: { customer_id: [1001, 7] }, feature_service: 'churn' }),
          headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        });
      expect((await features('wrong')).status).toBe(401);
      expect(await (await features(server.token)).json()).toMatchObject({
        results: [
          { values: [1001, 7] },
          ...Array.from({ length: 4 }, () => ({ values: [expect.any(Number) as number, null] })),
        ],
      });

      const path = '/api/v1/feature_views?project=churn';
      expect((await fetch(registry.url + path)).status).toBe(401);
      const views = await fetch(registry.url + path, {
        headers: { Authorization: `Bearer ${registry.token}` },
      });
      expect(await views.json()).toMatchObject({ featureViews: [{ spec: { name: 'customer_usage' } }] });
    } finally {
      await cluster.slipway('stop', 'feast-server');
    }
  });
});
