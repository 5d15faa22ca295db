import { describe, expect, test } from 'vitest';
import {
  artifactFrom,
  artifactInput,
  constant,
  dag,
  finalStatus,
  from,
  importer,
  input,
  over,
  pipeline,
  step,
  task,
  value,
} from '../../builders/irSpec.ts';
import { DONE } from '../../fakes/scriptedExecutor.ts';
import { runOnce } from './harness.ts';

const echo = step({ in: { x: 'NUMBER_INTEGER' }, out: { Output: 'NUMBER_INTEGER' } });

describe('a DAG', () => {
  test('runs tasks after what they need and hands values on', async () => {
    const { run, states, outputs, executor } = await runOnce(
      pipeline(
        dag(
          {
            c: task('add', { parameters: { a: from('a'), b: from('b') } }),
            a: task('echo', { parameters: { x: input('start') } }),
            b: task('echo', { parameters: { x: constant(10) } }),
          },
          {
            in: { start: 'NUMBER_INTEGER' },
            out: { sum: 'NUMBER_INTEGER' },
            outputs: { parameters: { sum: value('c') } },
          },
        ),
        {
          echo,
          add: step({ in: { a: 'NUMBER_INTEGER', b: 'NUMBER_INTEGER' }, out: { Output: 'NUMBER_INTEGER' } }),
        },
      ),
      {
        parameters: { start: 5 },
        script: ({ input: { parameters: p } }) => ({
          outputs: { Output: p.has('x') ? Number(p.get('x')) : Number(p.get('a')) + Number(p.get('b')) },
        }),
      },
    );
    expect(run.state).toBe('SUCCEEDED');
    expect(states).toEqual({ a: 'SUCCEEDED', b: 'SUCCEEDED', c: 'SUCCEEDED' });
    expect(outputs).toEqual({ sum: 15 });
    expect(executor.started.at(-1)).toBe('c');
    expect(run.stateHistory.map(({ state }) => state)).toEqual(['PENDING', 'RUNNING', 'SUCCEEDED']);
  });

  test('a failure skips what needs it, not the rest, and fails the run with a sentence', async () => {
    const { run, states } = await runOnce(
      pipeline(
        dag({
          bad: task('plain'),
          next: task('plain', { after: ['bad'] }),
          'after-next': task('plain', { after: ['next'] }),
          free: task('plain'),
          'after-free': task('plain', { after: ['free'] }),
        }),
        { plain: step() },
      ),
      { script: ({ names }) => (names.taskName === 'bad' ? { fails: 'It broke.' } : DONE) },
    );
    expect(run.state).toBe('FAILED');
    expect(run.error).toBe('Task bad failed. It broke.');
    expect(states).toEqual({
      bad: 'FAILED',
      next: 'SKIPPED',
      'after-next': 'SKIPPED',
      free: 'SUCCEEDED',
      'after-free': 'SUCCEEDED',
    });
  });

  test('ignore_upstream_failure runs anyway, with its default, and the run still fails', async () => {
    const { run, states, executor } = await runOnce(
      pipeline(
        dag({
          bad: task('make'),
          clean: task('use', { parameters: { x: from('bad') }, runsAfterFailure: true }),
        }),
        {
          make: step({ out: { Output: 'STRING' } }),
          use: step({ in: { x: { parameterType: 'STRING', defaultValue: 'spare', isOptional: true } } }),
        },
      ),
      { script: ({ names }) => (names.taskName === 'bad' ? { fails: 'It broke.' } : DONE) },
    );
    expect(run.state).toBe('FAILED');
    expect(states).toEqual({ bad: 'FAILED', clean: 'SUCCEEDED' });
    expect(executor.steps[1]?.input.parameters.get('x')).toBe('spare');
  });

  test('an exit task gets the final status of a failed body', async () => {
    const { run, states, executor } = await runOnce(
      pipeline(
        dag({
          'exit-handler-1': task('exit-handler-1'),
          notify: task('notify', {
            after: ['exit-handler-1'],
            runsAfterFailure: true,
            parameters: { status: finalStatus('exit-handler-1') },
          }),
        }),
        {
          'exit-handler-1': dag({ work: task('plain') }),
          plain: step(),
          notify: step({ in: { status: { parameterType: 'TASK_FINAL_STATUS', isOptional: true } } }),
        },
      ),
      { script: ({ names }) => (names.taskName === 'work' ? { fails: 'It broke.' } : DONE) },
    );
    expect(run.state).toBe('FAILED');
    expect(states).toEqual({
      'exit-handler-1': 'FAILED',
      'exit-handler-1.work': 'FAILED',
      notify: 'SUCCEEDED',
    });
    expect(executor.steps[1]?.input.parameters.get('status')).toMatchObject({
      state: 'FAILED',
      pipelineTaskName: 'exit-handler-1',
      error: { message: 'Task exit-handler-1.work failed. It broke.' },
    });
  });

  test('says which input has no value', async () => {
    const { run, tasks } = await runOnce(pipeline(dag({ a: task('echo') }), { echo }));
    expect(run.state).toBe('FAILED');
    expect(tasks[1]?.error).toBe('Its input x has no value and no default.');
  });

  test('an empty pipeline succeeds', async () => {
    const { run } = await runOnce(pipeline(dag({})));
    expect(run.state).toBe('SUCCEEDED');
  });
});

