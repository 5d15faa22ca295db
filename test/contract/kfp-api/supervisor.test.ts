/** `slipway up` and its supervisor as real processes: one wins, children are kept, adopted, and stopped; strangers are not. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStarted } from '../../../dev-cluster/embedded/processes.ts';
import { readEmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { cli } from '../../cli.ts';
import { greetSpec, type Json } from './service.ts';

let home: string;
let environment: Record<string, string>;

beforeEach(async () => {
  environment = {};
  home = await mkdtemp(join(tmpdir(), 'slipway-home-'));
});

afterEach(async () => {
  await slipway('down');
  await rm(home, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

async function slipway(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, SLIPWAY_HOME: home, SLIPWAY_COMPONENTS: 'kfp,python', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines: stdout.split('\n').filter(Boolean), stderr };
}

async function up(): Promise<Json> {
  const { code, lines, stderr } = await slipway('up', '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(lines.at(-1) ?? '') as Json;
}

const record = async (file: string): Promise<Json> =>
  JSON.parse(await readFile(join(home, 'embedded', file), 'utf8')) as Json;
const servicePid = async (): Promise<number> => Number((await record('kfp/service.json'))['pid']);
const supervisorPid = async (): Promise<number> =>
  Number(((await record('status.json'))['supervisor'] as Json)['pid']);

/** A zombie is none: not every pid 1 reaps. */
const isAlive = (pid: number): boolean => processStarted(pid) !== '';

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function call(method: string, path: string, body?: unknown): Promise<Json> {
  const endpoints = await readEmbeddedEndpoints(home);
  const response = await fetch(`${endpoints?.kfp?.url ?? ''}/apis/v2beta1${path}`, {
    method,
    headers: { authorization: `Bearer ${endpoints?.kfp?.token ?? ''}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Json;
}

async function startRun(message: string): Promise<string> {
  const run = await call('POST', '/runs', {
    display_name: message,
    pipeline_spec: await greetSpec(),
    runtime_config: { parameters: { message } },
  });
  return String(run['run_id']);
}

/** Through restarts of the service: what can't be asked now is asked again. */
async function stateOf(runId: string): Promise<string> {
  try {
    return String((await call('GET', `/runs/${runId}`))['state']);
  } catch {
    return 'unreachable';
  }
}

async function podsOf(runId: string): Promise<readonly string[]> {
  const { tasks } = await call('GET', `/runs/${runId}/tasks`);
  return ((tasks ?? []) as Json[])
    .flatMap((task) => (task['pods'] ?? []) as Json[])
    .map((pod) => String(pod['name']));
}

async function logOf(runId: string, pod: string): Promise<string> {
  const { kfp } = (await readEmbeddedEndpoints(home)) ?? {};
  const response = await fetch(`${kfp?.url ?? ''}/apis/v1alpha1/runs/${runId}/nodes/${pod}/log`, {
    headers: { authorization: `Bearer ${kfp?.token ?? ''}` },
  });
  return response.text();
}

describe('slipway up', () => {
  it('tells its progress, ends with ready, and is found by its endpoints', async () => {
    const ready = await up();
    expect(ready).toMatchObject({ event: 'ready' });
    expect(ready['components']).toContainEqual(
      expect.objectContaining({ name: 'kfp', state: 'ready', version: '2.17.0' }),
    );
    expect((await stat(join(home, 'embedded', 'endpoints.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'embedded', 'kfp', 'token'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'embedded', 'kfp', 'state.db'))).mode & 0o077).toBe(0);
    expect(await call('GET', '/runs')).toEqual({});
    const status = JSON.parse((await slipway('status', '--json')).lines[0] ?? '') as { components: Json[] };
    expect(status.components.map(({ name }) => name)).toEqual(['kfp', 'python']);
    expect(Number(status.components[0]?.['memoryMiB'])).toBeGreaterThan(10);
    const log = await slipway('logs', 'kfp');
    expect(log.lines.join('\n')).toContain('listens at');
    expect(log.lines.join('\n')).not.toContain((await readEmbeddedEndpoints(home))?.kfp?.token);
  });

  it('has one winner when two start at once; the other attaches', async () => {
    const [first, second] = await Promise.all([up(), up()]);
    expect(first['event']).toBe('ready');
    expect(second['event']).toBe('ready');
    const [supervisor, service] = [await supervisorPid(), await servicePid()];
    await up();
    expect([await supervisorPid(), await servicePid()]).toEqual([supervisor, service]);
  });

  it('keeps the address over a restart, and takes the next free one when a stranger has it', async () => {
    await up();
    const before = (await readEmbeddedEndpoints(home))?.kfp;
    await slipway('down');
    await up();
    expect((await readEmbeddedEndpoints(home))?.kfp).toEqual(before);
    await slipway('down');
    const stranger = createServer();
    const { port } = new URL(before?.url ?? '');
    await new Promise<void>((resolve) => stranger.listen(Number(port), '127.0.0.1', resolve));
    await up();
    const after = (await readEmbeddedEndpoints(home))?.kfp;
    expect(after?.url).not.toBe(before?.url);
    expect(after?.token).toBe(before?.token);
    expect(await call('GET', '/runs')).toEqual({});
    stranger.close();
  });

  it('says in one sentence that its folder cannot be used', async () => {
    await writeFile(join(home, 'file'), '');
    const real = home;
    home = join(home, 'file');
    const { code, stderr } = await slipway('up');
    home = real;
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('SLIPWAY_HOME');
  });
});

describe('slipway up on a machine that lacks something', () => {
  it('is ready without Python; the component that needs it says what to install', async () => {
    environment = { SLIPWAY_PYTHON: '/bin/false' };
    await up();
    await until(async () => {
      const { components } = await record('status.json');
      return (components as Json[]).some(
        ({ name, state, message }) =>
          name === 'python' && state === 'failed' && String(message).includes('Install Python'),
      );
    });
    expect(await call('GET', '/runs')).toEqual({});
  });

  it('says in one sentence why the service cannot start, and starts once that is repaired', async () => {
    const state = join(home, 'embedded', 'kfp', 'state.db');
    await mkdir(join(home, 'embedded', 'kfp'), { recursive: true, mode: 0o700 });
    await writeFile(state, 'this is no database, whatever else it may be. '.repeat(100));
    const { code, stderr } = await slipway('up');
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^slipway: kfp did not start: .*state file/);
    await rm(state);
    await up();
  });
});

describe('the supervisor', () => {
  it('starts a killed service again; the run that it ran goes on, and nothing runs twice', async () => {
    await up();
    const killed = await servicePid();
    const runId = await startRun('slow');
    await until(async () => (await podsOf(runId)).length === 1);
    const [pod = ''] = await podsOf(runId);
    // Once it has begun: an attempt that never did is followed by another, and rightly so.
    await until(async () => (await logOf(runId, pod)).includes('slow, world'));
    process.kill(killed, 'SIGKILL');
    await until(async () => (await stateOf(runId)) === 'SUCCEEDED');
    expect(await servicePid()).not.toBe(killed);
    expect(await podsOf(runId)).toEqual([pod]);
    expect((await logOf(runId, pod)).match(/slow, world/g)).toHaveLength(1);
  });

  it('replaces a service that hangs, and lives on when it waits for nothing else', async () => {
    await up();
    const [supervisor, hanging] = [await supervisorPid(), await servicePid()];
    const components = async (): Promise<Json[]> => (await record('status.json'))['components'] as Json[];
    await until(async () => (await components()).every(({ state }) => state === 'ready'));
    process.kill(hanging, 'SIGSTOP');
    await until(async () => !isAlive(supervisor) || (await servicePid()) !== hanging);
    expect(isAlive(supervisor)).toBe(true);
    expect(isAlive(hanging)).toBe(false);
    await until(async () => (await components()).every(({ state }) => state === 'ready'));
    expect(await call('GET', '/runs')).toEqual({});
  });

  it('leaves its children running when it is killed, and the next one adopts them', async () => {
    await up();
    const [supervisor, service] = [await supervisorPid(), await servicePid()];
    process.kill(supervisor, 'SIGKILL');
    await until(() => !isAlive(supervisor));
    expect(isAlive(service)).toBe(true);
    const status = await slipway('status', '--json');
    expect(status.code).toBe(1);
    await up();
    expect(await servicePid()).toBe(service);
    expect(await supervisorPid()).not.toBe(supervisor);
    expect((await readEmbeddedEndpoints(home))?.supervisorPid).toBe(await supervisorPid());
    await slipway('down');
    expect(isAlive(service)).toBe(false);
  });
});

describe('slipway down', () => {
  it('stops the supervisor, the service and the running steps', async () => {
    await up();
    const runId = await startRun('wait');
    await until(async () => (await podsOf(runId)).length === 1);
    const [supervisor, service] = [await supervisorPid(), await servicePid()];
    const step = await stepPid(runId);
    const { lines } = await slipway('down', '--json');
    expect(JSON.parse(lines[0] ?? '')).toEqual({ stopped: ['kfp'] });
    expect([supervisor, service, step].filter(isAlive)).toEqual([]);
    expect(await readEmbeddedEndpoints(home)).toBeUndefined();
    // The next service says how it ended instead of waiting for ever.
    await up();
    await until(async () => (await stateOf(runId)) === 'FAILED');
  });

  it('stops what a killed supervisor left behind', async () => {
    await up();
    const [supervisor, service] = [await supervisorPid(), await servicePid()];
    process.kill(supervisor, 'SIGKILL');
    await until(() => !isAlive(supervisor));
    await slipway('down');
    expect(isAlive(service)).toBe(false);
  });

  it('leaves a stranger alone that has the pid of what it once started', async () => {
    await up();
    const before = await record('processes/kfp.json');
    await slipway('down');
    const stranger: ChildProcess = spawn('sleep', ['60']);
    const pid = stranger.pid ?? 0;
    const service = await record('kfp/service.json');
    await writeFile(join(home, 'embedded', 'kfp', 'service.json'), JSON.stringify({ ...service, pid }));
    await writeFile(join(home, 'embedded', 'processes', 'kfp.json'), JSON.stringify({ ...before, pid }));
    const status = await record('status.json');
    await writeFile(
      join(home, 'embedded', 'status.json'),
      JSON.stringify({ ...status, supervisor: { ...(status['supervisor'] as Json), pid } }),
    );
    expect((await slipway('down', '--json')).lines).toEqual(['{"stopped":[]}']);
    expect(isAlive(pid)).toBe(true);
    // Nor is it taken for the service.
    await up();
    expect(isAlive(pid)).toBe(true);
    expect(await servicePid()).not.toBe(pid);
    stranger.kill();
  });
});

describe('slipway reset', () => {
  it('does nothing unasked, and everything with --yes', async () => {
    await up();
    const service = await servicePid();
    expect((await slipway('reset')).code).toBe(2);
    expect(isAlive(service)).toBe(true);
    expect((await slipway('reset', '--yes')).code).toBe(0);
    expect(isAlive(service)).toBe(false);
    await expect(stat(join(home, 'embedded'))).rejects.toThrow('ENOENT');
  });
});

async function stepPid(runId: string): Promise<number> {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(join(home, 'embedded', 'kfp', 'state.db'), { readOnly: true });
  try {
    for (;;) {
      const pid = db.prepare('SELECT pid FROM attempts WHERE run_id = ?').get(runId)?.['pid'];
      if (typeof pid === 'number') return pid;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    db.close();
  }
}
