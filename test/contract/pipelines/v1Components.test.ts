/** Component files of KFP v1 become what the SDK makes of the same file. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { definitionsIn } from '../../../src/core/ir/edit/definitions.ts';

const run = promisify(execFile);
const FOLDER = resolve('test/fixtures/v1-components');
const names = (await readdir(FOLDER)).toSorted();

const script = `
import sys
from kfp import compiler, components
for path, target in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        compiler.Compiler().compile(components.load_component_from_file(path), target)
    except Exception as error:
        print(path, error, file=sys.stderr)
`;

describe('a component of KFP v1', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-v1-'));
    const { python } = await new PythonEnvironments().sdk(new AbortController().signal);
    await writeFile(join(folder, 'compile.py'), script);
    const paths = names.flatMap((name) => [join(FOLDER, name), join(folder, name)]);
    await run(python, ['-W', 'ignore', join(folder, 'compile.py'), ...paths]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(names.filter((name) => name !== 'graph.yaml'))(
    '%s is what the SDK compiles it to',
    async (name) => {
      const [truth] = definitionsIn(await readFile(join(folder, name), 'utf8'));
      const [found, ...others] = definitionsIn(await readFile(join(FOLDER, name), 'utf8'));
      expect(others).toEqual([]);
      expect(truth).toBeDefined();
      expect(found?.definition).toEqual(truth?.definition);
    },
  );

  it('is none when the SDK refuses it, too', async () => {
    expect(await readdir(folder)).not.toContain('graph.yaml');
    expect(definitionsIn(await readFile(join(FOLDER, 'graph.yaml'), 'utf8'))).toEqual([]);
  });
});
