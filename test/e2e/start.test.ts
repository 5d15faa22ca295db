/** `npm start` as its user meets it, after the installs: the address, the token, the demo, a second call, the end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../dev-cluster/start/command.ts';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { slipwayCache } from '../../src/clients/embedded.ts';

let root: string;
let env: NodeJS.ProcessEnv;
const started: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-start-'));
  // A home of its own, without a desktop editor; the caches are the machine's.
  env = {
    ...process.env,
    HOME: root,
    SLIPWAY_HOME: join(root, '.slipway'),
    SLIPWAY_CACHE: slipwayCache(),
    SLIPWAY_COMPONENTS: 'kfp,python',
  };
  for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'VSCODE_IPC_HOOK_CLI', 'WSL_DISTRO_NAME'])
    Reflect.deleteProperty(env, name);
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  const down = [join(repositoryRoot, 'dist', 'cli.js'), 'down'];
  await command(process.execPath, down, { env, signal: AbortSignal.timeout(60_000) });
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

interface Started {
  readonly child: ChildProcess;
  readonly url: URL;
  readonly ended: Promise<number | null>;
  output(): string;
}

async function npmStart(): Promise<Started> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'dev-cluster', 'start', 'start.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const url = await new Promise<URL>((resolve, reject) => {
    const hear = (text: string): void => {
      output += text;
      const found = /http:\S+/.exec(output)?.[0];
      if (found !== undefined && output.includes(`${found}\n`)) resolve(new URL(found));
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('close', () => reject(new Error(output)));
  });
  return { child, url, ended, output: () => output };
}

/** The status of a GET that follows no redirect. */
async function status(url: URL): Promise<number> {
  return (await fetch(url, { redirect: 'manual' })).status;
}

describe('npm start with VS Code on PATH', () => {
  it('installs the packaged extension there and opens the demo', async () => {
    const bin = join(root, 'bin');
    await mkdir(bin);
    const calls = join(root, 'code-calls');
    await writeFile(
      join(bin, 'code'),
      `#!/bin/sh\nif [ "$1" = --version ]; then echo 1.139.1; else echo "$@" >> '${calls}'; fi\n`,
      { mode: 0o755 },
    );
    const start = join(repositoryRoot, 'dev-cluster', 'start', 'start.ts');
    const desktop = { ...env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, DISPLAY: ':0' };
    const said = await command(process.execPath, [start], {
      env: desktop,
      signal: AbortSignal.timeout(120_000),
    });
    expect(said).toContain('VS Code is open on the demo project');
    expect((await readFile(calls, 'utf8')).trim().split('\n')).toEqual([
      `--install-extension ${join(repositoryRoot, 'dist', 'slipway.vsix')} --force`,
      join(root, 'slipway-demo'),
    ]);
  });
});

describe('npm start', () => {
  let first: Started;

  it('prints an address on loopback that opens the demo, and only with its token', async () => {
    first = await npmStart();
    expect(first.url.hostname).toBe('127.0.0.1');
    expect(first.url.searchParams.get('folder')).toBe(join(root, 'slipway-demo'));
    expect(await readdir(join(root, 'slipway-demo'))).toContain('pipelines');
    expect(await status(first.url)).toBe(302);
    expect(await status(new URL(first.url.origin))).toBe(403);
    const wrong = new URL(first.url);
    wrong.searchParams.set('tkn', 'wrong');
    expect(await status(wrong)).toBe(403);
  });

  it('keeps its token and its settings from others', async () => {
    for (const file of ['connection-token', join('User', 'settings.json')]) {
      const { mode } = await stat(join(root, '.slipway', 'editor', file));
      expect(mode & 0o077).toBe(0);
    }
  });

  it('finds the editor that runs already', async () => {
    const second = await npmStart();
    expect(second.url.href).toBe(first.url.href);
    expect(await second.ended).toBe(0);
    expect(await status(first.url)).toBe(302);
  });

  it('stops the editor, and nothing else, when it is interrupted', async () => {
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    await expect(status(first.url)).rejects.toThrow();
  });

  it('leaves the demo and the settings as their owner changed them', async () => {
    await writeFile(join(root, 'slipway-demo', 'mine.txt'), 'mine');
    const settings = join(root, '.slipway', 'editor', 'User', 'settings.json');
    await writeFile(settings, '{"editor.fontSize":20}');
    const third = await npmStart();
    third.child.kill('SIGINT');
    await third.ended;
    expect(await readdir(join(root, 'slipway-demo'))).toContain('mine.txt');
    expect((await stat(settings)).size).toBe('{"editor.fontSize":20}'.length);
  });
});
