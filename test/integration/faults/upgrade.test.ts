/** Data that upstream's earlier versions have written, in a cluster of today's. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { findInterpreter } from '../../../dev-cluster/embedded/python/interpreter.ts';
import { resourcePath } from '../../../dev-cluster/embedded/python/resources.ts';
import { runTool } from '../../../dev-cluster/embedded/python/tool.ts';
import { findUv, interpreterIn } from '../../../dev-cluster/embedded/python/uv.ts';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import { Peers } from '../services/peers.ts';
import { FaultCluster } from './faultCluster.ts';
import { Recoveries } from './recoveries.ts';

const TEST_MS = 900_000;
/** The last MLflow 2, and the SQLAlchemy of its time: the tables have changed 40 times since. */
const EARLIER_MLFLOW = ['mlflow==2.22.0', 'sqlalchemy<2.1', 'psycopg2-binary', 'boto3'];

const recoveries = new Recoveries();
let cluster: FaultCluster | undefined;
let folder: string | undefined;
afterEach(async () => {
  await cluster?.remove();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}, TEST_MS);
afterAll(() => recoveries.print());

/** Its Python interpreter. */
async function earlierMlflow(signal: AbortSignal): Promise<string> {
  folder = await mkdtemp(join(await realpath(tmpdir()), 'slipway-earlier-'));
  const { env } = process;
  const interpreter = await findInterpreter(env, signal);
  const uv = await findUv({ interpreter, cache: slipwayCache(), env, onProgress: () => undefined }, signal);
  const environment = join(folder, 'mlflow');
  const python = interpreterIn(environment);
  // What only model flavours import is left out, as it is in our own.
  const excludes = resourcePath('dev-cluster', 'embedded', 'python', 'mlflow.excludes.txt');
  for (const args of [
    ['venv', '--python', interpreter.path, environment],
    ['pip', 'install', '--python', python, '--excludes', excludes, ...EARLIER_MLFLOW],
  ]) {
    const { code, stderrTail } = await runTool(uv.command, args, { env: uv.env }, signal);
    if (code !== 0) throw new Error(stderrTail.join('\n'));
  }
  return python;
}

it(
  '[nightly] Runs, parameters, metrics, artifacts and registered models of MLflow 2.22 are there',
  async () => {
    const signal = AbortSignal.timeout(TEST_MS);
    cluster = await FaultCluster.make({ only: ['postgres', 's3'] });
    await cluster.start();
    const endpoints = await cluster.endpoints();
    const { host } = new URL(endpoints.postgres?.url ?? '');
    const { username = '', password = '' } = endpoints.postgres ?? {};
    const peers = await Peers.make(endpoints, signal);
    const database = `postgresql://${username}:${password}@${host}/mlflow`;
    const { url: s3 = '' } = endpoints.s3 ?? {};
    const earlier = peers.with(
      { MLFLOW_TRACKING_URI: database, MLFLOW_S3_ENDPOINT_URL: s3 },
      await earlierMlflow(signal),
    );
    const artifacts = "import mlflow; mlflow.create_experiment('peer', artifact_location='s3://mlflow/peer')";
    await earlier.run(['-c', artifacts]);
    await earlier.ask('mlflow_write');
    const written = await earlier.ask('mlflow_read');
    expect(written).toMatchObject({ params: { ä: 'ö' }, text: 'zwölf', status: 'FINISHED' });

    expect((await cluster.slipway('down')).code).toBe(0);
    const today = cluster.with({ only: ['mlflow'] });
    const recovery = recoveries.start('tables and files of MLflow 2.22');
    await today.start();
    recovery.whole();
    const client = await Peers.make(await today.endpoints(), signal);
    expect(await client.ask('mlflow_read')).toEqual(written);
    recovery.end('parameters, metrics, artifact, registered model and alias as written');
  },
  TEST_MS,
);
