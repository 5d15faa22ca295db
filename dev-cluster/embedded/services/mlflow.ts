/** MLflow: experiments and the model registry, in PostgreSQL and S3. */
import { mkdir } from 'node:fs/promises';
import type { EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { http } from '../../../src/clients/http.ts';
import { toolEnvironment } from '../../../src/clients/toolEnvironment.ts';
import { credential } from '../credentials.ts';
import { stablePort } from '../ports.ts';
import { PythonEnvironments } from '../python/environments.ts';
import { resourcePath } from '../python/resources.ts';
import type { Command, Component, Health, Report } from '../supervisor/component.ts';
import {
  POSTGRES,
  USERNAME,
  postgresPasswordFile,
  postgresUrl,
  serviceFolder,
  servicePort,
  withoutProxy,
} from './addresses.ts';
import { OBJECT_STORE, objectStoreEndpoint } from './s3.ts';

export const MLFLOW = 'mlflow';
const HEALTH_TIMEOUT_MS = 5_000;

export const mlflow: Component = {
  name: MLFLOW,
  version: '3.17.2',
  dependsOn: [POSTGRES, OBJECT_STORE],
  isNeeded: false,
  start: { kind: 'service', command, health },
};

async function command(report: Report, signal: AbortSignal): Promise<Command> {
  const { python } = await new PythonEnvironments({ onProgress: report }).service('mlflow', signal);
  const folder = serviceFolder(MLFLOW);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const s3 = toolEnvironment({
    version: 1,
    supervisorPid: process.pid,
    s3: await objectStoreEndpoint(signal),
  });
  return {
    // Its imports take seconds of a core, at the very time when the API server starts, which everything else waits for.
    program: 'nice',
    args: ['-n', '5', python, resourcePath('dev-cluster', 'embedded', 'python', 'mlflow_service.py')],
    cwd: folder,
    env: {
      ...s3,
      ...withoutProxy(),
      PGPASSFILE: postgresPasswordFile(),
      SLIPWAY_MLFLOW_STORE: await postgresUrl('mlflow', signal),
      // Clients write there themselves, with the same credentials: nothing goes through this process.
      SLIPWAY_MLFLOW_ARTIFACTS: 's3://mlflow',
      SLIPWAY_PORT: String(await stablePort(MLFLOW, signal)),
      SLIPWAY_PASSWORD: await credential(MLFLOW, signal),
      // Names for a proxied or port-forwarded server, beside this machine's: the credential protects it.
      MLFLOW_SERVER_ALLOWED_HOSTS: 'localhost,localhost:*,127.0.0.1,127.0.0.1:*,*.svc,*.svc.cluster.local',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  };
}

/** With its password; nobody may listen there yet. */
export async function mlflowEndpoint(signal: AbortSignal): Promise<NonNullable<EmbeddedEndpoints['mlflow']>> {
  const url = `http://127.0.0.1:${await servicePort(MLFLOW, signal)}`;
  return { url, username: USERNAME, password: await credential(MLFLOW, signal) };
}

async function health(signal: AbortSignal): Promise<Health> {
  const mlflow = await mlflowEndpoint(signal);
  const endpoint = { url: mlflow.url, token: mlflow.password, label: 'MLflow' };
  // Asks the database, too.
  const path = '/api/2.0/mlflow/experiments/get';
  const query = { experiment_id: '0' };
  await http(endpoint, { method: 'GET', path, query, timeoutMs: HEALTH_TIMEOUT_MS }, signal);
  return { endpoint: mlflow.url, endpoints: { mlflow } };
}
