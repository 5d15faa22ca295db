import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';

const run = promisify(execFile);
const signal = new AbortController().signal;
const MODULE = resolve('dev-cluster/embedded/python/environments.ts');

describe('PythonEnvironments', () => {
  let cache: string;
  beforeAll(async () => (cache = await mkdtemp(join(tmpdir(), 'slipway-environments-'))));
  afterAll(() => rm(cache, { recursive: true }));

  const foldersIn = async (path: string): Promise<readonly string[]> =>
    (await readdir(join(path, 'python'))).filter((name) => !name.includes('.lock'));

  it('makes the kfp environment once and finds it again', async () => {
    const lines: string[] = [];
    const first = await new PythonEnvironments({ cache, onProgress: (line) => lines.push(line) }).kfp(signal);
    expect(lines.join('\n')).toContain('environment with kfp');
    const { stdout } = await run(
      first.python,
      ['-c', 'import kfp.dsl.executor_main, kfp; print(kfp.__version__)'],
      {
        env: { ...process.env, _KFP_RUNTIME: 'true' },
      },
    );
    expect(stdout.trim()).toBe('2.17.0');

    const again: string[] = [];
    const second = await new PythonEnvironments({ cache, onProgress: (line) => again.push(line) }).kfp(
      signal,
    );
    expect(second).toEqual(first);
    expect(again).toEqual([]);
  });

  it('adds packages in an environment of their own, whatever their order', async () => {
    const environments = new PythonEnvironments({ cache });
    const base = await environments.kfp(signal);
    const options = { signal };
    const made = await environments.withPackages(['six==1.17.0', 'tabulate==0.9.0'], options);
    expect(made.hash).not.toBe(base.hash);
    expect(await environments.withPackages(['tabulate==0.9.0', 'six==1.17.0'], options)).toEqual(made);
    await run(made.python, ['-c', 'import six, tabulate, kfp.dsl.executor_main'], {
      env: { ...process.env, _KFP_RUNTIME: 'true' },
    });
    await expect(run(base.python, ['-c', 'import six'])).rejects.toMatchObject({ code: 1 });
    expect(await environments.withPackages([], options)).toEqual(base);
  });

  it('prepares packages so that their first import finds bytecode', async () => {
    const lines: string[] = [];
    const environments = new PythonEnvironments({ cache, onProgress: (line) => lines.push(line) });
    const { python } = await environments.prepare(['six==1.17.0'], signal);
    const { stdout } = await run(python, ['-B', '-c', 'import six; print(six.__cached__)']);
    expect(await readdir(dirname(stdout.trim()))).toContain(basename(stdout.trim()));
    expect(lines).toContain('Compiling Python bytecode');
  });

  it('names what could not be installed and leaves nothing behind', async () => {
    const before = await foldersIn(cache);
    const failing = new PythonEnvironments({ cache }).withPackages(['six==0.0.0.1'], { signal });
    await expect(failing).rejects.toMatchObject({
      reason: 'install-failed',
      message: expect.stringContaining('six==0.0.0.1') as string,
      action: expect.stringContaining('packages_to_install') as string,
    });
    expect(await foldersIn(cache)).toEqual(before);
  });

  it('asks the index of a component, whose password stands in no command line', async () => {
    let asked: string | undefined;
    let isSeen = false;
    const index = createServer((request, response) => {
      asked = request.headers.authorization;
      isSeen ||= commandLines().some((line) => line.includes('pass-word'));
      response.writeHead(404).end();
    });
    const port = await listening(index);
    const indexUrls = [`http://me:pass-word@127.0.0.1:${port}/simple`];
    const made = new PythonEnvironments({ cache }).withPackages(['six==1.17.0'], { indexUrls, signal });
    await expect(made).rejects.toMatchObject({ reason: 'install-failed' });
    index.close();
    expect(asked).toBe(`Basic ${Buffer.from('me:pass-word').toString('base64')}`);
    expect(isSeen).toBe(false);
    await expect(made).rejects.not.toMatchObject({ message: expect.stringContaining('pass-word') as string });
  });

  it('looks away from the certificate of a trusted host, and of no other', async () => {
    const folder = await mkdtemp(join(cache, 'certificate-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
    await run('openssl', [...request, '-keyout', key, '-out', cert]);
    const asked: (string | undefined)[] = [];
    const index = createSecureServer(
      { key: await readFile(key), cert: await readFile(cert) },
      ({ url }, response) => {
        asked.push(url);
        response.writeHead(404).end();
      },
    );
    const host = `localhost:${await listening(index)}`;
    const indexUrls = [`https://${host}/simple`];
    const ask = (trustedHosts: readonly string[]): Promise<unknown> =>
      new PythonEnvironments({ cache })
        .withPackages(['six==1.17.0'], { indexUrls, trustedHosts, signal })
        .catch((error: unknown) => error);
    await ask([]);
    // What the SDK says by itself.
    await ask(indexUrls);
    expect(asked).toEqual([]);
    await ask([host]);
    expect(asked).toContain('/simple/six/');
    index.close();
  });

  it('is whole or not there when stopped half-way, and is made by the next call', async () => {
    const controller = new AbortController();
    const own = await mkdtemp(join(cache, 'stopped-'));
    const stopped = new PythonEnvironments({
      cache: own,
      onProgress: (line) => {
        if (line.startsWith('Making')) controller.abort();
      },
    });
    await expect(stopped.kfp(controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(await foldersIn(own)).toEqual([]);
    const made = await stopped.kfp(signal);
    expect(await foldersIn(own)).toEqual([made.hash]);
  });

  it('survives a maker that is killed', async () => {
    const own = await mkdtemp(join(cache, 'killed-'));
    const maker = spawnMaker(own, ['six==1.17.0']);
    for await (const chunk of maker.stdout) if (String(chunk).includes('Making')) break;
    maker.kill('SIGKILL');
    const made = await new PythonEnvironments({ cache: own }).withPackages(['six==1.17.0'], { signal });
    await run(made.python, ['-c', 'import six']);
    expect(await foldersIn(own)).toEqual([made.hash]);
  });

  it('lets two processes want the same one at the same time', async () => {
    const own = await mkdtemp(join(cache, 'twice-'));
    const makers = [spawnMaker(own, []), spawnMaker(own, [])];
    let output = '';
    for (const maker of makers) maker.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const codes = await Promise.all(makers.map(async (maker) => (await once(maker, 'close'))[0] as number));
    expect(codes).toEqual([0, 0]);
    expect(output.match(/Making the Python/g)).toHaveLength(1);
    expect(await foldersIn(own)).toHaveLength(1);
  });

  it('installs uv when the machine has none', async () => {
    const own = await mkdtemp(join(cache, 'no-uv-'));
    // Only the Python is on PATH, whatever lies beside it.
    const bin = await mkdtemp(join(cache, 'bin-'));
    const { stdout } = await run('python3', [
      '-c',
      'import os, sys; print(os.path.realpath(sys.executable))',
    ]);
    await symlink(stdout.trim(), join(bin, 'python3'));
    const env = { ...process.env, PATH: bin };
    const lines: string[] = [];
    await new PythonEnvironments({ cache: own, env, onProgress: (line) => lines.push(line) }).kfp(signal);
    expect(lines).toContain('Installing uv');
    expect(await readdir(join(own, 'uv'))).toContain('0.13.9');
  });

  it('says what to install when there is no Python', async () => {
    const environments = new PythonEnvironments({ cache, env: { ...process.env, PATH: cache } });
    await expect(environments.kfp(signal)).rejects.toMatchObject({ reason: 'python-missing' });
  });
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Of all processes, where the system shows them. */
function commandLines(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}

function spawnMaker(cache: string, packages: readonly string[]) {
  const program = `
    import { PythonEnvironments } from ${JSON.stringify(MODULE)};
    const environments = new PythonEnvironments({ cache: ${JSON.stringify(cache)}, onProgress: (line) => console.log(line) });
    await environments.withPackages(${JSON.stringify(packages)}, { signal: new AbortController().signal });`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
