/** A step's function called again: by the SDK's own executor, on inputs written as for a run. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import {
  readEnd,
  writeCall,
  type CallEnd,
  type FunctionCall,
} from '../../../src/pipelines/python/functionCall.ts';

let base: string;
let python: string;
let calls = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-call-'));
  ({ python } = await new PythonEnvironments().kfp(new AbortController().signal));
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** As the SDK carries a component. */
const PRELUDE = 'import kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n\n';
const RAN = `def measure(data: Input[Dataset], share: float, rows: int, metrics: Output[Metrics]) -> str:
    return "as it ran"
`;
/** With a line that must not run, and a function of the file that the step never saw. */
const EDITED = `from kfp import dsl

raise RuntimeError("the file was run")


def helper():
    return 1


@dsl.component
def measure(data: Input[Dataset], share: float, rows: int, metrics: Output[Metrics]) -> str:
    with open(data.path) as file:
        text = file.read()
    metrics.log_metric("share", share)
    return f"{text} {data.uri} {data.metadata['rows']} {type(share).__name__} {type(rows).__name__}"
`;

async function called(
  file: string,
  change: Partial<FunctionCall> = {},
): Promise<{ readonly end: CallEnd | undefined; readonly path: string }> {
  const folder = join(base, `cäll ${++calls}`);
  const mirror = join(folder, 'mirror');
  await mkdir(join(mirror, 's3', 'bucket'), { recursive: true });
  await writeFile(join(mirror, 's3', 'bucket', 'data'), 'from the store');
  const path = join(folder, 'user.py');
  await writeFile(path, file);
  const call: FunctionCall = {
    file: path,
    functionName: 'measure',
    source: PRELUDE + RAN,
    inputs: [
      { name: 'data', kind: 'artifact', type: 'system.Dataset' },
      { name: 'share', kind: 'parameter', type: 'NUMBER_DOUBLE' },
      { name: 'rows', kind: 'parameter', type: 'NUMBER_INTEGER' },
    ],
    outputs: [
      { name: 'Output', kind: 'parameter', type: 'STRING' },
      { name: 'metrics', kind: 'artifact', type: 'system.Metrics' },
    ],
    parameters: new Map([
      ['share', 1],
      ['rows', 3],
    ]),
    artifacts: new Map([
      [
        'data',
        [
          {
            name: 'data',
            type: { schemaTitle: 'system.Dataset', schemaVersion: '0.0.1' },
            uri: 's3://bucket/data',
            metadata: { rows: 3 },
          },
        ],
      ],
    ]),
    mirror,
    ...change,
  };
  const request = await writeCall(folder, call);
  await new Promise<void>((done) => {
    const args = [resolve('python/run_component.py'), request];
    execFile(python, args, { env: { ...process.env, _KFP_RUNTIME: 'true' } }, () => done());
  });
  return { end: await readEnd(folder, call), path };
}

describe('the function of a step', () => {
  it('is the file’s own now, with the types, paths and URIs of a run', async () => {
    const { end } = await called(EDITED);
    expect(end).toMatchObject({ kind: 'succeeded' });
    if (end?.kind !== 'succeeded') return;
    expect(end.outputs.parameters.get('Output')).toBe('from the store s3://bucket/data 3 float int');
    expect(end.outputs.metadata.get('metrics')).toEqual({ share: 1 });
  });

  it('sees no more of its file than it does in a run', async () => {
    const { end } = await called(EDITED.replace('return f"', 'helper()\n    return f"'));
    const line = EDITED.split('\n').findIndex((one) => one.includes('return f"')) + 1;
    expect(end).toEqual({
      kind: 'failed',
      type: 'NameError',
      message: "name 'helper' is not defined",
      line,
    });
  });

  it('is the one that ran where the file has none', async () => {
    const { end } = await called('x = 1\n');
    expect(end).toMatchObject({ kind: 'succeeded' });
    if (end?.kind === 'succeeded') expect(end.outputs.parameters.get('Output')).toBe('as it ran');
  });

  it('fails at its line when the file is no Python', async () => {
    const { end } = await called(EDITED.replace('return f"', 'return return f"'));
    const line = EDITED.split('\n').findIndex((one) => one.includes('return f"')) + 1;
    expect(end).toMatchObject({ kind: 'failed', type: 'SyntaxError', line });
  });

  it('may write an output itself', async () => {
    const source = `def measure(path: OutputPath(int)):\n    with open(path, "w") as file:\n        file.write("42")\n`;
    const { end } = await called(source, {
      source: PRELUDE + source,
      inputs: [],
      parameters: new Map(),
      artifacts: new Map(),
      outputs: [{ name: 'path', kind: 'parameter', type: 'NUMBER_INTEGER' }],
    });
    expect(end).toMatchObject({ kind: 'succeeded' });
    if (end?.kind === 'succeeded') expect(end.outputs.parameters.get('path')).toBe(42);
  });

  it('keeps what goes in from other people of the machine', async () => {
    const { path } = await called(EDITED);
    const request: unknown = JSON.parse(await readFile(join(path, '..', 'request.json'), 'utf8'));
    expect(request).toMatchObject({ function: 'measure', file: path });
    for (const name of ['request.json', 'executor_input.json'])
      expect((await stat(join(path, '..', name))).mode & 0o077, name).toBe(0);
  });
});
