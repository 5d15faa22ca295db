/** Each snippet, with what it proposes, is a pipeline that the SDK compiles. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { PythonCompiler, type CompileResult } from '../../../src/clients/pythonCompiler.ts';

const snippet = z.object({
  prefix: z.array(z.string()).min(1),
  description: z.string().min(10),
  body: z.array(z.string()),
});
const snippets = z
  .record(z.string(), snippet)
  .parse(JSON.parse(await readFile('snippets/kfp.code-snippets', 'utf8')));

/** As VS Code inserts it when Tab is all that is pressed. */
function expanded(name: string): string {
  const defaults = new Map<string, string>();
  const text = (snippets[name]?.body ?? []).join('\n');
  return text
    .replace(
      /\$\{(\d+)\|([^|]*)\|\}/g,
      (_match, _at: string, choices: string) => choices.split(/(?<!\\),/)[0] ?? '',
    )
    .replace(/\$\{(\d+):([^}]*)\}/g, (_match, at: string, value: string) => {
      defaults.set(at, defaults.get(at) ?? value);
      return value;
    })
    .replaceAll('$0', '')
    .trimEnd();
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ');

/** A file that has the snippet where it belongs. */
function fileWith(name: string): string {
  const parts = [
    expanded('KFP imports'),
    expanded('KFP component'),
    '@dsl.component\ndef clean_up():\n    pass',
  ];
  const pipeline = expanded('KFP pipeline');
  const body = ['KFP loop', 'KFP condition', 'KFP exit handler'].includes(name)
    ? `\n${indented(expanded(name))}`
    : '';
  return `${[...parts, pipeline].join('\n\n')}${body}\n`;
}

describe('snippets', () => {
  const compiler = new PythonCompiler(resolve('python/compile_pipelines.py'));
  const signal = new AbortController().signal;
  let python: string;
  beforeAll(async () => {
    ({ python } = await new PythonEnvironments().sdk(signal));
  });
  afterAll(() => compiler.dispose());
  const compile = (text: string): Promise<CompileResult> =>
    compiler.compile({ python, file: resolve('test/contract/pipelines/snippet.py'), text }, signal);

  it.each([
    ['KFP imports', ['prepare']],
    ['KFP component', ['prepare']],
    ['KFP pipeline', ['prepare']],
    ['KFP loop', ['prepare', 'for-loop-2', 'for-loop-2/prepare-2']],
    [
      'KFP condition',
      [
        'prepare',
        'condition-branches-1',
        'condition-branches-1/condition-2',
        'condition-branches-1/condition-2/prepare-2',
        'condition-branches-1/condition-3',
        'condition-branches-1/condition-3/prepare-3',
      ],
    ],
    ['KFP exit handler', ['prepare', 'clean-up', 'exit-handler-1', 'exit-handler-1/prepare-2']],
  ])('%s', async (name, nodes) => {
    const { problems, pipelines } = await compile(fileWith(name));
    expect(problems).toEqual([]);
    expect(Object.keys(pipelines[0]?.nodes ?? {}).toSorted()).toEqual(nodes.toSorted());
  });

  it('has no other', () => {
    expect(Object.keys(snippets)).toHaveLength(6);
  });
});
