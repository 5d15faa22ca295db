/** A folder's `.venv`, made by Python's own tool, is what its files are compiled and run with. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseInterpreter } from '../../../src/pipelines/python/interpreterChoice.ts';

const exec = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = join(await realpath(await mkdtemp(join(tmpdir(), 'slipway-venv-'))), 'pröject with spaces');
  await mkdir(folder);
  await exec('python3', ['-m', 'venv', '--without-pip', join(folder, '.venv')]);
});
afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

it('is found in its folder, and runs as that environment', async () => {
  const { path, from } = await chooseInterpreter({
    setting: '',
    extension: () => Promise.resolve(undefined),
    file: join(folder, 'a.py'),
    folder,
    own: () => Promise.reject(new Error('made without need')),
  });
  expect(from).toBe('venv');
  const { stdout } = await exec(path, ['-c', 'import sys; print(sys.prefix)']);
  expect(stdout.trim()).toBe(join(folder, '.venv'));
});
