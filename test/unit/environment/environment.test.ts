import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endpointsPath } from '../../../src/clients/embedded.ts';
import type { HttpEndpoint } from '../../../src/clients/http.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { EmbeddedEnvironment } from '../../../src/environment/embedded.ts';
import { Environments, type StartGate } from '../../../src/environment/session.ts';
import { server } from '../pipelines/builders.ts';

let home: string;
const opened: { dispose(): void }[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-environment-'));
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.dispose();
  await rm(home, { recursive: true, force: true });
});

const token = 'a-token-of-at-least-16';
const endpoints = (port: number, supervisorPid = process.pid): string =>
  JSON.stringify({ version: 1, supervisorPid, kfp: { url: `http://127.0.0.1:${port}`, token } });

async function writeEndpoints(text: string): Promise<void> {
  const path = endpointsPath(home);
  await mkdir(dirname(path), { recursive: true });
  // As the supervisor does it: a whole file, by rename.
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** A `dist/cli.js` of our own that notes its calls and does what `script` says. */
async function fakeCli(
  script: string,
): Promise<{ path: string; lines: string[]; calls: () => Promise<string[]> }> {
  const path = join(home, 'cli.cjs');
  const ledger = join(home, 'calls');
  await writeFile(
    path,
    `const fs = require('node:fs');
     const say = (event) => console.log(JSON.stringify(event));
     fs.appendFileSync(${JSON.stringify(ledger)}, process.argv.slice(2).join(' ') + ' node=' + process.env.ELECTRON_RUN_AS_NODE + '\\n');
     const command = process.argv[2];
     ${script}`,
  );
  return {
    path,
    lines: [],
    calls: async () => (await readFile(ledger, 'utf8').catch(() => '')).trim().split('\n'),
  };
}

async function embedded(script = ''): Promise<{
  environment: EmbeddedEnvironment;
  calls: () => Promise<string[]>;
  log: string[];
}> {
  const cli = await fakeCli(script);
  const log: string[] = [];
  const environment = new EmbeddedEnvironment({ path: cli.path, onLog: (line) => log.push(line) }, home);
  opened.push(environment);
  await environment.discovered;
  return { environment, calls: cli.calls, log };
}

const signal = (): AbortSignal => AbortSignal.timeout(15_000);

describe('the embedded environment', () => {
  test('never started: stopped', async () => {
    const { environment } = await embedded();
    expect(environment.state).toEqual({ kind: 'stopped' });
  });

  test('found by its file, also when it comes, changes and goes later', async () => {
    await writeEndpoints(endpoints(4001));
    const { environment } = await embedded();
    expect(environment.state).toMatchObject({
      kind: 'ready',
      endpoints: { kfp: { url: 'http://127.0.0.1:4001', token } },
    });
    await writeEndpoints(endpoints(4002));
    await expect
      .poll(() => environment.state)
      .toMatchObject({ endpoints: { kfp: { url: 'http://127.0.0.1:4002' } } });
    await rm(endpointsPath(home));
    await expect.poll(() => environment.state).toEqual({ kind: 'stopped' });
  });

  test('a file that a dead supervisor left behind does not count', async () => {
    // Above every pid that Linux and macOS give out.
    await writeEndpoints(endpoints(4001, 2 ** 30));
    const { environment } = await embedded();
    expect(environment.state).toEqual({ kind: 'stopped' });
  });

  test.runIf(process.platform === 'linux')(
    'nor does one whose supervisor is dead and was not waited for',
    async () => {
      // `exec` puts a program in the parent's place that waits for nobody.
      const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const pid = Number(String((await once(parent.stdout, 'data'))[0]));
        await expect.poll(() => readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/State:\s+Z/);
        expect(process.kill(pid, 0)).toBe(true);
        await writeEndpoints(endpoints(4001, pid));
        const { environment } = await embedded();
        expect(environment.state).toEqual({ kind: 'stopped' });
      } finally {
        parent.kill();
      }
    },
  );

  test('a file that is not ours is a failure with a sentence', async () => {
    await writeEndpoints('{"version":2}');
    const { environment } = await embedded();
    expect(environment.state).toMatchObject({ kind: 'failed', error: { reason: 'endpointsUnreadable' } });
  });

  test('start runs the CLI on this runtime, reports its progress, and is ready', async () => {
    const { environment, calls, log } = await embedded(
      `say({ event: 'progress', component: 'kfp', message: 'Starting', fraction: 0.5 });
       console.error('a line for the log');
       fs.writeFileSync(${JSON.stringify(endpointsPath(home))}, ${JSON.stringify(endpoints(4003))});
       say({ event: 'ready', components: [] });`,
    );
    const messages: string[] = [];
    await Promise.all([
      environment.start(
        (progress) => messages.push(`${progress.message} ${progress.fraction ?? ''}`),
        signal(),
      ),
      environment.start(() => undefined, signal()),
    ]);
    expect(environment.state.kind).toBe('ready');
    expect(messages).toEqual(['Starting 0.5']);
    expect(log).toEqual(['a line for the log']);
    expect(await calls()).toEqual(['up --json node=1']);
  });

  test('a start that fails says the CLI\u2019s last sentence', async () => {
    const { environment } = await embedded(
      `console.error('Python 3.10 or newer is missing.'); process.exitCode = 2;`,
    );
    await expect(environment.start(() => undefined, signal())).rejects.toMatchObject({
      name: 'SlipwayError',
      message: 'Python 3.10 or newer is missing.',
    });
    expect(environment.state).toMatchObject({ kind: 'failed' });
  });

  test('a cancelled start is taken back', async () => {
    const { environment, calls } = await embedded(
      `if (command === 'up') { say({ event: 'progress', message: 'Waiting' }); setInterval(() => {}, 1000); }`,
    );
    const abort = new AbortController();
    const starting = environment.start(() => abort.abort(), abort.signal);
    await expect(starting).rejects.toMatchObject({ name: 'AbortError' });
    expect((await calls()).map((call) => call.split(' ')[0])).toEqual(['up', 'down']);
    expect(environment.state).toEqual({ kind: 'stopped' });
  });

  test('stop', async () => {
    await writeEndpoints(endpoints(4001));
    const { environment } = await embedded(`fs.rmSync(${JSON.stringify(endpointsPath(home))});`);
    await environment.stop(signal());
    expect(environment.state).toEqual({ kind: 'stopped' });
  });
});

