/** Where the Go programs come from, in a cache of its own: what the user names, PATH, the cache, archives, Go. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findProgram } from '../../../dev-cluster/embedded/binaries/find.ts';
import { findGo } from '../../../dev-cluster/embedded/binaries/go.ts';
import {
  cachedProgram,
  programFile,
  programNamed,
  type ProgramName,
} from '../../../dev-cluster/embedded/binaries/programs.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { run } from '../../cluster/slipway.ts';

const release = join(import.meta.dirname, '../../../dev-cluster/embedded/binaries/release.ts');
const usersPath = process.env['PATH'] ?? '';
/** Node, for the scripts, without any Go. */
const bare = ['/usr/bin', '/bin'].join(delimiter);
let folder: string;
let reports: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway binaries '));
  reports = [];
  vi.stubEnv('SLIPWAY_CACHE', join(folder, 'cache'));
  vi.stubEnv('PATH', bare);
  for (const name of ['SLIPWAY_ETCD', 'SLIPWAY_ARCHIVES']) vi.stubEnv(name, undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  // Go makes what it downloads read-only.
  await run('chmod', ['-R', 'u+w', folder], {});
  await rm(folder, { recursive: true, force: true });
});

function find(name: ProgramName = 'etcd'): Promise<string> {
  const report = (message: string): void => void reports.push(message);
  return findProgram(name, { report, signal: AbortSignal.timeout(600_000) });
}

async function program(path: string, says: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
  await chmod(path, 0o755);
  return path;
}

const etcd = programNamed('etcd');
const archive = `${programFile(etcd)}.gz`;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A folder as `SLIPWAY_ARCHIVES` names it. */
async function mirror(sum?: string): Promise<string> {
  const place = join(folder, 'mirror');
  const bytes = gzipSync('#!/bin/sh\necho from the archive\n');
  await mkdir(place, { recursive: true });
  await writeFile(join(place, archive), bytes);
  await writeFile(
    join(place, 'SHA256SUMS'),
    `${'0'.repeat(64)}  other.gz\n${sum ?? sha256(bytes)}  ${archive}\n`,
  );
  return place;
}

describe('findProgram', () => {
  it('takes what the user names, and says when it is none', async () => {
    const own = await program(join(folder, 'own', 'my etcd'), 'anything');
    vi.stubEnv('SLIPWAY_ETCD', own);
    expect(await find()).toBe(own);
    vi.stubEnv('SLIPWAY_ETCD', join(folder, 'missing'));
    await expect(find()).rejects.toMatchObject({ reason: 'noProgram' });
    await expect(find()).rejects.toThrow('SLIPWAY_ETCD');
  });

  it('takes a program on PATH only in the very version that is pinned', async () => {
    const cached = await program(cachedProgram(etcd), 'cached');
    const older = await program(join(folder, 'older', 'etcd'), 'etcd Version: 3.5.0');
    vi.stubEnv('PATH', [join(older, '..'), bare].join(delimiter));
    expect(await find()).toBe(cached);
    const same = await program(join(folder, 'same', 'etcd'), `etcd Version: ${etcd.version.slice(1)}`);
    vi.stubEnv('PATH', [join(older, '..'), join(same, '..'), bare].join(delimiter));
    expect(await find()).toBe(same);
  });

  it('takes an archive from a folder, once, and makes it a program', async () => {
    vi.stubEnv('SLIPWAY_ARCHIVES', await mirror());
    const path = await find();
    expect(path).toBe(cachedProgram(etcd));
    expect((await run(path, [], {})).stdout).toBe('from the archive\n');
    expect(reports).toEqual(['Downloading etcd']);
    await rm(join(folder, 'mirror'), { recursive: true });
    expect(await find()).toBe(path);
  });

  it('refuses an archive that is another, and leaves nothing of it', async () => {
    vi.stubEnv('SLIPWAY_ARCHIVES', await mirror('a'.repeat(64)));
    await expect(find()).rejects.toMatchObject({ reason: 'wrongSum' });
    await expect(access(cachedProgram(etcd))).rejects.toThrow('ENOENT');
    expect(
      (await readdir(join(folder, 'cache', 'binaries'))).filter((name) => name.includes('partial')),
    ).toEqual([]);
  });

  it('is downloaded once however many ask', async () => {
    vi.stubEnv('SLIPWAY_ARCHIVES', await mirror());
    const paths = await Promise.all([find(), find(), find()]);
    expect(new Set(paths).size).toBe(1);
    expect(reports.filter((line) => line === 'Downloading etcd')).toHaveLength(1);
  });

  it('says in one sentence and one action that there is no way', async () => {
    // No Go, and an index that nobody serves.
    vi.stubEnv('SLIPWAY_PYTHON', '/bin/false');
    const error: unknown = await find().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SlipwayError);
    const { reason, message, action } = error as SlipwayError;
    expect(reason).toBe('noProgram');
    expect(message).toMatch(
      /^etcd v[\d.]+ is neither on PATH nor released for this machine, and could not be built: /,
    );
    expect(message.match(/\.(?= |$)/g)).toHaveLength(1);
    expect(action).toContain('SLIPWAY_ARCHIVES');
  });

  it('[nightly] builds with Go from the package index where there is none', async () => {
    expect((await run('sh', ['-c', 'command -v go'], { PATH: bare })).code).not.toBe(0);
    const path = await find();
    expect((await run(path, ['--version'], {})).stdout).toContain(`etcd Version: ${etcd.version.slice(1)}`);
    expect(reports).toContain('Installing Go');
    expect(reports.some((line) => /^Building etcd, about \d+ seconds$/.test(line))).toBe(true);
  }, 900_000);
});

