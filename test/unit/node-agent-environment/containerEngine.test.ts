import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ContainerEngines,
  execWords,
  runArguments,
  type EngineRun,
} from '../../../dev-cluster/embedded/node-agent/images/containerEngine.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-engine-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Answers the words of `version` or `info` by this script. */
async function client(name: 'docker' | 'podman', script: string): Promise<string> {
  const bin = join(folder, name);
  await mkdir(bin);
  await writeFile(join(bin, name), `#!/bin/sh\necho "$@" >>"${folder}/asked"\n${script}\n`, { mode: 0o755 });
  return bin;
}

describe('the engine for images that nothing knows', () => {
  it('is docker when its daemon answers', async () => {
    const path = [await client('docker', 'echo 28.2.2'), await client('podman', 'echo 5.0.0')].join(
      delimiter,
    );
    expect(await new ContainerEngines(path).find()).toEqual({
      name: 'docker',
      version: '28.2.2',
      program: join(folder, 'docker', 'docker'),
    });
  });

  it('is podman when docker has no daemon', async () => {
    const docker = await client('docker', 'echo; echo "Cannot connect to the Docker daemon" >&2; exit 1');
    const path = [docker, await client('podman', 'echo 5.0.0')].join(delimiter);
    expect(await new ContainerEngines(path).find()).toMatchObject({ name: 'podman', version: '5.0.0' });
  });

  it('is none without either', async () => {
    expect(await new ContainerEngines(folder).find()).toBeUndefined();
  });

  it('is asked for once by all who want to know', async () => {
    const engines = new ContainerEngines(await client('docker', 'echo 28.2.2'));
    await Promise.all([engines.find(), engines.find()]);
    await engines.find();
    const { stdout } = await promisify(execFile)('wc', ['-l', join(folder, 'asked')]);
    expect(stdout.trim()).toMatch(/^1 /);
  });
});

const aRun = (envFile: string): EngineRun => ({
  name: 'slipway-uid-c-0',
  image: 'team/app:1',
  envFile,
  envNames: ['LINES'],
  mounts: [
    { source: '/tmp/a "b", ü', target: '/data', readOnly: true },
    { source: '/tmp/out', target: '/out', readOnly: false },
  ],
  hasStdin: true,
  isReadOnly: true,
  workingDir: '/work',
  user: '5:6',
  memoryBytes: 64 * 1024 * 1024,
  command: ['/app', '--first'],
  args: ['--rm', '-x', 'last'],
});

/** Arguments as docker's own client understands them: what it asks its daemon to create. */
describe.skipIf(spawnSync('docker', ['--version']).error !== undefined)('docker’s client', () => {
  async function created(run: EngineRun): Promise<unknown> {
    const socket = join(folder, 'docker.sock');
    let body = '';
    const daemon = createServer((request, response) => {
      if (!request.url?.includes('/containers/create')) {
        response.writeHead(200, { 'api-version': '1.50', ostype: 'linux' }).end('OK');
        return;
      }
      request
        .setEncoding('utf8')
        .on('data', (text: string) => (body += text))
        .on('end', () => response.writeHead(500).end('{"message":"that will do"}'));
    }).listen(socket);
    await once(daemon, 'listening');
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      DOCKER_HOST: `unix://${socket}`,
      LINES: 'a\nb',
    };
    try {
      const said = promisify(execFile)('docker', runArguments({ name: 'docker' }, run), { env });
      await expect(said).rejects.toMatchObject({
        stderr: expect.stringContaining('that will do') as unknown,
      });
    } finally {
      daemon.close();
    }
    return JSON.parse(body);
  }

  it('makes the container that the pod describes', async () => {
    const envFile = join(folder, 'engine.env');
    await writeFile(envFile, 'ONE=hush=# "quiet" \nEMPTY=\n');
    expect(await created(aRun(envFile))).toMatchObject({
      Image: 'team/app:1',
      Entrypoint: ['/app'],
      Cmd: ['--first', '--rm', '-x', 'last'],
      Env: expect.arrayContaining(['ONE=hush=# "quiet" ', 'EMPTY=', 'LINES=a\nb']) as unknown,
      User: '5:6',
      WorkingDir: '/work',
      OpenStdin: true,
      Tty: false,
      HostConfig: {
        NetworkMode: 'host',
        AutoRemove: true,
        Init: true,
        ReadonlyRootfs: true,
        Memory: 64 * 1024 * 1024,
        Mounts: [
          { Type: 'bind', Source: '/tmp/a "b", ü', Target: '/data', ReadOnly: true },
          { Type: 'bind', Source: '/tmp/out', Target: '/out' },
        ],
      },
    });
  });

  it('leaves entrypoint and cmd to the image when the pod gives none', async () => {
    const envFile = join(folder, 'engine.env');
    await writeFile(envFile, '');
    const plain = { ...aRun(envFile), command: [], args: [], user: undefined, workingDir: undefined };
    expect(await created(plain)).toMatchObject({ Entrypoint: null, Cmd: null, User: '', WorkingDir: '' });
  });

  it('takes the words of the other calls', () => {
    const none = { ...process.env, DOCKER_HOST: `unix://${folder}/none.sock` };
    const [shell = '', ...exec] = execWords({ program: 'docker', name: 'c' }, ['sh', '-c', 'true', '--rm']);
    for (const [program, words] of [
      [shell, exec],
      ['docker', ['rm', '--force', '--volumes', 'c']],
      ['docker', ['pull', '--quiet', 'team/app:1']],
      ['docker', ['image', 'inspect', '--format', '{{.Id}}', 'team/app:1']],
    ] as const) {
      const { stderr } = spawnSync(program, words, { env: none, encoding: 'utf8' });
      expect(stderr).toContain('Cannot connect to the Docker daemon');
    }
    const { stderr } = spawnSync('docker', ['rm', '--bogus', 'c'], { env: none, encoding: 'utf8' });
    expect(stderr).toContain('unknown flag');
  });
});
