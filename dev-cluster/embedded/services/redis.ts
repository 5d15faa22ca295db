/** Redis: Feast's online store. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { credential } from '../credentials.ts';
import { writePrivateFile } from '../files.ts';
import { stablePort } from '../ports.ts';
import { PYTHON } from '../python/components.ts';
import { PythonEnvironments } from '../python/environments.ts';
import { exists } from '../python/uv.ts';
import type { Command, Component, Health, Report } from '../supervisor/component.ts';
import { serviceFolder, servicePort } from './addresses.ts';

export const REDIS = 'redis';
const BUNDLED_VERSION = '6.2.14';
/** From this one on the append-only file is a folder, which older ones overlook. */
const MULTI_PART_SINCE = 7;
const CONNECT_TIMEOUT_MS = 5_000;

export const redis: Component = {
  name: REDIS,
  version: BUNDLED_VERSION,
  dependsOn: [PYTHON],
  isNeeded: false,
  start: { kind: 'service', command, health },
};

async function command(report: Report, signal: AbortSignal): Promise<Command> {
  const { program, major } = await findRedis(report, signal);
  const folder = serviceFolder(REDIS);
  const data = join(folder, 'data');
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (major < MULTI_PART_SINCE && (await exists(join(data, 'appendonlydir'))))
    throw new SlipwayError('dataIsNewer', `A newer Redis than ${program} wrote the features in ${data}.`, {
      action: `Put that Redis back on PATH, or delete ${data} and materialize the features again.`,
    });
  const config = join(folder, 'redis.conf');
  await writePrivateFile(
    config,
    [
      'bind 127.0.0.1',
      `port ${await stablePort(REDIS, signal)}`,
      `requirepass ${await credential(REDIS, signal)}`,
      `dir ${JSON.stringify(data)}`,
      'appendonly yes',
      // With everysec a write is acknowledged up to two seconds before it leaves the process, when the disk is slow.
      'appendfsync always',
      // The append-only file has it all.
      'save ""',
      'daemonize no',
      '',
    ].join('\n'),
  );
  return { program, args: [config], cwd: folder };
}

interface Redis {
  readonly program: string;
  readonly major: number;
}

/** `redis-server` or `valkey-server` on PATH, else the one inside a Python package. */
async function findRedis(report: Report, signal: AbortSignal): Promise<Redis> {
  for (const program of ['redis-server', 'valkey-server']) {
    const major = await majorVersion(program, signal);
    if (major !== undefined) return { program, major };
  }
  const environments = new PythonEnvironments({ onProgress: report });
  const { python } = await environments.service('redis', signal);
  return { program: join(dirname(python), 'redis-server'), major: Number(BUNDLED_VERSION.split('.')[0]) };
}

async function majorVersion(program: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { signal });
    const major = /v=(\d+)\./.exec(stdout)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** With its password; nobody may listen there yet. */
export async function redisEndpoint(
  signal: AbortSignal,
): Promise<{ readonly url: string; readonly password: string }> {
  const url = `redis://127.0.0.1:${await servicePort(REDIS, signal)}`;
  return { url, password: await credential(REDIS, signal) };
}

async function health(signal: AbortSignal): Promise<Health> {
  const endpoint = await redisEndpoint(signal);
  // Only the supervisor asks; the commands shouldn't load it.
  const { Redis: Client } = await import('ioredis');
  const client = new Client(Number(new URL(endpoint.url).port), '127.0.0.1', {
    password: endpoint.password,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: () => null,
  });
  // The rejection says the same.
  client.on('error', () => undefined);
  const stop = (): void => client.disconnect();
  signal.addEventListener('abort', stop, { once: true });
  try {
    // Refused while it reads its file, too.
    await client.connect();
    await client.ping();
  } finally {
    signal.removeEventListener('abort', stop);
    client.disconnect();
  }
  return { endpoint: endpoint.url, endpoints: { redis: endpoint } };
}