describe('archives over HTTP', () => {
  let server: Server;
  let requests: string[];
  let cut: boolean;

  beforeEach(async () => {
    const place = await mirror();
    requests = [];
    cut = false;
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      // As a release's files are served: from elsewhere.
      if (request.url?.startsWith('/release/') === true) {
        response.writeHead(302, { location: `/store/${request.url.slice('/release/'.length)}` }).end();
        return;
      }
      readFile(join(place, request.url?.slice('/store/'.length) ?? '')).then(
        (bytes) => {
          response.writeHead(200, { 'content-length': bytes.length });
          if (cut && request.url?.endsWith('.gz') === true)
            response.write(bytes.subarray(0, 10), () => response.destroy());
          else response.end(bytes);
        },
        () => response.writeHead(404).end(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('SLIPWAY_ARCHIVES', `http://127.0.0.1:${(server.address() as AddressInfo).port}/release/`);
    vi.stubEnv('SLIPWAY_PYTHON', '/bin/false');
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it('follows redirects', async () => {
    expect((await run(await find(), [], {})).stdout).toBe('from the archive\n');
    expect(requests).toEqual([
      '/release/SHA256SUMS',
      '/store/SHA256SUMS',
      `/release/${archive}`,
      `/store/${archive}`,
    ]);
  });

  it('goes on to the next way when there is no archive of the program', async () => {
    await expect(find('jobset')).rejects.toMatchObject({ reason: 'noProgram' });
    expect(requests).toEqual(['/release/SHA256SUMS', '/store/SHA256SUMS']);
  });

  it('says that the connection broke, and takes the whole file the next time', async () => {
    cut = true;
    await expect(find()).rejects.toMatchObject({ reason: 'downloadFailed' });
    cut = false;
    expect((await run(await find(), [], {})).stdout).toBe('from the archive\n');
  });

  it('[nightly] has what a release is made of, and refuses what is not', async () => {
    const place = join(folder, 'mirror');
    const [os = '', arch = ''] = archive.replace('.gz', '').split('-').slice(-2);
    await rm(join(place, archive));
    const made = await run(process.execPath, [release, os, arch, place, 'etcd'], {
      PATH: await pathWithGo(),
    });
    expect(made.code, made.stderr).toBe(0);
    const sum = sha256(await readFile(join(place, archive)));
    await writeFile(join(place, 'SHA256SUMS'), `${sum}  ${archive}\n`);
    const path = await find();
    expect(reports).toEqual(['Downloading etcd']);
    expect((await run(path, ['--version'], {})).stdout).toContain(`etcd Version: ${etcd.version.slice(1)}`);

    await rm(path);
    await writeFile(join(place, 'SHA256SUMS'), `${sha256(Buffer.from(sum))}  ${archive}\n`);
    await expect(find()).rejects.toMatchObject({ reason: 'wrongSum' });
    await expect(access(path)).rejects.toThrow('ENOENT');
  }, 900_000);
});

/** The machine's own Go, else one from the package index. */
async function pathWithGo(): Promise<string> {
  vi.stubEnv('SLIPWAY_PYTHON', undefined);
  vi.stubEnv('PATH', usersPath);
  const { command } = await findGo('1.26.0', {
    report: () => undefined,
    signal: AbortSignal.timeout(600_000),
  });
  vi.stubEnv('PATH', bare);
  return [dirname(command), usersPath].join(delimiter);
}
