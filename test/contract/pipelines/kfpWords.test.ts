/** The names that hovers explain are the SDK's, with the parameters that their signatures say. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { kfpHoverText, kfpWord, kfpWords } from '../../../src/pipelines/python/kfpWords.ts';

const script = `
import inspect, json, sys
from kfp import dsl, kubernetes
from kfp.dsl import pipeline_task
found = {}
for name in json.loads(sys.argv[1]):
    owner = next((one for one in (dsl, kubernetes, pipeline_task.PipelineTask) if hasattr(one, name)), None)
    value = None if owner is None else getattr(owner, name)
    try:
        parameters = list(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        parameters = []
    found[name] = {"of": getattr(owner, "__name__", None), "parameters": parameters}
print(json.dumps(found))
`;
const answer = z.record(z.string(), z.object({ of: z.string().nullable(), parameters: z.array(z.string()) }));

describe('words about kfp.dsl', () => {
  let sdk: z.infer<typeof answer>;
  beforeAll(async () => {
    const { python } = await new PythonEnvironments().sdk(new AbortController().signal);
    const { stdout } = await promisify(execFile)(python, [
      '-W',
      'ignore',
      '-c',
      script,
      JSON.stringify(Object.keys(kfpWords)),
    ]);
    sdk = answer.parse(JSON.parse(stdout));
  });

  it.each(Object.entries(kfpWords))('%s is there, and takes what its signature says', (name, word) => {
    const owner = sdk[name]?.of;
    const expected =
      word.kind === 'method'
        ? 'PipelineTask'
        : word.signature.startsWith('kubernetes.')
          ? 'kfp.kubernetes'
          : 'kfp.dsl';
    expect(owner).toBe(expected);
    const named = [...word.signature.matchAll(/\b(\w+)=/g)].map(([, one = '']) => one);
    for (const one of named) expect(sdk[name]?.parameters, one).toContain(one);
  });

  it.each([
    ['component', '@dsl.', true],
    ['component', '@', true],
    ['component', 'my_', false],
    ['component', 'self.', false],
    ['ParallelFor', '    with dsl.', true],
    ['ParallelFor', '    with ', true],
    ['If', '    with other.', false],
    ['after', '    last.', true],
    ['after', 'x = ', false],
    ['add_toleration', '    kubernetes.', true],
    ['toString', 'dsl.', false],
  ])('%s behind "%s": %s', (name, before, isKfp) => {
    expect(kfpWord(name, before) !== undefined).toBe(isKfp);
  });

  it('are short, and say where there is more', () => {
    for (const word of Object.values(kfpWords)) {
      expect(word.text.length).toBeLessThan(140);
      expect(kfpHoverText(word)).toMatch(/\]\(https:\/\/[\w-]+\.readthedocs\.io\//);
    }
  });
});
