import { access, chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { binaryComponents } from '../../../dev-cluster/embedded/binaries/components.ts';
import { cachedProgram, programs } from '../../../dev-cluster/embedded/binaries/programs.ts';

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'slipway caches '));
  vi.stubEnv('SLIPWAY_CACHE', cache);
  // Nothing of the machine's is found, and nothing can be built.
  vi.stubEnv('PATH', '/usr/bin:/bin');
  vi.stubEnv('SLIPWAY_PYTHON', '/bin/false');
  vi.stubEnv('SLIPWAY_ARCHIVES', undefined);
  for (const path of ['path/pkg/mod/k8s.io/api@v1/api.go', 'build/00/object', '1.26.0/go/bin/go']) {
    const file = join(cache, 'go', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '');
  }
  for (const program of programs) {
    const path = cachedProgram(program);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, 0o755);
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

async function run(): Promise<readonly string[]> {
  const said: string[] = [];
  const signal = AbortSignal.timeout(10_000);
  for (const { start } of binaryComponents)
    if (start.kind === 'task') await start.run((message) => void said.push(message), signal);
  return said;
}

it('leaves Go and the programs when all are there, and nothing of what they were built from', async () => {
  await run();
  expect(await readdir(join(cache, 'go'))).toEqual(['1.26.0']);
  for (const program of programs) await access(cachedProgram(program));
});

it('keeps what Go has compiled while a program is still to be built', async () => {
  const [last] = programs.filter(({ name }) => name === 'kubectl');
  if (last === undefined) throw new Error('There is no kubectl.');
  await rm(cachedProgram(last));
  expect((await run()).at(-1)).toContain('kubectl');
  expect(await readdir(join(cache, 'go'))).toEqual(expect.arrayContaining(['build', 'path']));
});
