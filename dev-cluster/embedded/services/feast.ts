/** Feast: its registry in PostgreSQL, its online store in Redis; its servers for those who ask for them. */
import { mkdir } from 'node:fs/promises';
import { http } from '../../../src/clients/http.ts';
import { toolEnvironment } from '../../../src/clients/toolEnvironment.ts';
import { credential } from '../credentials.ts';
import { stablePort } from '../ports.ts';
import { PythonEnvironments } from '../python/environments.ts';
import { resourcePath } from '../python/resources.ts';
import type { Command, Component, Health, Report } from '../supervisor/component.ts';
import { POSTGRES, serviceFolder, servicePort, withoutProxy } from './addresses.ts';
import { feastEndpoints } from './feastEndpoints.ts';
import { REDIS, redisEndpoint } from './redis.ts';
import { OBJECT_STORE, objectStoreEndpoint } from './s3.ts';

const FEAST_SERVER = 'feast-server';
const FEAST_REGISTRY = 'feast-registry';
const FEAST_VERSION = '0.67.0';
const HEALTH_TIMEOUT_MS = 5_000;

export const feastServer: Component = {
  name: FEAST_SERVER,
  version: FEAST_VERSION,
  dependsOn: [POSTGRES, REDIS, OBJECT_STORE],
  isNeeded: false,
  isOnDemand: true,
  start: { kind: 'service', command, health },
};

/** What Feast's own tools need in their environment to reach registry and stores. */
export async function feastEnvironment(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const own = toolEnvironment({
    version: 1,
    supervisorPid: process.pid,
    s3: await objectStoreEndpoint(signal),
    redis: await redisEndpoint(signal),
    feast: await feastEndpoints(signal),
  });
  return { ...own, ...withoutProxy(), FEAST_USAGE: 'False', PYTHONDONTWRITEBYTECODE: '1' };
}

async function command(report: Report, signal: AbortSignal): Promise<Command> {
  const { python } = await new PythonEnvironments({ onProgress: report }).service('feast', signal);
  const folder = serviceFolder('feast');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    program: python,
    args: [resourcePath('dev-cluster', 'embedded', 'python', 'feast_service.py')],
    cwd: folder,
    env: {
      ...(await feastEnvironment(signal)),
      SLIPWAY_PORT: String(await stablePort(FEAST_SERVER, signal)),
      SLIPWAY_REGISTRY_PORT: String(await stablePort(FEAST_REGISTRY, signal)),
      SLIPWAY_PASSWORD: await credential(FEAST_SERVER, signal),
    },
  };
}

async function health(signal: AbortSignal): Promise<Health> {
  const token = await credential(FEAST_SERVER, signal);
  const url = `http://127.0.0.1:${await servicePort(FEAST_SERVER, signal)}`;
  const registryUrl = `http://127.0.0.1:${await servicePort(FEAST_REGISTRY, signal)}`;
  const request = { method: 'GET', timeoutMs: HEALTH_TIMEOUT_MS } as const;
  await http({ url, token, label: 'The feature server' }, { ...request, path: '/health' }, signal);
  await http(
    { url: registryUrl, token, label: 'The feature registry' },
    { ...request, path: '/api/v1/projects' },
    signal,
  );
  const server = { url, token };
  const registry = { url: registryUrl, token };
  return { endpoint: url, endpoints: { feast: { ...(await feastEndpoints(signal)), server, registry } } };
}
