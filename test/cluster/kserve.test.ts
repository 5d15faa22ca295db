/** KServe's own SDK against the cluster: a model from S3 and a transformer before another. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cluster, until, useNamespace } from './cluster.ts';
import { giveCredentials, KserveClient } from './kserveClient.ts';

const namespace = useNamespace('kserve');
const rows = [[1], [4]];
let client: KserveClient;

const served = z.object({
  status: z.object({ url: z.string(), components: z.record(z.string(), z.object({ url: z.string() })) }),
});

beforeAll(async () => {
  client = await KserveClient.start(namespace);
  await giveCredentials(namespace);
  await client.call('upload', { bucket: 'models', key: `${namespace}/double/model.joblib`, factor: 2 });
  await client.call('upload', { bucket: 'models', key: `${namespace}/triple/model.joblib`, factor: 3 });
  const source = await readFile(join(import.meta.dirname, 'transformer.py'), 'utf8');
  const code = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'code' },
    data: { 'transformer.py': source },
  };
  await cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], JSON.stringify(code));
  const uri = `s3://models/${namespace}/double`;
  await client.call('create', { name: 'model', uri });
  await client.call('create', { name: 'transformed', uri, transformer: 'code' });
});

afterAll(() => {
  client.close();
});

describe('KServe SDK', () => {
  it('creates an InferenceService of a model in S3, waits for it and predicts through the gateway', async () => {
    const { status } = served.parse(await client.call('wait', { name: 'model' }));
    expect(status.url).toBe(`http://model-${namespace}.localhost`);
    const [two, eight] = await client.predict('model', rows);
    expect(two).toBeCloseTo(2);
    expect(eight).toBeCloseTo(8);
  });

  it('is refused a prediction that the model refuses, with its sentence', async () => {
    await expect(client.predict('model', [[1, 2, 3]])).rejects.toThrow(/HTTPStatusError.*3 features/s);
  });

  it('asks a predictor through its transformer', async () => {
    const { status } = served.parse(await client.call('wait', { name: 'transformed' }));
    expect(Object.keys(status.components).toSorted()).toEqual(['predictor', 'transformer']);
    const [one, four] = await client.predict('transformed', rows);
    expect(one).toBeCloseTo(-1);
    expect(four).toBeCloseTo(-4);
  });

  it('changes the model while it is served', async () => {
    const uri = `s3://models/${namespace}/triple`;
    const generation = await client.call('move', { name: 'model', uri });
    await client.call('wait', { name: 'model', generation });
    await until(async () => {
      const [three = 0] = await client.predict('model', [[1]]);
      return Math.abs(three - 3) < 1e-6;
    });
  });

  it('deletes it, and nothing of it stays', async () => {
    await client.call('delete', { name: 'model' });
    await cluster.kubectl([
      ...['-n', namespace, 'wait', 'pod', '--for=delete', '--timeout=90s'],
      ...['-l', 'serving.kserve.io/inferenceservice=model'],
    ]);
    const left = await cluster.kubectl([
      '-n',
      namespace,
      'get',
      'isvc,httproute,service,deployment',
      '-o',
      'name',
    ]);
    expect(left.split('\n').filter((line) => /\/model\b/.test(line))).toEqual([]);
  });
});
