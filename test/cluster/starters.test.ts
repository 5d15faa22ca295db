/** The starters that need the platform, run as pods; MLflow and Feast say themselves what came of it. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { http } from '../../src/clients/http.ts';
import { KfpClient } from '../../src/clients/kfp/client.ts';
import { isFinal, type RunTask } from '../../src/clients/kfp/model.ts';
import { S3, parseS3Uri } from '../../src/clients/s3.ts';
import { constant, output, starterPipeline } from '../builders/starterPipeline.ts';
import { cluster, until } from './cluster.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MODEL = 'starters-churn';
const CUSTOMERS = Array.from({ length: 40 }, (_, at) => 1001 + at);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-starters-'));
  // Pods may be another user's.
  await chmod(folder, 0o755);
  await cluster.slipway('start', 'feast-server');
});
afterAll(async () => {
  await cluster.slipway('stop', 'feast-server');
  await rm(folder, { recursive: true });
});

/** Of the last month, by customer. */
async function tenureNow(): Promise<ReadonlyMap<number, number>> {
  const { feast } = await cluster.endpoints();
  const answer = await fetch(`${feast?.server?.url ?? ''}/get-online-features`, {
    method: 'POST',
    body: JSON.stringify({
      entities: { customer_id: CUSTOMERS },
      features: ['customer_usage:tenure_months'],
    }),
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${feast?.server?.token ?? ''}`,
    },
  });
  const { results } = z
    .object({ results: z.array(z.object({ values: z.array(z.number()) })) })
    .parse(await answer.json());
  const [ids, tenures] = [results[0]?.values ?? [], results[1]?.values ?? []];
  return new Map(ids.map((id, at) => [id, tenures[at] ?? Number.NaN]));
}

async function textOf(task: RunTask | undefined, name: string): Promise<string> {
  const { s3 } = await cluster.endpoints();
  const uri = task?.outputs.artifacts.find((one) => one.name === name)?.artifacts[0]?.uri ?? '';
  const source = parseS3Uri(uri);
  if (s3 === undefined || source === undefined) throw new Error(`${uri} is not in the object store.`);
  const bytes = await new S3(s3).read(source, 0, 1_000_000, AbortSignal.timeout(30_000));
  return bytes.toString('utf8');
}

it('joins features of Feast, learns, and registers the model with MLflow', async () => {
  const { kfp: endpoint, mlflow } = await cluster.endpoints();
  if (endpoint === undefined || mlflow === undefined) throw new Error('The cluster is not whole.');
  // Between the snapshot of a month ago and today's: what was known then is the older one.
  const then = new Date(Date.now() - 20 * DAY_MS).toISOString();
  const table = join(folder, 'customers.csv');
  const rows = CUSTOMERS.map((id) => `${id},${then},${id % 2 === 0 ? 'yes' : 'no'}`);
  await writeFile(table, `customer_id,event_timestamp,churned\n${rows.join('\n')}\n`, { mode: 0o644 });
  const spec = await starterPipeline(
    'starters',
    [
      ['load-table', { source: constant(table) }],
      [
        'historical-features',
        {
          entities: output('load-table', 'table'),
          project: constant('churn'),
          feature_service: constant('churn'),
        },
      ],
      [
        'train-classifier',
        { train_set: output('historical-features', 'training_set'), target: constant('churned') },
      ],
      ['register-model', { model: output('train-classifier', 'model'), name: constant(MODEL) }],
    ],
    { version: { task: 'register-model', output: 'Output' } },
  );
  const kfp = new KfpClient({ ...endpoint, label: 'The pipeline service' });
  const signal = AbortSignal.timeout(590_000);
  const run = await kfp.createRun(
    { displayName: 'starters', parameters: {}, source: { kind: 'spec', spec } },
    signal,
  );
  await until(async () => isFinal((await kfp.getRun(run.id, signal)).state));
  const tasks = await kfp.listTasks(run.id, signal);
  for (const { name, error, attempts } of tasks.filter(({ kind }) => kind === 'RUNTIME')) {
    const log = [];
    if (error !== undefined)
      for await (const chunk of kfp.log(run.id, attempts.at(-1)?.name ?? '', { follow: false }, signal))
        log.push(chunk);
    expect(error, `${name}: ${log.join('').slice(-4_000)}`).toBeUndefined();
  }

  const joined = await textOf(
    tasks.find(({ name }) => name === 'historical-features'),
    'training_set',
  );
  const [head = '', ...lines] = joined.trim().split('\n');
  const columns = head.split(',');
  expect(columns).toEqual(
    expect.arrayContaining(['customer_id', 'churned', 'tenure_months', 'monthly_charge', 'support_calls']),
  );
  const at = (line: string, column: string): number => Number(line.split(',')[columns.indexOf(column)]);
  const now = await tenureNow();
  expect(new Map(lines.map((line) => [at(line, 'customer_id'), at(line, 'tenure_months')]))).toEqual(
    new Map([...now].map(([id, tenure]) => [id, tenure - 1])),
  );

  const { url, username, password } = mlflow;
  const Authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const versions = await http(
    { url, token: undefined, label: 'MLflow', headers: { Authorization } },
    { method: 'GET', path: '/api/2.0/mlflow/model-versions/search', query: { filter: `name='${MODEL}'` } },
    signal,
  );
  expect(versions).toMatchObject({ model_versions: [{ name: MODEL, version: '1', status: 'READY' }] });
  const root = tasks.find(({ kind }) => kind === 'ROOT');
  expect(root?.outputs.parameters).toMatchObject([{ name: 'version', value: 1 }]);
}, 600_000);