const branches = {
  'condition-branches-1': dag(
    {
      'condition-2': task('condition-2', {
        parameters: { side: input('side') },
        condition: "inputs.parameter_values['side'] == 'heads'",
      }),
      'condition-3': task('condition-3', {
        parameters: { side: input('side') },
        condition: "!(inputs.parameter_values['side'] == 'heads')",
      }),
    },
    {
      in: { side: 'STRING' },
      out: { chosen: 'STRING' },
      artifactsOut: { data: 'system.Dataset' },
      outputs: {
        parameters: {
          chosen: {
            valueFromOneof: {
              parameterSelectors: [
                { producerSubtask: 'condition-2', outputParameterKey: 'said' },
                { producerSubtask: 'condition-3', outputParameterKey: 'said' },
              ],
            },
          },
        },
        artifacts: {
          data: {
            artifactSelectors: [
              { producerSubtask: 'condition-2', outputArtifactKey: 'data' },
              { producerSubtask: 'condition-3', outputArtifactKey: 'data' },
            ],
          },
        },
      },
    },
  ),
  ...Object.fromEntries(
    ['condition-2', 'condition-3'].map((name) => [
      name,
      dag(
        { [`say-${name}`]: task('say') },
        {
          in: { side: 'STRING' },
          out: { said: 'STRING' },
          artifactsOut: { data: 'system.Dataset' },
          outputs: {
            parameters: { said: value(`say-${name}`) },
            artifacts: {
              data: { artifactSelectors: [{ producerSubtask: `say-${name}`, outputArtifactKey: 'data' }] },
            },
          },
        },
      ),
    ]),
  ),
  say: step({ out: { Output: 'STRING' }, artifactsOut: { data: 'system.Dataset' } }),
  use: step({ in: { text: 'STRING' }, artifactsIn: { data: 'system.Dataset' } }),
};

