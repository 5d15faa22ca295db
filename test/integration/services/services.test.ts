import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mlflow } from '../../../dev-cluster/embedded/services/mlflow.ts';
import { postgres } from '../../../dev-cluster/embedded/services/postgres.ts';
import { redis } from '../../../dev-cluster/embedded/services/redis.ts';
import { objectStore } from '../../../dev-cluster/embedded/services/s3.ts';
import type { EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { Peers } from './peers.ts';
import { RunningService } from './runService.ts';

const STARTUP_MS = 900_000;
const signal = AbortSignal.timeout(STARTUP_MS);
const fixtures = join(import.meta.dirname, '../../fixtures/feast');
const driverStats = join(fixtures, 'driver_stats');

let home: string;
let endpoints: EmbeddedEndpoints;
let peers: Peers;
const services = new Map(
  [postgres, redis, objectStore, mlflow].map((one) => [one.name, new RunningService(one)]),
);
const previousHome = process.env['SLIPWAY_HOME'];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway sërvices '));
  process.env['SLIPWAY_HOME'] = home;
  endpoints = { version: 1, supervisorPid: process.pid };
  for (const service of services.values())
    endpoints = { ...endpoints, ...(await service.start(signal)).endpoints };
  peers = await Peers.make(endpoints, signal);
}, STARTUP_MS);

afterAll(async () => {
  for (const service of [...services.values()].reverse()) await service.stop();
  if (previousHome === undefined) delete process.env['SLIPWAY_HOME'];
  else process.env['SLIPWAY_HOME'] = previousHome;
  await rm(home, { recursive: true, force: true });
});

function service(name: string): RunningService {
  const found = services.get(name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found;
}

describe('PostgreSQL', () => {
  it('takes libpq’s client, on loopback only, and syncs to disk', async () => {
    expect(await peers.ask('postgres')).toEqual({ fsync: 'on', listen_addresses: '127.0.0.1' });
  });

  it('refuses a wrong password and a missing one', async () => {
    const { port } = new URL(endpoints.postgres?.url ?? '');
    const conninfo = `host=127.0.0.1 port=${port} dbname=feast user=slipway`;
    await expect(peers.with({ CONNINFO: `${conninfo} password=wrong` }).ask('postgres')).rejects.toThrow(
      'password authentication failed',
    );
    await expect(peers.with({ CONNINFO: conninfo }).ask('postgres')).rejects.toThrow('no password supplied');
  });
});

describe('Redis', () => {
  it('keeps an append-only file, and refuses wrong and missing passwords', async () => {
    expect(await peers.ask('redis')).toEqual({ appendonly: 'yes', appendfsync: 'always' });
    const host = new URL(endpoints.redis?.url ?? '').host;
    await expect(
      peers.with({ FEAST_REDIS_CONNECTION: `${host},password=wrong` }).ask('redis'),
    ).rejects.toThrow('invalid username-password pair');
    await expect(peers.with({ FEAST_REDIS_CONNECTION: host }).ask('redis')).rejects.toThrow(
      'Authentication required',
    );
  });
});

describe('S3', () => {
  it('takes boto3’s multipart upload', async () => {
    expect(await peers.ask('boto3_multipart')).toEqual({
      parts: 3,
      same: true,
      keys: ['peer/ä b/multi part'],
      buckets: ['feast', 'mlflow', 'mlpipeline', 'models', 'slipway'],
    });
  });

  it('refuses wrong, unknown and missing keys', async () => {
    expect(await peers.ask('boto3_refused')).toEqual({
      wrong: 'SignatureDoesNotMatch',
      // versitygw's own name for it.
      unknown: 'XAdminUserNotFound',
      missing: 'AccessDenied',
    });
  });
});

describe('MLflow', () => {
  it('keeps runs, artifacts and the registry over a restart', async () => {
    const written = z.object({ run: z.string(), uri: z.string() }).parse(await peers.ask('mlflow_write'));
    expect(written.uri).toMatch(/^s3:\/\/mlflow\//);
    await service('mlflow').stop();
    await service('mlflow').start(signal);
    expect(await peers.ask('mlflow_read')).toEqual({
      run: written.run,
      params: { ä: 'ö' },
      loss: [
        [0, 1],
        [1, 1 / 2],
        [2, 1 / 3],
      ],
      text: 'zwölf',
      status: 'FINISHED',
    });
  });

  it('refuses wrong and missing credentials, takes a bearer, and tells anyone its health', async () => {
    const { url, password } = endpoints.mlflow ?? { url: '', password: '' };
    const status = async (path: string, authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      return (await fetch(url + path, { headers, signal })).status;
    };
    const path = '/api/2.0/mlflow/experiments/get?experiment_id=0';
    expect(await status(path)).toBe(401);
    expect(await status('/')).toBe(401);
    expect(await status(path, `Basic ${btoa('slipway:wrong')}`)).toBe(401);
    expect(await status(path, 'Basic !')).toBe(401);
    expect(await status(path, `Basic ${btoa(`slipway:${password}`)}`)).toBe(200);
    expect(await status(path, `Bearer ${password}`)).toBe(200);
    expect(await status('/health')).toBe(200);
    await expect(peers.with({ MLFLOW_TRACKING_PASSWORD: 'wrong' }).ask('mlflow_read')).rejects.toThrow(
      'UNAUTHENTICATED',
    );
  });

  it.skipIf(process.platform !== 'linux')('needs at most 300 MiB', async () => {
    const rollup = await readFile(`/proc/${service('mlflow').pid}/smaps_rollup`, 'utf8');
    expect(Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]) / 1024).toBeLessThan(300);
  });
});