describe('sessions', () => {
  const trusting: StartGate = {
    requireTrust: () => undefined,
    withProgress: (_title, work) => work(() => undefined, signal()),
    isProduction: () => false,
    confirmProduction: () => Promise.resolve(),
  };

  async function environmentsOn(
    script: string,
    gate: StartGate,
  ): Promise<{ environments: Environments; calls: () => Promise<string[]>; asked: HttpEndpoint[] }> {
    const { environment, calls } = await embedded(script);
    const asked: HttpEndpoint[] = [];
    const environments = new Environments(
      environment,
      {
        kfp: (endpoint) => {
          asked.push(endpoint);
          return server({});
        },
        kubernetes: () => Promise.reject(new Error('not in these tests')),
      },
      gate,
    );
    opened.push(environments);
    return { environments, calls, asked };
  }

  test('a session lives as long as its endpoints; its signal ends what was under way', async () => {
    await writeEndpoints(endpoints(4001));
    const { environments, asked } = await environmentsOn('', trusting);
    const first = environments.require();
    expect(first.signal.aborted).toBe(false);
    await environments.refresh();
    expect(environments.session).toBe(first);
    await writeEndpoints(endpoints(4002));
    await expect.poll(() => environments.session !== first).toBe(true);
    expect(first.signal.aborted).toBe(true);
    expect(asked.map((endpoint) => endpoint.url)).toEqual(['http://127.0.0.1:4001', 'http://127.0.0.1:4002']);
    environments.dispose();
    expect(environments.session).toBeUndefined();
  });

  test('connect starts what is not there; require only says so', async () => {
    const { environments, calls } = await environmentsOn(
      `fs.writeFileSync(${JSON.stringify(endpointsPath(home))}, ${JSON.stringify(endpoints(4003))}); say({ event: 'ready' });`,
      trusting,
    );
    expect(() => environments.require()).toThrow(expect.objectContaining({ reason: 'notStarted' }) as Error);
    const session = await environments.connect();
    expect(session).toBe(environments.session);
    await environments.connect();
    expect(await calls()).toHaveLength(1);
  });

  test('connect notices that a supervisor died since', async () => {
    await writeEndpoints(endpoints(4001));
    const { environments, calls } = await environmentsOn(
      `fs.writeFileSync(${JSON.stringify(endpointsPath(home))}, ${JSON.stringify(endpoints(4003))}); say({ event: 'ready' });`,
      trusting,
    );
    // Written in place, so that a watcher may or may not have seen it.
    await writeFile(endpointsPath(home), endpoints(4001, 2 ** 30));
    const session = await environments.connect();
    expect(session.signal.aborted).toBe(false);
    expect((await calls()).map((call) => call.split(' ')[0])).toEqual(['up']);
  });

  test('nothing is started, and nothing is run, in a folder that is not trusted', async () => {
    await writeEndpoints(endpoints(4001));
    const untrusted: StartGate = {
      ...trusting,
      requireTrust: () => {
        throw new SlipwayError('untrusted', 'not trusted');
      },
    };
    const { environments, calls } = await environmentsOn('', untrusted);
    await expect(environments.connect()).rejects.toMatchObject({ reason: 'untrusted' });
    await expect(environments.start()).rejects.toMatchObject({ reason: 'untrusted' });
    expect(await calls()).toEqual(['']);
    // Reading is allowed.
    expect(environments.require().environmentId).toBe('embedded');
  });
});