describe('conditions', () => {
  const spec = pipeline(
    dag(
      {
        'condition-branches-1': task('condition-branches-1', { parameters: { side: input('side') } }),
        use: task('use', {
          parameters: { text: from('condition-branches-1', 'chosen') },
          artifacts: { data: artifactFrom('condition-branches-1', 'data') },
        }),
      },
      { in: { side: 'STRING' } },
    ),
    branches,
  );

  test.each([
    ['heads', 'condition-2', 'condition-3'],
    ['tails', 'condition-3', 'condition-2'],
  ])('%s takes one branch, and OneOf gives its parameter and artifact', async (side, taken, left) => {
    const { run, states, executor, tasks } = await runOnce(spec, {
      parameters: { side },
      script: ({ names }) => ({ outputs: { Output: names.taskName } }),
    });
    expect(run.state).toBe('SUCCEEDED');
    expect(states).toEqual({
      'condition-branches-1': 'SUCCEEDED',
      [`condition-branches-1.${taken}`]: 'SUCCEEDED',
      [`condition-branches-1.${taken}.say-${taken}`]: 'SUCCEEDED',
      [`condition-branches-1.${left}`]: 'SKIPPED',
      use: 'SUCCEEDED',
    });
    const used = executor.steps.find(({ names }) => names.taskName === 'use');
    expect(used?.input.parameters.get('text')).toBe(`say-${taken}`);
    expect(used?.input.inputArtifacts.get('data')?.[0]?.uri).toContain(`/say-${taken}/`);
    expect(tasks.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['ROOT', 'CONDITION_BRANCH', 'CONDITION', 'RUNTIME']),
    );
  });

  test('a task after a skipped condition runs; one that needs its value fails with a sentence', async () => {
    const { states, tasks } = await runOnce(
      pipeline(
        dag({
          'condition-1': task('condition-1', {
            parameters: { n: constant(1) },
            condition: "int(inputs.parameter_values['n']) > 1",
          }),
          after: task('plain', { after: ['condition-1'] }),
          needs: task('echo', { parameters: { x: from('condition-1', 'out') } }),
        }),
        {
          'condition-1': dag(
            { inner: task('echo', { parameters: { x: input('n') } }) },
            {
              in: { n: 'NUMBER_INTEGER' },
              out: { out: 'NUMBER_INTEGER' },
              outputs: { parameters: { out: value('inner') } },
            },
          ),
          plain: step(),
          echo,
        },
      ),
    );
    expect(states).toEqual({ 'condition-1': 'SKIPPED', after: 'SUCCEEDED', needs: 'FAILED' });
    expect(tasks.find(({ name }) => name === 'condition-1')?.notes).toEqual({ skipped: 'condition' });
    expect(tasks.find(({ name }) => name === 'needs')?.error).toBe(
      'Its input x should come from the task condition-1, which was skipped.',
    );
  });

  test('an expression that cannot be evaluated fails its task', async () => {
    const { run } = await runOnce(
      pipeline(
        dag({
          'condition-1': task('plain', { condition: "inputs.parameter_values['gone'] == 1" }),
        }),
        { plain: step() },
      ),
    );
    expect(run.state).toBe('FAILED');
    expect(run.error).toContain("inputs.parameter_values['gone'] == 1 can't be evaluated");
  });
});

