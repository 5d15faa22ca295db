import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../../dev-cluster/start/command.ts';
import { copySeed } from '../../../dev-cluster/start/seed.ts';

describe('copySeed', () => {
  let folder: string;
  const signal = new AbortController().signal;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'slipway-seed-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('copies the demo with one first commit and a clean tree', async () => {
    const demo = join(folder, 'demo');
    expect(await copySeed(demo, signal)).toBe(true);
    expect(await readdir(demo)).toEqual(
      expect.arrayContaining(['.git', '.vscode', 'README.md', 'pipelines']),
    );
    const git = (...args: string[]) => command('git', ['-C', demo, ...args], { signal });
    expect((await git('log', '--format=%s')).trim().split('\n')).toHaveLength(1);
    expect(await git('status', '--porcelain')).toBe('');
  });

  it('leaves alone what is there, and leaves nothing half made', async () => {
    const mine = join(folder, 'mine');
    await mkdir(mine);
    await writeFile(join(mine, 'work.txt'), 'mine');
    expect(await copySeed(mine, signal)).toBe(false);
    expect(await readdir(mine)).toEqual(['work.txt']);
    expect(await readFile(join(mine, 'work.txt'), 'utf8')).toBe('mine');
    expect((await readdir(folder)).sort()).toEqual(['demo', 'mine']);
  });
});
