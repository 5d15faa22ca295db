import { describe, expect, test } from 'vitest';
import type { RunTask } from '../../../src/clients/kfp/model.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { HttpError } from '../../../src/clients/http.ts';
import type { PipelineNode } from '../../../src/pipelines/rows.ts';
import type { PipelinesState } from '../../../src/pipelines/store.ts';
import { foldSize, taskPath } from '../../../src/pipelines/taskRows.ts';
import { childrenOf } from '../../../src/pipelines/tree.ts';
import { tooltipOf } from '../../../src/pipelines/tooltip.ts';
import { after, pipeline, root, run, runOf, start, task, version } from './builders.ts';

const now = after(60).getTime();
const file = { uri: 'file:///w/churn.pipeline.yaml', path: 'churn.pipeline.yaml', pipelineName: 'churn' };

function state(some: Partial<PipelinesState> = {}): PipelinesState {
  return {
    environment: { kind: 'ready', label: 'Embedded cluster' },
    files: [],
    pipelines: { kind: 'ready', items: [], nextPageToken: undefined },
    runs: { kind: 'ready', items: [], nextPageToken: undefined },
    filter: { text: '', states: [] },
    connectionError: undefined,
    versionsOf: () => ({ kind: 'loading' }),
    tasksOf: () => ({ kind: 'loading' }),
    ...some,
  };
}
const list = <T>(items: readonly T[], nextPageToken?: string) =>
  ({ kind: 'ready', items, nextPageToken }) as const;

/** The whole tree as indented lines, opened to the last row. */
function draw(some: PipelinesState, parent?: PipelineNode, indent = ''): string[] {
  return childrenOf(parent, some, now).flatMap((node) => [
    `${indent}${node.label}${node.description === undefined ? '' : ` | ${node.description}`}`,
    ...draw(some, node, `${indent}  `),
  ]);
}

