/** Recorded answers of a service (test/fixtures/kfp/wire), what upstream is known to answer, and anything in between. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseTime, unwrapSpec, wire, withoutRootScope, wrapSpec } from '../../../src/clients/kfp/schema.ts';

function recorded(name: string): unknown {
  return JSON.parse(readFileSync(`test/fixtures/kfp/wire/${name}.json`, 'utf8'));
}

describe('recorded answers', () => {
  test('server', () => {
    expect(wire.healthz.parse(recorded('healthz'))).toEqual({ version: '2.17.0', multiUser: false });
  });

  test('pipelines and versions', () => {
    const pipelines = wire.pipelines.parse(recorded('pipelines'));
    expect(pipelines.items.map((one) => one.name)).toEqual(['loops']);
    const versions = wire.versions.parse(recorded('versions'));
    expect(versions.items).toHaveLength(1);
    expect(versions.totalSize).toBe(2);
    expect(versions.nextPageToken).toMatch(/.+/);
    expect(versions.items[0]?.spec?.pipelineSpec).toHaveProperty('pipelineInfo');
    expect(versions.items[0]?.pipelineId).toBe(pipelines.items[0]?.id);
  });

  test('a run that has not ended has no end, whatever zero time the server writes', () => {
    const run = wire.run.parse(recorded('run-new'));
    expect(run.finishedAt).toBeUndefined();
    expect(run.createdAt.getFullYear()).toBeGreaterThan(2000);
    expect(run.spec?.pipelineSpec).toHaveProperty('root');
    expect(run.version).toBeUndefined();
  });

  test('a failed run, and one made from a version', () => {
    const failed = wire.run.parse(recorded('run-failed'));
    expect(failed.state).toBe('FAILED');
    expect(failed.finishedAt?.getTime()).toBeGreaterThan(failed.createdAt.getTime());
    const byVersion = wire.run.parse(recorded('run-by-version'));
    expect(byVersion.version?.versionId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('tasks: tree, times, attempts and artifacts', () => {
    const items = withoutRootScope(wire.tasks.parse(recorded('tasks-churn')).items);
    const root = items.find((task) => task.kind === 'ROOT');
    const train = items.find((task) => task.scopePath === 'train');
    const nested = items.find((task) => task.scopePath === 'condition-1/package-model');
    expect(root?.scopePath).toBe('');
    expect(train).toMatchObject({
      state: 'SUCCEEDED',
      kind: 'RUNTIME',
      parentId: root?.id,
      error: undefined,
    });
    expect(train?.attempts).toHaveLength(1);
    expect(train?.startedAt?.getTime()).toBeLessThanOrEqual(train?.finishedAt?.getTime() ?? 0);
    expect(items.find((task) => task.id === nested?.parentId)?.kind).toBe('CONDITION');
    const evaluate = items.find((task) => task.scopePath === 'evaluate');
    expect(evaluate?.outputs.artifacts.map((io) => io.artifacts[0]?.type).toSorted()).toEqual([
      'ClassificationMetrics',
      'Metrics',
    ]);
    expect(evaluate?.outputs.parameters).toEqual([
      { name: 'Output', value: expect.any(Number) as number, producer: undefined },
    ]);
  });

  test('iterations keep their number, loops their count', () => {
    const { items } = wire.tasks.parse(recorded('tasks-loops'));
    const loops = items.filter((task) => task.kind === 'LOOP');
    expect(loops.length).toBeGreaterThan(0);
    for (const loop of loops) {
      const iterations = items.filter((task) => task.parentId === loop.id && task.iteration !== undefined);
      expect(iterations.map((task) => task.iteration)).toEqual([...Array(loop.iterationCount ?? -1).keys()]);
    }
  });

  test('a failed step says why', () => {
    const { items } = wire.tasks.parse(recorded('tasks-failed'));
    expect(items.find((task) => task.scopePath.endsWith('fail-op'))?.error).toMatch(/exit code 1/);
  });

  test('what failed once and then worked has no error', () => {
    const history = [
      { state: 'FAILED', error: { message: 'It ended with exit code 1.' } },
      { state: 'SUCCEEDED' },
    ];
    const task = (state: string) => wire.task.parse({ task_id: 't', state, state_history: history }).error;
    const run = (state: string) => wire.run.parse({ run_id: 'r', state, state_history: history }).error;
    expect([task('FAILED'), run('FAILED')]).toEqual(Array(2).fill('It ended with exit code 1.'));
    expect([task('SUCCEEDED'), task('CACHED'), run('SUCCEEDED')]).toEqual(Array(3).fill(undefined));
  });
});

describe('what upstream answers and we do not', () => {
  test('names before 2.14, unknown states, Go zero time', () => {
    expect(wire.pipeline.parse({ pipeline_id: 'p', display_name: 'old' }).name).toBe('old');
    expect(wire.run.parse({ run_id: 'r', state: 'RUNTIME_STATE_UNSPECIFIED' }).state).toBe('PENDING');
    expect(wire.task.parse({ task_id: 't', end_time: '0001-01-01T00:00:00Z' }).finishedAt).toBeUndefined();
  });

  test('a metric is a number under its name', () => {
    const task = wire.task.parse({
      task_id: 't',
      outputs: {
        artifacts: [
          {
            artifact_key: 'm',
            artifacts: [{ artifact_id: 'a', name: 'accuracy', type: 'Metric', number_value: 0.9 }],
          },
        ],
      },
    });
    expect(task.outputs.artifacts[0]?.artifacts[0]).toMatchObject({
      type: 'Metrics',
      metadata: { accuracy: 0.9 },
    });
  });

  test('scope paths that start with the root\u2019s own name', () => {
    const tasks = [
      { task_id: '0', type: 'ROOT', scope_path: 'root' },
      { task_id: '1', scope_path: 'root.primary.train' },
      { task_id: '2', scope_path: 'rootless' },
    ].map((one) => wire.task.parse(one));
    expect(withoutRootScope(tasks).map((task) => task.scopePath)).toEqual(['', 'primary/train', 'rootless']);
  });

  test('driver pods are no attempts', () => {
    const pods = [
      { name: 'd', type: 'DRIVER' },
      { name: 'e', type: 'EXECUTOR' },
    ];
    expect(wire.task.parse({ task_id: 't', pods }).attempts).toEqual([{ name: 'e' }]);
  });

  test('an empty list is an empty object', () => {
    for (const list of [wire.pipelines, wire.versions, wire.experiments, wire.runs, wire.tasks])
      expect(list.parse({})).toEqual({ items: [], totalSize: 0, nextPageToken: undefined });
  });

  test('a list with a broken item is refused, not silently shorter', () => {
    expect(wire.runs.safeParse({ runs: [{ display_name: 'no id' }] }).success).toBe(false);
    expect(wire.runs.safeParse('<html>').success).toBe(false);
  });
});

test('both shapes of a spec survive the way there and back', () => {
  const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(object, fc.option(object, { nil: undefined }), (pipeline, platforms) => {
      const pipelineSpec = z.record(z.string(), z.json()).parse({ ...pipeline, pipelineInfo: { name: 'p' } });
      const platformSpec =
        platforms === undefined
          ? undefined
          : z.record(z.string(), z.json()).parse({ ...platforms, platforms: {} });
      expect(unwrapSpec(wrapSpec({ pipelineSpec, platformSpec }))).toEqual({ pipelineSpec, platformSpec });
    }),
  );
});

function take(choices: Iterator<'keep' | 'drop' | 'null', unknown>): 'keep' | 'drop' | 'null' {
  const next = choices.next();
  return next.done === true ? 'keep' : next.value;
}

/** Any field but ids may be absent or null, at any depth. */
function thinned(value: unknown, keep: () => 'keep' | 'drop' | 'null'): unknown {
  if (Array.isArray(value)) return value.map((item) => thinned(item, keep));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      // What a user wrote (specs, parameters, metadata) is not the server's to omit.
      if (/_id$|^id$/.test(key) && key !== 'parent_task_id') return [[key, inner]];
      const what = keep();
      if (what === 'drop') return [];
      return [[key, what === 'null' ? null : thinned(inner, keep)]];
    }),
  );
}

