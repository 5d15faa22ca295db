import { expect, test } from 'vitest';
import { parsePipeline } from '../../../../src/core/ir/parse.ts';
import type { PipelineDocument } from '../../../../src/core/ir/model.ts';
import {
  cacheReason,
  earlierExecution,
  type ExecutedStep,
} from '../../../../src/pipelines/graph/cacheReason.ts';
import { pipelineText } from '../../../builders/pipelineText.ts';
import { FakeKfp, fakeRun, fakeTask } from '../../webviews/host/fakes.ts';

const never = new AbortController().signal;
function document(replace = '', by = ''): PipelineDocument {
  const parsed = parsePipeline(pipelineText(replace, by));
  if (parsed.kind === 'notPipeline') throw new Error(parsed.problem.message);
  return parsed.document;
}
function step(
  change: Partial<ExecutedStep['task']> = {},
  ran: PipelineDocument | undefined = document(),
  run: Partial<ExecutedStep['run']> = {},
): ExecutedStep {
  return {
    run: fakeRun(run),
    task: fakeTask('make', 'SUCCEEDED', {
      inputs: { parameters: [{ name: 'count', value: 3, producer: undefined }], artifacts: [] },
      ...change,
    }),
    document: ran,
  };
}
const four = { inputs: { parameters: [{ name: 'count', value: 4, producer: undefined }], artifacts: [] } };
const cached = 'taskInfo:\n          name: make';
const on = (): PipelineDocument =>
  document(cached, `cachingOptions:\n          enableCache: true\n        ${cached}`);

test('nothing that ran before is nothing to take', () => {
  expect(cacheReason(step({}, on()), undefined)).toMatchObject({ kind: 'first', differences: [] });
});

test('a step without caching says so, whatever else changed', () => {
  expect(cacheReason(step(four), step())).toMatchObject({ kind: 'off' });
});

test('a hit names the run it may be from', () => {
  const reason = cacheReason(
    step({ state: 'CACHED' }, on()),
    step({}, on(), { id: 'r0', displayName: 'churn 0' }),
  );
  expect(reason).toEqual({ kind: 'hit', against: { id: 'r0', name: 'churn 0' }, differences: [] });
});

test('a miss names what of the key changed: inputs, image, command, outputs', () => {
  const before = step({}, on());
  expect(cacheReason(step(four, on()), before)).toMatchObject({
    kind: 'differs',
    differences: [{ name: 'Input count', before: '3', after: '4' }],
  });
  const image = on();
  const executor = image.executors.get('exec-make');
  if (executor?.kind !== 'container') throw new Error('no container');
  const changed = {
    ...image,
    executors: new Map([...image.executors, ['exec-make', { ...executor, image: 'alpine:3.20' }]]),
  };
  expect(cacheReason(step({}, changed), before).differences).toEqual([
    { name: 'Image', before: 'alpine', after: 'alpine:3.20' },
  ]);
});

test('a miss without a visible difference, and one of a step that was not kept', () => {
  expect(cacheReason(step({}, on()), step({}, on()))).toMatchObject({ kind: 'same' });
  expect(cacheReason(step({}, on()), step())).toMatchObject({ kind: 'notKept' });
});

test('the nearest earlier run that executed the step is compared with, never a later one', async () => {
  const at = (id: string, minute: number) =>
    fakeRun({ id, createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)) });
  const kfp = new FakeKfp();
  const tasksOf: Record<string, ReturnType<typeof fakeTask>[]> = {
    late: [fakeTask('make', 'SUCCEEDED')],
    failed: [fakeTask('make', 'FAILED')],
    good: [fakeTask('make', 'SUCCEEDED')],
    old: [fakeTask('make', 'SUCCEEDED')],
  };
  const api = { ...kfp.api, listTasks: (id: string) => Promise.resolve(tasksOf[id] ?? []) };
  const runs = [at('late', 9), at('me', 8), at('failed', 7), at('good', 6), at('old', 5)];
  const me = { run: at('me', 8), task: fakeTask('make', 'SUCCEEDED'), document: undefined };
  const found = await earlierExecution(me, runs, api, () => Promise.resolve(undefined), never);
  expect(found?.run.id).toBe('good');
  const first = await earlierExecution(me, runs.slice(0, 3), api, () => Promise.resolve(undefined), never);
  expect(first).toBeUndefined();
});
