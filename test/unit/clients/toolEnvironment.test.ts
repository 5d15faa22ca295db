import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { writePrivateFile } from '../../../dev-cluster/embedded/files.ts';
import { env } from '../../../src/cli/env.ts';
import { endpointsPath, type EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { toolEnvironment } from '../../../src/clients/toolEnvironment.ts';

const none = { version: 1, supervisorPid: 1 } as const;
const endpoints: EmbeddedEndpoints = {
  ...none,
  kfp: { url: 'http://127.0.0.1:1', token: 'a'.repeat(16) },
  kubernetes: { url: 'https://127.0.0.1:2', kubeconfig: "/home/o'neill/.slipway/embedded/kubeconfig" },
  mlflow: { url: 'http://127.0.0.1:3', username: 'slipway', password: 'p' },
  s3: { url: 'http://127.0.0.1:4', accessKey: 'k', secretKey: 's', region: 'us-east-1' },
  redis: { url: 'redis://127.0.0.1:5', password: 'r' },
  feast: { repository: '/demo/features', registryUrl: 'postgresql+psycopg://slipway@127.0.0.1:6/feast' },
};

let printed: string;

beforeEach(() => {
  vi.stubEnv('SLIPWAY_HOME', mkdtempSync(join(tmpdir(), 'slipway-env-')));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function slipwayEnv(...flags: readonly string[]): Promise<string> {
  await env({
    arguments: [],
    flag: (name) => flags.includes(name),
    values: () => [],
    signal: new AbortController().signal,
  });
  return printed;
}

it('names what is ready only', () => {
  expect(toolEnvironment(none)).toEqual({});
  const { kfp } = endpoints;
  expect(toolEnvironment({ ...none, ...(kfp === undefined ? {} : { kfp }) })).toEqual({
    KF_PIPELINES_ENDPOINT: 'http://127.0.0.1:1',
    KF_PIPELINES_TOKEN: 'a'.repeat(16),
  });
});

it('has Feast’s connection string without a user, as Feast parses it', () => {
  expect(toolEnvironment(endpoints)).toMatchObject({ FEAST_REDIS_CONNECTION: '127.0.0.1:5,password=r' });
});

it('is refused before anything is ready', async () => {
  await expect(slipwayEnv()).rejects.toMatchObject({ reason: 'notRunning' });
});

it('prints what a shell, dotenv and JSON read back as the same variables', async () => {
  await writePrivateFile(endpointsPath(), JSON.stringify(endpoints));
  const wanted = toolEnvironment(endpoints);
  const script = `${await slipwayEnv()}\nenv -0`;
  const inShell = execFileSync('sh', ['-c', script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const pairs = inShell.split('\0').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  expect(Object.fromEntries(pairs)).toMatchObject(wanted);
  printed = '';
  expect(parseEnv(await slipwayEnv('dotenv'))).toEqual(wanted);
  printed = '';
  expect(JSON.parse(await slipwayEnv('json'))).toEqual(wanted);
});
