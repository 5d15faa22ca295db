/** Files as people have them, imported by the editor: nothing is submitted or written, and each error has its place. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { PythonCompiler, type CompileResult } from '../../../src/clients/pythonCompiler.ts';
import { isSlipwayError } from '../../../src/core/base/errors.ts';

const PIPELINE = `
from kfp import dsl

@dsl.component(base_image="python:3.11")
def say(text: str):
    print(text)

@dsl.pipeline(name="said")
def pipeline():
    ünïcode = "🚀"; say(text=ünïcode)
`;

describe('compiling a Python file', () => {
  const compiler = new PythonCompiler(resolve('python/compile_pipelines.py'));
  const signal = new AbortController().signal;
  let python: string;
  let folder: string;
  beforeAll(async () => {
    ({ python } = await new PythonEnvironments().sdk(signal));
    folder = await mkdtemp(join(tmpdir(), 'slipway compile ü-'));
    await writeFile(join(folder, 'helper.py'), 'WORD = "from beside"\n');
  });
  afterAll(async () => {
    compiler.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  const compile = (text: string, by = signal, timeoutMs?: number): Promise<CompileResult> => {
    const request = { python, file: join(folder, 'pipeline.py'), text };
    return compiler.compile(timeoutMs === undefined ? request : { ...request, timeoutMs }, by);
  };

  it('knows the place of each call in UTF-16 units, of a text that is not on disk', async () => {
    const { pipelines, problems } = await compile(PIPELINE);
    expect(problems).toEqual([]);
    const line = PIPELINE.split('\n')[9] ?? '';
    const call = 'say(text=ünïcode)';
    const start = line.indexOf(call) + 1;
    expect(pipelines[0]?.nodes['say']?.call).toEqual([10, start, 10, start + call.length]);
    expect(pipelines[0]?.nodes['say']?.component?.line).toBe(4);
  });

  it('imports modules beside the file, and what the file prints is no answer', async () => {
    const { pipelines, problems } = await compile(
      `import helper\nprint('{"code": 7}', helper.WORD)\n${PIPELINE}`,
    );
    expect(problems).toEqual([]);
    expect(pipelines).toHaveLength(1);
  });

  it('neither compiles to a file, nor submits, nor runs what is for "__main__"', async () => {
    const written = `${PIPELINE}
from kfp import compiler
compiler.Compiler().compile(pipeline, "written.yaml")
if __name__ == "__main__":
    raise SystemExit(3)
`;
    expect((await compile(written)).problems).toEqual([]);
    expect(await readdir(folder)).toEqual(['helper.py']);
    const submitting = await compile(
      `${PIPELINE}\nfrom kfp.client import Client\nClient(host="http://127.0.0.1:1")\n`,
    );
    expect(submitting.problems).toMatchObject([
      { line: 13, message: expect.stringContaining('__main__') as string },
    ]);
    // What was defined before is drawn all the same.
    expect(submitting.pipelines).toHaveLength(1);
  });

  it.each([
    ['syntax', `${PIPELINE}\ndef broken(:\n`, { kind: 'syntax', line: 12, column: 12 }],
    ['error', `${PIPELINE}\nx = 1 / 0\n`, { kind: 'error', line: 12, column: 5 }],
    ['missingModule', `import no_such_module\n${PIPELINE}`, { kind: 'missingModule', line: 1 }],
    ['error', `${PIPELINE}\nraise SystemExit("no")\n`, { kind: 'error', line: 12 }],
    [
      'error',
      PIPELINE.replace('say(text=ünïcode)', 'say(word=ünïcode)'),
      { kind: 'error', line: 10, message: expect.stringContaining('word') as string },
    ],
  ])('places a problem (%s)', async (_kind, text, problem) => {
    expect((await compile(text)).problems).toMatchObject([problem]);
  });

  it('gives up on a file that never ends, and is there for the next one', async () => {
    const failed = await compile('import time\nwhile True: time.sleep(1)\n', signal, 3_000).catch(
      (error: unknown) => error,
    );
    expect(isSlipwayError(failed) ? failed.reason : failed).toBe('pythonTimeout');
    expect((await compile(PIPELINE)).pipelines).toHaveLength(1);
  });

  it('says why when the interpreter does not work', async () => {
    const failed = await compiler
      .compile(
        { python: join(folder, 'no-python'), file: join(folder, 'pipeline.py'), text: PIPELINE },
        signal,
      )
      .catch((error: unknown) => error);
    expect(isSlipwayError(failed) ? failed.reason : failed).toBe('pythonFailed');
  });
});
