/** Supervisors that are killed, many at once, or of another build: with the pipeline service alone, for every day. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KfpClient } from '../../../src/clients/kfp/client.ts';
import { processesIn } from '../../cluster/processes.ts';
import { FaultCluster } from './faultCluster.ts';

const stateOfVersion1 = join(import.meta.dirname, '..', '..', 'fixtures', 'upgrade', 'kfp-state-1.sql');

let cluster: FaultCluster;
beforeEach(async () => {
  cluster = await FaultCluster.make({ only: ['kfp'] });
});
afterEach(() => cluster.remove());

async function killSupervisor(): Promise<void> {
  const { supervisor } = await cluster.status();
  process.kill(supervisor.pid, 'SIGKILL');
}

function recordPath(): string {
  return join(cluster.home, 'embedded', 'processes', 'kfp.json');
}

async function kfp(): Promise<KfpClient> {
  const { kfp: endpoint } = await cluster.endpoints();
  if (endpoint === undefined) throw new Error('There is no pipeline service.');
  return new KfpClient({ ...endpoint, label: 'The pipeline service' });
}

it('is one, however many are asked for at once', async () => {
  const ends = await Promise.all([1, 2, 3].map(() => cluster.slipway('up', '--wait')));
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(processesIn(cluster.home).filter((line) => line.endsWith(' internal supervisor'))).toHaveLength(1);
  expect(processesIn(cluster.home).filter((line) => line.endsWith(' internal kfp-service'))).toHaveLength(1);
});

it('is killed: the next one adopts the process', async () => {
  await cluster.up();
  const before = await cluster.pids();
  await killSupervisor();
  await cluster.up();
  expect(await cluster.pids()).toEqual(before);
});

describe('A process that the killed one started gives way, and what it kept is there', () => {
  it.each([
    ['another build', { build: 'an earlier one' }],
    ['another version', { version: '2.16.0' }],
    ['a build that wrote none down', { build: undefined }],
  ])('when it is of %s', async (_, change) => {
    await cluster.up();
    const before = await cluster.pids();
    const experiment = await (await kfp()).createExperiment('kept', AbortSignal.timeout(10_000));
    const record = JSON.parse(await readFile(recordPath(), 'utf8')) as object;
    await writeFile(recordPath(), JSON.stringify({ ...record, ...change }));
    await killSupervisor();
    await cluster.up();
    expect((await cluster.pids())['kfp']).not.toBe(before['kfp']);
    expect(processesIn(cluster.home).some((line) => line.startsWith(`${before['kfp'] ?? 0} `))).toBe(false);
    const found = await (await kfp()).listExperiments({ pageSize: 50 }, AbortSignal.timeout(10_000));
    expect(found.items.map(({ id }) => id)).toContain(experiment.id);
  });
});

describe('A living one', () => {
  /** As if another build had started it. */
  async function pretend(build: { readonly release: string; readonly digest: string }): Promise<void> {
    const path = join(cluster.home, 'embedded', 'status.json');
    const status = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...status, build }));
  }

  it('of an earlier build gives way to `up` of this one, which says so; what it kept is there', async () => {
    await cluster.up();
    const { supervisor } = await cluster.status();
    const before = await cluster.pids();
    const experiment = await (await kfp()).createExperiment('kept', AbortSignal.timeout(10_000));
    await pretend({ release: '0.0.9', digest: 'another' });
    const { code, stdout } = await cluster.slipway('up', '--wait');
    expect(code).toBe(0);
    expect(stdout).toContain('another build of Slipway (0.0.9)');
    expect((await cluster.status()).supervisor.pid).not.toBe(supervisor.pid);
    expect((await cluster.pids())['kfp']).not.toBe(before['kfp']);
    const found = await (await kfp()).listExperiments({ pageSize: 50 }, AbortSignal.timeout(10_000));
    expect(found.items.map(({ id }) => id)).toContain(experiment.id);
  });

  it('of a later release stays', async () => {
    await cluster.up();
    const before = await cluster.pids();
    await pretend({ release: '999.0.0', digest: 'another' });
    const { code, stdout } = await cluster.slipway('up', '--wait');
    expect(code).toBe(0);
    expect(stdout).not.toContain('another build');
    expect(await cluster.pids()).toEqual(before);
  });
});

it('brings the state of an earlier version up to date', async () => {
  const folder = join(cluster.home, 'embedded', 'kfp');
  await mkdir(folder, { recursive: true });
  // The tables come in the order of their names.
  const state = new DatabaseSync(join(folder, 'state.db'), { enableForeignKeyConstraints: false });
  state.exec(await readFile(stateOfVersion1, 'utf8'));
  state.close();
  await cluster.up();
  const client = await kfp();
  const { items } = await client.listRuns({ pageSize: 50 }, AbortSignal.timeout(10_000));
  expect(items.map(({ displayName, state: end }) => [displayName, end])).toEqual([
    ['of an earlier version', 'SUCCEEDED'],
    ['failed', 'FAILED'],
  ]);
  const tasks = await client.listTasks(items[0]?.id ?? '', AbortSignal.timeout(10_000));
  expect(tasks.map(({ name, state: end }) => [name, end])).toContainEqual(['write', 'SUCCEEDED']);
});