describe('loops', () => {
  const body = dag(
    { square: task('echo', { parameters: { x: input('item') } }) },
    {
      in: { item: 'NUMBER_INTEGER' },
      out: { all: 'NUMBER_INTEGER' },
      outputs: { parameters: { all: value('square') } },
    },
  );

  test('raw items, Collected in order, limit kept', async () => {
    const { run, outputs, states, executor } = await runOnce(
      pipeline(
        dag(
          { loop: task('loop', { loop: over({ raw: '[1, 2, 3, 4, 5]' }, 'item', 2) }) },
          { out: { squares: 'LIST' }, outputs: { parameters: { squares: value('loop', 'all') } } },
        ),
        { loop: body, echo },
      ),
      {
        maxParallelSteps: 10,
        script: ({ input: { parameters } }) => ({ outputs: { Output: Number(parameters.get('x')) ** 2 } }),
      },
    );
    expect(run.state).toBe('SUCCEEDED');
    expect(outputs).toEqual({ squares: [1, 4, 9, 16, 25] });
    expect(states['loop[4].square']).toBe('SUCCEEDED');
    expect(executor.mostRunning).toBe(2);
  });

  test('items from a task, structs with selectors', async () => {
    const { executor } = await runOnce(
      pipeline(
        dag({
          make: task('make'),
          loop: task('loop', {
            parameters: { items: from('make') },
            loop: over({ inputParameter: 'items' }, 'item'),
          }),
        }),
        {
          make: step({ out: { Output: 'LIST' } }),
          loop: dag(
            {
              use: task('use', {
                parameters: {
                  a: input('item', 'parseJson(string_value)["a"]'),
                  whole: input('item'),
                },
              }),
            },
            { in: { items: 'LIST', item: 'STRUCT' } },
          ),
          use: step({ in: { a: 'NUMBER_INTEGER', whole: 'STRUCT' } }),
        },
      ),
      {
        script: ({ names }) =>
          names.taskName === 'make' ? { outputs: { Output: [{ a: 1 }, { a: 2 }] } } : {},
      },
    );
    expect(
      executor.steps
        .slice(1)
        .map(({ input: { parameters } }) => [parameters.get('a'), parameters.get('whole')]),
    ).toEqual([
      [1, { a: 1 }],
      [2, { a: 2 }],
    ]);
  });

  test('one failed iteration fails the loop; the others go on', async () => {
    const { run, states } = await runOnce(
      pipeline(dag({ loop: task('loop', { loop: over({ raw: '[0, 1, 2]' }, 'item') }) }), {
        loop: body,
        echo,
      }),
      {
        script: ({ input: { parameters } }) =>
          parameters.get('x') === 1 ? { fails: 'Odd.' } : { outputs: { Output: 0 } },
      },
    );
    expect(run.error).toBe('Task loop.square failed. Odd.');
    expect(states).toMatchObject({
      loop: 'FAILED',
      'loop[0]': 'SUCCEEDED',
      'loop[1]': 'FAILED',
      'loop[2]': 'SUCCEEDED',
    });
  });

  test('a loop right over a container', async () => {
    const { outputs, tasks } = await runOnce(
      pipeline(
        dag(
          { loop: task('echo', { loop: over({ raw: '[4, 5]' }, 'x') }) },
          { out: { all: 'LIST' }, outputs: { parameters: { all: value('loop') } } },
        ),
        { echo },
      ),
      { script: ({ input: { parameters } }) => ({ outputs: { Output: parameters.get('x') ?? null } }) },
    );
    expect(outputs).toEqual({ all: [4, 5] });
    expect(
      tasks.map(({ kind, iteration, iterationCount, scopePath }) => [
        kind,
        iteration,
        iterationCount,
        scopePath,
      ]),
    ).toEqual([
      ['ROOT', null, null, 'root'],
      ['LOOP', null, 2, 'root.loop'],
      ['RUNTIME', 0, null, 'root.loop'],
      ['RUNTIME', 1, null, 'root.loop'],
    ]);
  });

  test('nothing to loop over', async () => {
    const { run, outputs } = await runOnce(
      pipeline(
        dag(
          { loop: task('loop', { loop: over({ raw: '[]' }, 'item') }) },
          { out: { squares: 'LIST' }, outputs: { parameters: { squares: value('loop', 'all') } } },
        ),
        { loop: body, echo },
      ),
    );
    expect(run.state).toBe('SUCCEEDED');
    expect(outputs).toEqual({ squares: [] });
  });

  test('nested loops nest their lists', async () => {
    const { outputs } = await runOnce(
      pipeline(
        dag(
          { outer: task('outer', { loop: over({ raw: '[1, 2]' }, 'item') }) },
          { out: { all: 'LIST' }, outputs: { parameters: { all: value('outer', 'all') } } },
        ),
        {
          outer: dag(
            {
              inner: task('loop', {
                parameters: { factor: input('item') },
                loop: over({ raw: '[10, 20]' }, 'item'),
              }),
            },
            {
              in: { item: 'NUMBER_INTEGER' },
              out: { all: 'LIST' },
              outputs: { parameters: { all: value('inner', 'all') } },
            },
          ),
          loop: dag(
            { mul: task('mul', { parameters: { a: input('factor'), b: input('item') } }) },
            {
              in: { item: 'NUMBER_INTEGER', factor: 'NUMBER_INTEGER' },
              out: { all: 'NUMBER_INTEGER' },
              outputs: { parameters: { all: value('mul') } },
            },
          ),
          mul: step({ in: { a: 'NUMBER_INTEGER', b: 'NUMBER_INTEGER' }, out: { Output: 'NUMBER_INTEGER' } }),
        },
      ),
      {
        script: ({ input: { parameters: p } }) => ({
          outputs: { Output: Number(p.get('a')) * Number(p.get('b')) },
        }),
      },
    );
    expect(outputs).toEqual({
      all: [
        [10, 20],
        [20, 40],
      ],
    });
  });

  test('over artifacts, collected artifacts', async () => {
    const { run, executor } = await runOnce(
      pipeline(
        dag({
          make: task('make-loop', { loop: over({ raw: '["a", "b"]' }, 'item') }),
          each: task('each', {
            artifacts: { all: artifactFrom('make', 'data') },
            loop: { artifactIterator: { items: { inputArtifact: 'all' }, itemInput: 'one' } },
          }),
          together: task('together', { artifacts: { all: artifactFrom('make', 'data') } }),
        }),
        {
          'make-loop': dag(
            { make: task('make', { parameters: { name: input('item') } }) },
            {
              in: { item: 'STRING' },
              artifactsOut: {
                data: { artifactType: { schemaTitle: 'system.Dataset' }, isArtifactList: true },
              },
              outputs: {
                artifacts: {
                  data: { artifactSelectors: [{ producerSubtask: 'make', outputArtifactKey: 'data' }] },
                },
              },
            },
          ),
          make: step({ in: { name: 'STRING' }, artifactsOut: { data: 'system.Dataset' } }),
          each: dag(
            { read: task('read', { artifacts: { data: artifactInput('one') } }) },
            {
              artifactsIn: {
                all: { artifactType: { schemaTitle: 'system.Dataset' }, isArtifactList: true },
                one: 'system.Dataset',
              },
            },
          ),
          read: step({ artifactsIn: { data: 'system.Dataset' } }),
          together: step({
            artifactsIn: { all: { artifactType: { schemaTitle: 'system.Dataset' }, isArtifactList: true } },
          }),
        },
      ),
      {
        script: ({ input: { parameters } }) => ({
          artifacts: { data: { from: parameters.get('name') ?? '' } },
        }),
      },
    );
    expect(run.state).toBe('SUCCEEDED');
    const inputs = (name: string, key: string) =>
      executor.steps
        .filter(({ names }) => names.taskName === name)
        .map(({ input: { inputArtifacts } }) =>
          inputArtifacts.get(key)?.map(({ metadata }) => metadata['from']),
        );
    expect(inputs('together', 'all')).toEqual([['a', 'b']]);
    expect(inputs('read', 'data')).toEqual([['a'], ['b']]);
  });
});