test.each([
  ['run', wire.run, 'run-failed'],
  ['runs', wire.runs, 'runs'],
  ['tasks', wire.tasks, 'tasks-churn'],
  ['tasks', wire.tasks, 'tasks-loops'],
  ['versions', wire.versions, 'versions'],
  ['pipelines', wire.pipelines, 'pipelines'],
  ['experiments', wire.experiments, 'experiments'],
] as const)('%s: any omitted or null field is tolerated', (_what, schema, name) => {
  const answer = recorded(name);
  fc.assert(
    fc.property(fc.infiniteStream(fc.constantFrom('keep', 'keep', 'keep', 'drop', 'null')), (choices) => {
      const thin = thinned(answer, () => take(choices));
      const parsed = schema.safeParse(thin);
      expect(parsed.success ? '' : z.prettifyError(parsed.error)).toBe('');
    }),
    { numRuns: 60 },
  );
});

test('times: absent, zero and unreadable are undefined; every other one is that time', () => {
  for (const zero of [undefined, null, '', '1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z', 'soon'])
    expect(parseTime(zero)).toBeUndefined();
  fc.assert(
    fc.property(fc.date({ min: new Date(1), max: new Date('2200-01-01'), noInvalidDate: true }), (date) => {
      expect(parseTime(date.toISOString())).toEqual(date);
    }),
  );
});
