/** A pipeline run in MLflow, as KFP 2.17's own plugin leaves it there; asked of MLflow itself. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { http } from '../../src/clients/http.ts';
import { KfpClient } from '../../src/clients/kfp/client.ts';
import { isFinal } from '../../src/clients/kfp/model.ts';
import { specToDocuments } from '../../src/core/ir/specDocuments.ts';
import { cluster, until } from './cluster.ts';

const found = z.object({
  runs: z
    .array(
      z.object({
        info: z.object({ run_id: z.string(), run_name: z.string(), status: z.string() }),
        data: z.object({
          params: z.array(z.object({ key: z.string(), value: z.string() })).default([]),
          tags: z.array(z.object({ key: z.string(), value: z.string() })).default([]),
        }),
      }),
    )
    .default([]),
});

async function search(filter: string): Promise<z.infer<typeof found>['runs']> {
  const { mlflow } = await cluster.endpoints();
  if (mlflow === undefined) throw new Error('MLflow is not ready.');
  const { url, username, password } = mlflow;
  const Authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const endpoint = { url, token: undefined, label: 'MLflow', headers: { Authorization } };
  const signal = AbortSignal.timeout(30_000);
  const byName = {
    method: 'GET',
    path: '/api/2.0/mlflow/experiments/get-by-name',
    query: { experiment_name: 'KFP-Default' },
  } as const;
  const { experiment } = z
    .object({ experiment: z.object({ experiment_id: z.string() }) })
    .parse(await http(endpoint, byName, signal));
  const body = { experiment_ids: [experiment.experiment_id], filter, max_results: 100 };
  const request = { method: 'POST', path: '/api/2.0/mlflow/runs/search', body } as const;
  return found.parse(await http(endpoint, request, signal)).runs;
}

it('has a parent run for the run and a nested one for each task, ended as they did', async () => {
  const { kfp: endpoint } = await cluster.endpoints();
  if (endpoint === undefined) throw new Error('The pipeline service is not ready.');
  const kfp = new KfpClient({ ...endpoint, label: 'The pipeline service' });
  const spec = specToDocuments(
    await readFile(resolve('test/fixtures/pipelines/typed_parameters.yaml'), 'utf8'),
  );
  if (spec.kind === 'notPipeline') throw new Error('The fixture is no pipeline.');
  const signal = AbortSignal.timeout(120_000);
  const run = await kfp.createRun(
    { displayName: 'tracked', parameters: { number: 7 }, source: { kind: 'spec', spec } },
    signal,
  );
  await until(async () => isFinal((await kfp.getRun(run.id, signal)).state));
  const parents = await search(`tags."kfp.pipeline_run_id" = '${run.id}'`);
  expect(parents.map(({ info }) => info.run_name)).toEqual(['tracked']);
  const parent = parents[0]?.info.run_id ?? '';
  const nested = () => search(`tags."mlflow.parentRunId" = '${parent}'`);
  // The ends are told after the run's own.
  await until(async () =>
    [...(await search(`tags."kfp.pipeline_run_id" = '${run.id}'`)), ...(await nested())].every(
      ({ info }) => info.status === 'FINISHED',
    ),
  );
  const tasks = (await kfp.listTasks(run.id, signal)).filter(({ kind }) => kind === 'RUNTIME');
  const runs = await nested();
  expect(runs.map(({ info }) => info.run_name).sort()).toEqual(tasks.map(({ name }) => name).sort());
  const params = runs.flatMap(({ data }) => data.params).filter(({ key }) => key === 'number');
  expect(params.map(({ value }) => value)).toContain('7');
});
