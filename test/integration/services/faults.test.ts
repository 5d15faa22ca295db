import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
const kept = z.array(z.int());

let home: string;
let endpoints: EmbeddedEndpoints;
let peers: Peers;
const services = [postgres, redis, objectStore, mlflow].map((component) => ({
  name: component.name,
  service: new RunningService(component),
}));
const previousHome = process.env['SLIPWAY_HOME'];

async function startAll(): Promise<EmbeddedEndpoints> {
  let all: EmbeddedEndpoints = { version: 1, supervisorPid: process.pid };
  for (const { service } of services) all = { ...all, ...(await service.start(signal)).endpoints };
  return all;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-faults-'));
  process.env['SLIPWAY_HOME'] = home;
  endpoints = await startAll();
  peers = await Peers.make(endpoints, signal);
}, STARTUP_MS);

afterAll(async () => {
  for (const { service } of services.toReversed()) await service.stop();
  if (previousHome === undefined) delete process.env['SLIPWAY_HOME'];
  else process.env['SLIPWAY_HOME'] = previousHome;
  await rm(home, { recursive: true, force: true });
});

async function expectAllKept(name: string, acknowledged: readonly number[]): Promise<void> {
  const found = new Set(kept.parse(await peers.ask(`kept_${name}`)));
  expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
}

describe('Killed while a client writes, and started again', () => {
  it.each(services)('$name has all it acknowledged, at its old address', async ({ name, service }) => {
    const load = peers.load(name);
    await load.reaches(20);
    await service.stop('kill');
    await load.ended;
    expect({ ...endpoints, ...(await service.start(signal)).endpoints }).toEqual(endpoints);
    expect(load.acknowledged.length).toBeGreaterThanOrEqual(20);
    await expectAllKept(name, load.acknowledged);
  });
});

it('All of them killed at once: all data is there', async () => {
  const before = await Promise.all(services.map(({ name }) => peers.ask(`kept_${name}`)));
  await Promise.all(services.map(({ service }) => service.stop('kill')));
  expect(await startAll()).toEqual(endpoints);
  for (const [index, { name }] of services.entries())
    expect(await peers.ask(`kept_${name}`)).toEqual(before[index]);
});
