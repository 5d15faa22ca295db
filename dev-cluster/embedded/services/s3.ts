/** S3 over a folder: artifacts of runs, models, and Feast's offline data. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { S3 } from '../../../src/clients/s3.ts';
import type { S3Endpoint } from '../../../src/clients/s3.ts';
import { findProgram } from '../binaries/find.ts';
import { credential } from '../credentials.ts';
import { stablePort } from '../ports.ts';
import { PYTHON } from '../python/components.ts';
import type { Command, Component, Health, Report } from '../supervisor/component.ts';
import { serviceFolder, servicePort } from './addresses.ts';

export const OBJECT_STORE = 's3';
const REGION = 'us-east-1';
/** `mlpipeline` is KFP's own name for its artifacts. */
const BUCKETS: readonly string[] = ['slipway', 'mlflow', 'feast', 'models', 'mlpipeline'];
/** AWS's keys have 20 characters, and some clients want no more. */
const ACCESS_KEY_LENGTH = 20;

export const objectStore: Component = {
  name: OBJECT_STORE,
  version: '1.8.0',
  dependsOn: [PYTHON],
  isNeeded: false,
  start: { kind: 'service', command, health },
};

/** With credentials; nobody may listen there yet. */
export async function objectStoreEndpoint(signal: AbortSignal): Promise<S3Endpoint> {
  return {
    url: `http://127.0.0.1:${await servicePort(OBJECT_STORE, signal)}`,
    accessKey: (await credential('s3-access', signal)).replaceAll(/[-_]/g, 'x').slice(0, ACCESS_KEY_LENGTH),
    secretKey: await credential('s3-secret', signal),
    region: REGION,
  };
}

async function command(report: Report, signal: AbortSignal): Promise<Command> {
  const program = await findProgram('versitygw', { report, signal });
  const data = join(serviceFolder(OBJECT_STORE), 'data');
  // A folder is a bucket.
  for (const bucket of BUCKETS) await mkdir(join(data, bucket), { recursive: true, mode: 0o700 });
  const port = await stablePort(OBJECT_STORE, signal);
  const { accessKey, secretKey } = await objectStoreEndpoint(signal);
  const modes = ['--dir-perms', '0700', '--file-perms', '0600'];
  return {
    program,
    args: ['--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet', 'posix', ...modes, data],
    env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
  };
}

async function health(signal: AbortSignal): Promise<Health> {
  const endpoint = await objectStoreEndpoint(signal);
  await new S3(endpoint).list({ bucket: 'slipway', key: 'health/' }, signal).next();
  return { endpoint: endpoint.url, endpoints: { s3: endpoint } };
}
