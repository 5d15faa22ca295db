import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { pipelineDiff } from '../../../src/cli/pipelineDiff.ts';
import { pipelineText } from '../../builders/pipelineText.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway diff ü '));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

async function diff(before: string, after: string, json = false): Promise<{ code: number; out: string }> {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const code = await pipelineDiff(join(folder, before), join(folder, after), {
    json,
    signal: new AbortController().signal,
  });
  const { calls } = log.mock;
  const out = calls.map(([line]: unknown[]) => String(line)).join('\n');
  log.mockRestore();
  return { code, out: out.replaceAll(join(folder, '/'), '') };
}

function git(...args: readonly string[]): void {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false'];
  execFileSync('git', ['-C', folder, ...identity, ...args], { stdio: 'ignore' });
}

test('the same meaning in another text: 0', async () => {
  await writeFile(join(folder, 'a.yaml'), pipelineText());
  await writeFile(join(folder, 'b.yaml'), `# a comment\n${pipelineText()}`);
  expect(await diff('a.yaml', 'b.yaml')).toEqual({ code: 0, out: 'a.yaml and b.yaml mean the same' });
});

test('against what Git has: 1, and what has changed', async () => {
  await writeFile(join(folder, 'p@1.yaml'), pipelineText());
  git('init');
  git('add', '.');
  git('commit', '-m', 'first');
  await writeFile(join(folder, 'p@1.yaml'), pipelineText('name: comp-make', 'name: comp-use'));
  expect((await diff('p@1.yaml@HEAD', 'p@1.yaml')).code).toBe(1);
  const { out } = await diff('p@1.yaml@HEAD', 'p@1.yaml', true);
  expect(JSON.parse(out)).toMatchObject({ isSame: false, pipeline: [] });
  expect(await diff('p@1.yaml@HEAD', 'p@1.yaml@HEAD')).toMatchObject({ code: 0 });
});

test.each([
  ['p@1.yaml@no-such-revision', /Git has no p@1.yaml at no-such-revision/],
  ['p@1.yaml@--output=x', /'--output=x' is no revision/],
  ['gone.yaml', /there is no such file/],
])('%s cannot be read', async (version, message) => {
  await expect(diff(version, 'a.yaml')).rejects.toThrow(message);
});
