import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { pipelineCheck } from '../../../src/cli/pipelineCheck.ts';
import { pipelineText } from '../../builders/pipelineText.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-check-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

async function check(
  texts: Readonly<Record<string, string>>,
  { json = false, names = Object.keys(texts) }: { json?: boolean; names?: readonly string[] } = {},
): Promise<{ code: number; out: string; err: string }> {
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const error = vi.spyOn(console, 'error').mockReturnValue();
  const files = names.map((name) => join(folder, name));
  const code = await pipelineCheck(files, { json, signal: new AbortController().signal });
  const lines = (spy: typeof log): string =>
    spy.mock.calls.map(([line]: unknown[]) => String(line).replaceAll(folder + sep, '')).join('\n');
  return { code, out: lines(log), err: lines(error) };
}

test('a clean pipeline: 0, and how many tasks', async () => {
  expect(await check({ 'good.yaml': pipelineText() })).toEqual({
    code: 0,
    out: 'good.yaml: 2 tasks, no problems',
    err: '',
  });
});

test('a problem: 1, and file, line, column, severity, code and sentence', async () => {
  const text = pipelineText('name: comp-make', 'name: comp-mak');
  const { code, out } = await check({ 'bad.yaml': text });
  expect(code).toBe(1);
  expect(out.split('\n')).toContain(
    "bad.yaml:49:17 error unknown-component There is no component 'comp-mak' in components.",
  );
});

test('warnings alone are 0', async () => {
  const text = pipelineText(
    '  comp-use:\n',
    '  comp-spare:\n    executorLabel: exec-spare\n  comp-use:\n',
  ).replace('    exec-use:\n', '    exec-spare: {container: {image: alpine}}\n    exec-use:\n');
  const { code, out } = await check({ 'warned.yaml': text });
  expect(code).toBe(0);
  expect(out).toBe("warned.yaml:17:3 warning unused-component No task uses the component 'comp-spare'.");
});

test('--json says the same, with ends and paths', async () => {
  const text = pipelineText('outputArtifactKey: data', 'outputArtifactKey: figures');
  const { code, out } = await check(
    { 'good.yaml': pipelineText(), 'bad.yaml': text, 'other.txt': 'hello' },
    { json: true },
  );
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({
    files: [
      { file: 'good.yaml', isPipeline: true, tasks: 2, problems: [] },
      {
        file: 'bad.yaml',
        isPipeline: true,
        tasks: 2,
        problems: [
          {
            code: 'unknown-output',
            severity: 'error',
            message: "The task 'make' has no output artifact 'figures'.",
            line: 65,
            column: 36,
            endLine: 65,
            endColumn: 43,
            taskPath: 'use',
          },
        ],
      },
      {
        file: 'other.txt',
        isPipeline: false,
        tasks: 0,
        problems: [
          {
            code: 'not-pipeline',
            severity: 'error',
            message: 'This is not a pipeline compiled by the KFP v2 SDK: it has no pipelineInfo and no root.',
            line: 1,
            column: 1,
            endLine: 1,
            endColumn: 6,
          },
        ],
      },
    ],
  });
});

test('a file that is not there: 2, and the others are still checked', async () => {
  const { code, out, err } = await check(
    { 'good.yaml': pipelineText() },
    { names: ['gone.yaml', 'good.yaml'] },
  );
  expect(code).toBe(2);
  expect(out).toBe('good.yaml: 2 tasks, no problems');
  expect(err).toContain('gone.yaml cannot be read');
});
