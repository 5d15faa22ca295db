import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLogIndex } from '../../../dev-cluster/embedded/node-agent/logIndex.ts';
import { LogKeeper } from '../../../dev-cluster/embedded/node-agent/pods/logKeeper.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway logs ü '));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Appends numbered lines as a container does, slowly enough for rotations to happen in between. */
async function write(path: string, lines: number): Promise<void> {
  const file = openSync(path, 'a');
  const script = `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i"; [ $((i % 200)) = 0 ] && sleep 0.02; done`;
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', file, 'inherit'] });
  closeSync(file);
  await once(child, 'exit');
}

it('rotates a log that is being written, in order, with the times beside it', async () => {
  const errors: unknown[] = [];
  const path = join(folder, 'log');
  closeSync(openSync(path, 'a'));
  const keeper = new LogKeeper(path, [], (error) => errors.push(error), { bytes: 20_000, count: 50 });
  keeper.start();
  await write(path, 10_000);
  await keeper.stop();
  expect(errors).toEqual([]);
  expect(keeper.files.length).toBeGreaterThan(1);
  const texts = await Promise.all(keeper.files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const numbers = texts
    .join('')
    .split('\n')
    .flatMap((line) => /^line (\d+)$/.exec(line)?.[1] ?? [])
    .map(Number);
  expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  for (const file of keeper.files.slice(0, -1)) {
    const index = await readLogIndex(file);
    // What came after the last look went to the new part with the rest.
    expect(index.at(-1)?.size).toBeGreaterThan(20_000);
    expect(index.at(-1)?.size).toBeLessThanOrEqual((await stat(file)).size);
  }
});

it('keeps the newest parts only', async () => {
  const path = join(folder, 'log');
  closeSync(openSync(path, 'a'));
  const keeper = new LogKeeper(path, [], () => undefined, { bytes: 5_000, count: 3 });
  keeper.start();
  await write(path, 10_000);
  await keeper.stop();
  expect(keeper.files).toHaveLength(3);
  const last = await readFile(keeper.files.at(-1) ?? '', 'utf8');
  const before = await readFile(keeper.files.at(-2) ?? '', 'utf8');
  expect(before + last).toContain('line 10000\n');
  await expect(stat(`${path}.1`)).rejects.toThrow('ENOENT');
});
