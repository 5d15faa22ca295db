/** The components to start from are what the SDK compiles, can be put together by gestures, and run. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runLocal } from '../../../dev-cluster/embedded/kfp/engine/runLocal.ts';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { blankComponent } from '../../../src/core/ir/edit/blankComponent.ts';
import { definitionsIn } from '../../../src/core/ir/edit/definitions.ts';
import { constant, output, starterPipeline, STARTERS } from '../../builders/starterPipeline.ts';

const run = promisify(execFile);
const environments = new PythonEnvironments();
let python: string;
let folder: string;

beforeAll(async () => {
  ({ python } = await environments.sdk(new AbortController().signal));
  folder = await mkdtemp(join(tmpdir(), 'slipway-starters-'));
});
afterAll(() => rm(folder, { recursive: true }));

const contentsOf = async (path: string): Promise<unknown> =>
  parseAllDocuments(await readFile(path, 'utf8')).map((document) => document.toJS() as unknown);

describe('starters', () => {
  it('are what the SDK compiles', async () => {
    await run(python, [join(STARTERS, 'starters.py'), folder]);
    const compiled = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
    expect(compiled.toSorted()).toEqual(
      (await readdir(STARTERS)).filter((name) => name.endsWith('.yaml')).toSorted(),
    );
    for (const name of compiled)
      expect(await contentsOf(join(STARTERS, name)), name).toEqual(await contentsOf(join(folder, name)));
  });

  it('become, by gestures alone, a pipeline that runs', async () => {
    const table = join(folder, 'flowers.csv');
    const rows = Array.from(
      { length: 60 },
      (_, at) => `${at % 2 === 0 ? 'rose,9' : 'daisy,1'}.${at},${at % 5}`,
    );
    await writeFile(table, `kind,size,petals\n${rows.join('\n')}\n`);
    const spec = await starterPipeline(
      'flowers',
      [
        ['load-table', { source: constant(table) }],
        ['split-table', { table: output('load-table', 'table') }],
        ['train-classifier', { train_set: output('split-table', 'train_set'), target: constant('kind') }],
        [
          'evaluate-classifier',
          {
            model: output('train-classifier', 'model'),
            test_set: output('split-table', 'test_set'),
            target: constant('kind'),
          },
        ],
      ],
      { accuracy: { task: 'evaluate-classifier', output: 'Output' } },
    );
    const result = await runLocal(
      spec,
      {},
      {
        home: join(folder, 'home'),
        environments,
        onError: (error) => {
          throw error;
        },
        signal: new AbortController().signal,
      },
    );
    expect(result.tasks.filter(({ kind }) => kind === 'RUNTIME').map(({ state }) => state)).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
      'SUCCEEDED',
      'SUCCEEDED',
    ]);
    // Roses are large and daisies small: anything that learns tells them apart.
    expect(result.outputs.parameters).toEqual({ accuracy: 1 });
  }, 600_000);
});

describe('a new Python component', () => {
  it('is, word by word, what the SDK makes of its function', async () => {
    const script = join(folder, 'blank.py');
    await writeFile(
      script,
      `from kfp import compiler, dsl\n\n@dsl.component(base_image="python:3.11")\ndef clean_data() -> str:\n    return "hello"\n\ncompiler.Compiler().compile(clean_data, ${JSON.stringify(join(folder, 'blank.yaml'))})\n`,
    );
    await run(python, [script]);
    const [compiled] = definitionsIn(await readFile(join(folder, 'blank.yaml'), 'utf8'));
    expect(blankComponent('Clean data!')).toEqual(compiled?.definition);
  });
});