describe('values', () => {
  test('defaults, optional inputs and text for STRING inputs', async () => {
    const { executor } = await runOnce(
      pipeline(
        dag(
          {
            use: task('use', {
              parameters: { text: input('number'), absent: input('absent'), flag: input('flag') },
            }),
          },
          {
            in: {
              number: { parameterType: 'NUMBER_DOUBLE', defaultValue: 3, isOptional: true },
              absent: { parameterType: 'STRING', isOptional: true },
              flag: { parameterType: 'BOOLEAN', defaultValue: false, isOptional: true },
            },
          },
        ),
        {
          use: step({
            in: {
              text: 'STRING',
              absent: { parameterType: 'STRING', isOptional: true },
              flag: 'BOOLEAN',
              own: { parameterType: 'LIST', defaultValue: [1], isOptional: true },
            },
          }),
        },
      ),
    );
    expect(Object.fromEntries(executor.steps[0]?.input.parameters ?? [])).toEqual({
      text: '3',
      flag: false,
      own: [1],
    });
  });

  test('a value of the wrong type names the input', async () => {
    const { tasks } = await runOnce(
      pipeline(dag({ a: task('echo', { parameters: { x: constant('one') } }) }), { echo }),
    );
    expect(tasks[1]?.error).toBe('Its input x should be an integer, but it is "one".');
  });

  test('constants quote other inputs and names', async () => {
    const { executor, run } = await runOnce(
      pipeline(
        dag({
          a: task('say', {
            parameters: {
              'pipelinechannel--x': constant('42 {{$.pipeline_job_uuid}}'),
              text: constant(
                "{{$.inputs.parameters['pipelinechannel--x']}} of {{$.pipeline_task_name}} in {{$.pipeline_job_name}}",
              ),
              id: constant('{{$.pipeline_job_uuid}}'),
            },
          }),
        }),
        { say: step({ in: { text: 'STRING', id: 'STRING' } }) },
      ),
    );
    const parameters = executor.steps[0]?.input.parameters;
    expect(parameters?.get('id')).toBe(run.id);
    expect(parameters?.get('text')).toMatch(/^42 .* of a in test run$/);
  });

  test('an importer records its uri and metadata and is used by reference', async () => {
    const components = {
      importer: importer(
        { runtimeParameter: 'uri' },
        { "{{$.inputs.parameters['uri']}}": ["at {{$.inputs.parameters['uri']}}"] },
      ),
      read: step({ artifactsIn: { data: 'system.Dataset' } }),
    };
    const { executor, tasks, harness } = await runOnce(
      pipeline(
        dag({
          importer: task('importer', { parameters: { uri: constant('file:///data/a.csv') } }),
          again: task('importer', {
            parameters: { uri: constant('file:///data/a.csv') },
            after: ['importer'],
          }),
          read: task('read', { artifacts: { data: artifactFrom('again', 'artifact') } }),
        }),
        components,
      ),
    );
    expect(executor.steps[0]?.input.inputArtifacts.get('data')).toEqual([
      {
        name: 'artifact',
        type: { schemaTitle: 'system.Dataset', schemaVersion: '0.0.1' },
        // Python opens the path; the row keeps what was given.
        uri: '/data/a.csv',
        metadata: { 'file:///data/a.csv': ['at file:///data/a.csv'] },
      },
    ]);
    expect(tasks.find(({ name }) => name === 'importer')?.kind).toBe('IMPORTER');
    expect(harness.stores.artifacts.ofRun(tasks[0]?.runId ?? '').map(({ uri }) => uri)).toContain(
      'file:///data/a.csv',
    );
  });
});

describe('documents that cannot run', () => {
  test.each([
    [
      'a cycle',
      dag({ a: task('plain', { after: ['b'] }), b: task('plain', { after: ['a'] }) }),
      /wait for each other: a, b/,
    ],
    ['an unknown need', dag({ a: task('plain', { after: ['zz'] }) }), /zz/],
    ['an unknown component', dag({ a: task('nothing') }), /comp-nothing/],
    ['a component in itself', dag({ a: task('self') }), /contains itself/],
  ])('%s fails the run with a sentence', async (_, root, sentence) => {
    const { run } = await runOnce(pipeline(root, { plain: step(), self: dag({ again: task('self') }) }));
    expect(run.state).toBe('FAILED');
    expect(run.error).toMatch(sentence);
  });

  test.each(['../../escape', 'a/b', '..'])('the output %s leaves its folder', async (name) => {
    const { run } = await runOnce(
      pipeline(dag({ a: task('bad') }), { bad: step({ artifactsOut: { [name]: 'system.Model' } }) }),
    );
    expect(run.state).toBe('FAILED');
    expect(run.error).toContain(JSON.stringify(name));
  });
});