function find(some: PipelinesState, label: string, parent?: PipelineNode): PipelineNode {
  const search = (node?: PipelineNode): PipelineNode | undefined => {
    for (const child of childrenOf(node, some, now)) {
      const found = child.label === label ? child : search(child);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = search(parent);
  if (found === undefined) throw new Error(`no row ${label}`);
  return found;
}

describe('the top', () => {
  test('nothing at all is left to the welcome text', () => {
    expect(draw(state())).toEqual([]);
    expect(draw(state({ environment: { kind: 'stopped', label: 'x' } }))).toEqual([]);
  });

  test('files are there without a cluster, and the row below starts it', () => {
    const some = state({ environment: { kind: 'stopped', label: 'Embedded cluster' }, files: [file] });
    expect(draw(some)).toEqual([
      'Pipeline Files',
      '  churn | churn.pipeline.yaml',
      'Embedded cluster is not running | Click to start it',
    ]);
    expect(find(some, 'Embedded cluster is not running').command).toBe('slipway.environment.start');
  });

  test.each([
    [
      { kind: 'starting', label: 'Embedded cluster', message: 'kfp: Starting' },
      'Embedded cluster: kfp: Starting',
    ],
    [
      { kind: 'failed', label: 'x', error: new SlipwayError('startFailed', 'No port.') },
      'No port. | Click to start it',
    ],
    [{ kind: 'unknown', label: 'x' }, 'Looking for the environment…'],
  ] as const)('environment %o', (environment, row) => {
    expect(draw(state({ environment }))).toEqual([row]);
  });

  test('a failed list says why and tries again, or starts what is not there', () => {
    const failed = (error: Error) => state({ runs: { kind: 'failed', error } });
    expect(childrenOf(undefined, failed(new Error('Broken.')), now)[0]).toMatchObject({
      label: 'Broken.',
      command: 'slipway.pipelines.refresh',
    });
    const unreachable = new HttpError('unreachable', 'Nobody there.', undefined, undefined);
    expect(childrenOf(undefined, failed(unreachable), now)[0]).toMatchObject({
      command: 'slipway.environment.start',
    });
  });

  test('a lost connection is one more row: what was known stays', () => {
    const some = state({ connectionError: new Error('Gone.'), runs: list([run('r')]) });
    expect(draw(some).map((line) => line.split(' |')[0])).toEqual(['Gone.', 'Runs', '  r', '    Loading…']);
  });
});

describe('runs', () => {
  test('show under their file, their version and in the list of runs, each with its own id', () => {
    const some = state({
      files: [file],
      pipelines: list([pipeline('uploaded')]),
      versionsOf: (id) => list([version('v1', id)]),
      runs: list([
        runOf('churn', 'churn today'),
        run('by version', { version: { pipelineId: 'uploaded', versionId: 'v1' } }),
      ]),
      tasksOf: () => list([root]),
    });
    expect(draw(some).map((line) => line.split(' |')[0])).toEqual([
      'Pipeline Files',
      '  churn',
      '    today',
      '      No step has started yet',
      'Uploaded Pipelines',
      '  uploaded',
      '    v1',
      '      by version',
      '        No step has started yet',
      'Runs',
      '  churn today',
      '    No step has started yet',
      '  by version',
      '    No step has started yet',
    ]);
    const ids: string[] = [];
    const collect = (parent?: PipelineNode): void => {
      for (const child of childrenOf(parent, some, now)) {
        ids.push(child.id);
        collect(child);
      }
    };
    collect();
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('duration of what ended, elapsed of what runs', () => {
    const some = state({
      runs: list([run('done'), run('going', { state: 'RUNNING', finishedAt: undefined })]),
      tasksOf: () => list([]),
    });
    expect(find(some, 'done').description).toBe('12 s · 1 min ago');
    expect(find(some, 'going').description).toBe('1 m 00 s · 1 min ago');
  });

  test.each([
    ['RUNNING', 'run active'],
    ['SUCCEEDED', 'run archivable'],
    ['FAILED', 'run archivable failed retriable'],
    ['CANCELED', 'run archivable retriable'],
  ] as const)('%s is a row for the menus of "%s"', (runState, context) => {
    expect(find(state({ runs: list([run('r', { state: runState })]) }), 'r').context).toBe(context);
  });

  test('more pages are one row', () => {
    const some = state({ runs: list([run('r')], 'token') });
    expect(find(some, 'Load more…')).toMatchObject({
      kind: 'more',
      list: 'runs',
      command: 'slipway.pipelines.loadMore',
    });
  });

  test('a filter hides files and pipelines by name, but not a file whose runs match', () => {
    const other = { uri: 'file:///w/o.yaml', path: 'o.yaml', pipelineName: 'other' };
    const some = state({
      filter: { text: 'CHU', states: [] },
      files: [file, other],
      pipelines: list([pipeline('churn-v2'), pipeline('x')]),
    });
    expect(draw(some).filter((line) => /^ {2}\S/.test(line))).toEqual([
      '  churn | churn.pipeline.yaml',
      '  churn-v2',
    ]);
    expect(draw({ ...some, runs: list([runOf('other', 'chu')]) }).join('\n')).toContain('  other');
  });
});

describe('steps', () => {
  const withTasks = (tasks: readonly RunTask[]): PipelinesState =>
    state({ runs: list([run('r')]), tasksOf: () => list([root, ...tasks]) });

  test('sub-pipelines nest; descriptions tell duration, attempts, cache and notes', () => {
    const some = withTasks([
      task('load', { state: 'CACHED', startedAt: undefined, attempts: [] }),
      task('sub', { kind: 'DAG', attempts: [], createdAt: after(1) }),
      task('train', {
        parentId: 'sub',
        attempts: [{ name: 'train-1' }, { name: 'train-2' }],
        notes: { image: 'not in its image' },
      }),
      task('wait', {
        state: 'PENDING',
        startedAt: undefined,
        finishedAt: undefined,
        attempts: [],
        createdAt: after(2),
      }),
    ]);
    expect(draw(some, find(some, 'r'))).toEqual([
      'load | from cache',
      'sub | 2.0 s',
      '  train | 2.0 s · 2 attempts · not in its image',
      'wait',
    ]);
    expect(find(some, 'train')).toMatchObject({
      context: 'task logs ran',
      command: 'slipway.task.openLog',
    });
    expect(find(some, 'load').command).toBeUndefined();
    // What a step from the cache had can be debugged, too.
    expect(find(some, 'load').context).toBe('task ran');
    expect(find(some, 'sub').context).toBe('task');
  });

  const loop = (count: number): readonly RunTask[] => [
    task('loop', { kind: 'LOOP', iterationCount: count, attempts: [] }),
    // In any order, as a server may list them.
    ...Array.from({ length: count }, (_one, index) =>
      task(`i${index}`, {
        parentId: 'loop',
        iteration: index,
        displayName: 'train',
        createdAt: after(count - index),
      }),
    ),
  ];

  test('iterations in their order', () => {
    const some = withTasks(loop(3));
    expect(draw(some, find(some, 'r')).map((line) => line.split(' |')[0])).toEqual([
      'loop',
      '  train [0]',
      '  train [1]',
      '  train [2]',
    ]);
  });

  test('a step is told from the same step of other iterations', () => {
    const all = [...loop(2), task('sub', { parentId: 'i1', kind: 'DAG', attempts: [] })];
    const byId = new Map(all.map((one) => [one.id, one]));
    expect(taskPath(task('score', { parentId: 'sub' }), byId)).toBe('train [1] › sub › score');
  });

  test.each([20, 21, 419, 421, 10_000])('%i iterations: folded beyond 20, and all there', (count) => {
    const some = withTasks(loop(count));
    const top = childrenOf(find(some, 'loop'), some, now);
    expect(top.filter((node) => node.kind === 'task')).toHaveLength(Math.min(foldSize, count));
    const seen: string[] = [];
    const walk = (node: PipelineNode): void => {
      if (node.kind === 'task') seen.push(node.taskId);
      if (node.kind !== 'fold') return;
      const children = childrenOf(node, some, now);
      expect(children.length).toBeLessThanOrEqual(foldSize);
      children.forEach(walk);
    };
    top.forEach(walk);
    expect(seen).toEqual(Array.from({ length: count }, (_one, index) => `i${index}`));
  });

  test('a fold tells the worst of what is in it', () => {
    const tasks = loop(40).map((one) => (one.iteration === 30 ? { ...one, state: 'FAILED' as const } : one));
    const fold = find(withTasks(tasks), 'Iterations 20–39');
    expect(fold).toMatchObject({ description: '1 failed', icon: { color: 'testing.iconFailed' } });
  });
});

test('tooltips show names from pipelines as text, never as links', () => {
  const some = state({ runs: list([run('[x](command:evil) <b>', { error: '**boom**\n# no' })]) });
  const text = tooltipOf(find(some, '[x](command:evil) <b>'));
  expect(text).not.toMatch(/(?<!\\)[[<*#]command|(?<!\\)\[x/);
  expect(text).toContain('Created');
  expect(text).toContain(start.toLocaleString());
});