const golden = z.object({
  entity_keys: z.array(
    z.object({
      project: z.string(),
      join_keys: z.array(z.string()),
      values: z.array(z.record(z.string(), z.unknown())),
      redis_key_hex: z.string(),
    }),
  ),
  feature_hash_fields: z.array(
    z.object({ feature_view: z.string(), feature: z.string(), field_hex: z.string() }),
  ),
  timestamp_fields: z.array(z.object({ feature_view: z.string(), field_hex: z.string() })),
  values: z.array(z.object({ field: z.string().nullable(), value: z.unknown(), proto_hex: z.string() })),
  timestamps: z.array(z.object({ iso: z.string(), proto_hex: z.string() })),
});

describe('Feast', () => {
  const view = 'driver_hourly_stats';

  beforeAll(async () => {
    await peers.ask('feast_data');
    const feast = ['-m', 'feast.cli.cli', '-c', driverStats];
    await peers.run([...feast, 'apply']);
    await peers.run([...feast, 'materialize', '2024-01-01T00:00:00', '2024-01-03T00:00:00']);
  });

  it('reads its Parquet from S3 and its registry from PostgreSQL, and answers from Redis', async () => {
    expect(await peers.ask('feast_online', driverStats)).toEqual({
      driver_id: [1001, 0, -1, 7],
      conv_rate: [0.25, 0.25, null, null],
      acc_rate: [0.5, 0.5, 0.5, null],
      avg_daily_trips: [42, 0, -5, null],
    });
  });

  it('lays features out in Redis as the golden vectors say', async () => {
    const vectors = golden.parse(
      JSON.parse(await readFile(join(fixtures, 'redis-golden-vectors.json'), 'utf8')),
    );
    const key = (id: number): string =>
      vectors.entity_keys.find(
        ({ project, join_keys, values }) =>
          project === 'driver_stats' && join_keys.join() === 'driver_id' && values[0]?.['int64_val'] === id,
      )?.redis_key_hex ?? '';
    const field = (feature: string): string =>
      vectors.feature_hash_fields.find((one) => one.feature_view === view && one.feature === feature)
        ?.field_hex ?? '';
    const time = vectors.timestamp_fields.find((one) => one.feature_view === view)?.field_hex ?? '';
    const value = (type: string | null, wanted: unknown): string | undefined =>
      vectors.values.find((one) => one.field === type && one.value === wanted)?.proto_hex;
    const at = (iso: string): string | undefined =>
      vectors.timestamps.find((one) => one.iso === iso)?.proto_hex;

    const client = new Redis(endpoints.redis?.url ?? '', { password: endpoints.redis?.password ?? '' });
    try {
      const row = async (id: number): Promise<Record<string, string>> => {
        const flat = z
          .array(z.instanceof(Buffer))
          .parse(await client.callBuffer('HGETALL', Buffer.from(key(id), 'hex')))
          .map((bytes) => bytes.toString('hex'));
        return Object.fromEntries(
          flat.flatMap((name, index): [string, string][] =>
            index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [],
          ),
        );
      };
      expect(await row(1001)).toEqual({
        [field('conv_rate')]: value('double_val', 0.25),
        [field('acc_rate')]: value('float_val', 0.5),
        [field('avg_daily_trips')]: value('int64_val', 42),
        [time]: at('2024-01-02T03:04:05+00:00'),
      });
      expect(await row(0)).toMatchObject({
        [field('avg_daily_trips')]: value('int64_val', 0),
        [time]: at('2024-01-02T03:04:05.123456+00:00'),
      });
      expect(await row(-1)).toMatchObject({
        [field('conv_rate')]: value(null, null),
        [field('avg_daily_trips')]: value('int64_val', -5),
      });
    } finally {
      client.disconnect();
    }
  });
});
