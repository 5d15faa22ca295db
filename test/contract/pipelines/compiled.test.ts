/** The compiled pipelines in the repository are what the SDK makes of the sources beside them. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';

const run = promisify(execFile);
const SEED = resolve('dev-cluster/seed/pipelines');
const FIXTURES = resolve('test/fixtures/pipelines');

const contentsOf = async (path: string): Promise<unknown> =>
  parseAllDocuments(await readFile(path, 'utf8')).map((document) => document.toJS() as unknown);

const sourcesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder))
    .filter((name) => name.endsWith('.py') && name !== 'compile.py')
    .map((name) => basename(name, '.py'));

const seeds = await sourcesIn(SEED);
const fixtures = await sourcesIn(FIXTURES);

describe('compiled pipelines', () => {
  let python: string;
  let out: string;
  beforeAll(async () => {
    ({ python } = await new PythonEnvironments().sdk(new AbortController().signal));
    out = await mkdtemp(join(tmpdir(), 'slipway-compiled-'));
    await run(python, [join(FIXTURES, 'compile.py'), out]);
    for (const seed of seeds) {
      await cp(SEED, join(out, 'seed'), { recursive: true, filter: (path) => !path.endsWith('.yaml') });
      await run(python, [join(out, 'seed', `${seed}.py`)]);
    }
  });
  afterAll(() => rm(out, { recursive: true }));

  it('has sources', () => {
    expect(seeds).toContain('churn');
    expect(fixtures.length).toBeGreaterThanOrEqual(12);
  });

  it.each(fixtures)('%s', async (name) => {
    expect(await contentsOf(join(FIXTURES, `${name}.yaml`))).toEqual(
      await contentsOf(join(out, `${name}.yaml`)),
    );
  });

  it.each(seeds)('seed %s', async (name) => {
    expect(await contentsOf(join(SEED, `${name}.pipeline.yaml`))).toEqual(
      await contentsOf(join(out, 'seed', `${name}.pipeline.yaml`)),
    );
  });
});
