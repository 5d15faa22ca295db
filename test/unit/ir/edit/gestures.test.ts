/** What single gestures mean, on pipelines that the SDK compiled. */
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../../src/core/base/json.ts';
import { applyGesture } from '../../../../src/core/ir/edit/apply.ts';
import { copyTasks } from '../../../../src/core/ir/edit/clipboard.ts';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { listAt, objectAt, textAt, valueAt } from '../../../../src/core/ir/edit/jsonPath.ts';
import { withPackages } from '../../../../src/core/ir/edit/pipInstall.ts';
import type { Spec } from '../../../../src/core/ir/edit/spec.ts';
import { SpecText } from '../../../../src/core/ir/edit/specText.ts';
import { readPythonFunction } from '../../../../src/core/ir/pythonFunction.ts';
import { pipelineText } from '../../../builders/pipelineText.ts';
import { irTexts } from '../../../builders/pipelineVariants.ts';

function open(name: string): Spec {
  return read(irTexts.get(name) ?? '');
}

function read(text: string): Spec {
  const opened = new SpecText().read(text);
  if (opened.kind !== 'opened') throw new Error(opened.problem.message);
  return opened.spec;
}

function done(spec: Spec, ...gestures: readonly Gesture[]): Spec {
  return gestures.reduce((before, gesture) => {
    const edited = applyGesture(before, gesture);
    if (edited.kind === 'refused') throw new Error(edited.reason);
    return edited.spec;
  }, spec);
}

function why(spec: Spec, gesture: Gesture): string {
  const edited = applyGesture(spec, gesture);
  return edited.kind === 'refused' ? edited.reason : `done: ${edited.title}`;
}

function at({ pipeline }: Spec, path: string): JsonValue | undefined {
  return valueAt(pipeline, ...path.split('.'));
}

const keys = (value: JsonValue | undefined): readonly string[] => Object.keys(objectAt(value)).sort();

describe('rename', () => {
  test('all that names the task follows', () => {
    const spec = done(read(pipelineText()), { kind: 'rename', task: 'make', name: 'Build it' });
    expect(keys(at(spec, 'root.dag.tasks'))).toEqual(['build-it', 'use']);
    expect(at(spec, 'root.dag.tasks.build-it.taskInfo.name')).toBe('Build it');
    expect(at(spec, 'root.dag.tasks.use.dependentTasks')).toEqual(['build-it']);
    expect(JSON.stringify(spec)).not.toMatch(/"(?:producerTask|producerSubtask)":"make"/);
  });

  test('a group of the compiler keeps the key by which it is known', () => {
    const spec = done(open('exit_handler.yaml'), { kind: 'rename', task: 'exit-handler-1', name: 'safely' });
    expect(at(spec, 'root.dag.tasks.exit-handler-1.taskInfo.name')).toBe('safely');
    expect(at(spec, 'root.dag.tasks.clean-up.inputs.parameters.status.taskFinalStatus.producerTask')).toBe(
      'exit-handler-1',
    );
  });

  test.each([
    ['use', "There is a task 'use' here already: choose another name."],
    ['make', "It is called 'make' already."],
    ['  ', 'A task needs a name.'],
    ['漢字', 'A name needs a letter or a digit from a to z or 0 to 9.'],
    ['exit-handler-3', 'That is what the compiler calls its groups: choose another name.'],
  ])('to %j is refused', (name, reason) => {
    expect(why(read(pipelineText()), { kind: 'rename', task: 'make', name })).toBe(reason);
  });
});

describe('delete', () => {
  test('takes what only it used: component, executor, Kubernetes settings', () => {
    const settings: Gesture = {
      kind: 'setKubernetes',
      tasks: ['use'],
      fields: { enabledSharedMemory: { size: '1Gi' } },
    };
    const spec = done(read(pipelineText()), settings, { kind: 'delete', tasks: ['use'] });
    expect(keys(at(spec, 'components'))).toEqual(['comp-make']);
    expect(keys(at(spec, 'deploymentSpec.executors'))).toEqual(['exec-make']);
    expect(spec.platforms).toBeUndefined();
  });

  test('disconnects who read from it', () => {
    const spec = done(read(pipelineText()), { kind: 'delete', tasks: ['make'] });
    expect(at(spec, 'root.dag.tasks.use')).toEqual({
      componentRef: { name: 'comp-use' },
      taskInfo: { name: 'use' },
    });
  });

  test('takes the channels that nobody needs any more', () => {
    const before = open('exit_handler.yaml');
    expect(keys(at(before, 'components.comp-exit-handler-1.inputDefinitions.parameters'))).toEqual([
      'pipelinechannel--fail',
    ]);
    const spec = done(before, { kind: 'disconnect', task: 'exit-handler-1/work', input: 'fail' });
    expect(at(spec, 'components.comp-exit-handler-1.inputDefinitions')).toBeUndefined();
    expect(at(spec, 'root.dag.tasks.exit-handler-1.inputs')).toBeUndefined();
  });

  test('of the last task takes its group along, and the exit task’s status', () => {
    const spec = done(open('exit_handler.yaml'), {
      kind: 'delete',
      tasks: ['exit-handler-1/work', 'exit-handler-1/after-work'],
    });
    expect(keys(at(spec, 'root.dag.tasks'))).toEqual(['clean-up']);
    expect(at(spec, 'root.dag.tasks.clean-up.triggerPolicy')).toBeUndefined();
    expect(keys(at(spec, 'root.dag.tasks.clean-up.inputs.parameters'))).not.toContain('status');
  });

  test('of what a loop runs over is refused', () => {
    expect(why(open('loops.yaml'), { kind: 'delete', tasks: ['numbers'] })).toBe(
      "'made' loops over it: change or delete 'made' first.",
    );
  });

  test('together with the loop is fine', () => {
    const before = open('loops.yaml');
    const loop =
      Object.entries(objectAt(at(before, 'root.dag.tasks'))).find(([, task]) =>
        JSON.stringify(task).includes('"producerTask":"numbers"'),
      )?.[0] ?? '';
    const spec = done(before, { kind: 'delete', tasks: ['numbers', loop] });
    expect(keys(at(spec, 'root.dag.tasks'))).not.toContain(loop);
    expect(keys(at(spec, 'root.dag.tasks.add-up.inputs.parameters'))).toEqual(['texts']);
  });
});

describe('connect', () => {
  const spec = read(pipelineText());
  const constant = (value: JsonValue): Gesture => ({
    kind: 'connect',
    task: 'make',
    input: 'count',
    source: { kind: 'constant', value },
  });

  test.each([
    [constant('three'), "'count' must be a whole number."],
    [constant(1.5), "'count' must be a whole number."],
    [
      {
        kind: 'connect',
        task: 'make',
        input: 'count',
        source: { kind: 'taskOutput', task: 'use', output: 'Output' },
      },
      "'use' has no output 'Output'.",
    ],
    [
      { kind: 'connect', task: 'use', input: 'data', source: { kind: 'constant', value: 'x' } },
      "'data' takes one system.Dataset: connect an output to it.",
    ],
    [
      {
        kind: 'connect',
        task: 'use',
        input: 'data',
        source: { kind: 'taskOutput', task: 'make', output: 'Output' },
      },
      "'data' takes one system.Dataset, not text.",
    ],
    [
      {
        kind: 'connect',
        task: 'use',
        input: 'text',
        source: { kind: 'groupInput', group: '', name: 'how_many' },
      },
      "'text' takes text, not a whole number.",
    ],
    [
      { kind: 'connect', task: 'make', input: 'none', source: { kind: 'constant', value: 1 } },
      "'make' has no input 'none'.",
    ],
    [
      { kind: 'runAfter', task: 'make', after: 'use' },
      'Then these would wait for each other and never start: make → use → make.',
    ],
    [{ kind: 'runAfter', task: 'use', after: 'make' }, "'use' already waits for 'make'."],
    [
      { kind: 'removeRunAfter', task: 'use', after: 'make' },
      "'use' reads from 'make': disconnect that first.",
    ],
    [{ kind: 'runAfter', task: 'use', after: 'use' }, 'A task cannot wait for itself.'],
  ] as readonly (readonly [Gesture, string])[])('%j is refused', (gesture, reason) => {
    expect(why(spec, gesture)).toBe(reason);
  });

  test('a source that is not there any more leaves no order behind', () => {
    const changed = done(
      spec,
      { kind: 'disconnect', task: 'use', input: 'data' },
      { kind: 'connect', task: 'use', input: 'text', source: { kind: 'constant', value: 'x' } },
    );
    expect(at(changed, 'root.dag.tasks.use.dependentTasks')).toBeUndefined();
  });

  test('an added task can be wired at once, at both ends', () => {
    const added = applyGesture(spec, {
      kind: 'addTask',
      group: '',
      component: { existing: 'comp-make' },
      inputs: { count: { kind: 'groupInput', group: '', name: 'how_many' } },
      feeds: { task: 'use', input: 'data', output: 'data' },
    });
    if (added.kind === 'refused') throw new Error(added.reason);
    expect(added.selection).toEqual(['make-2']);
    expect(at(added.spec, 'root.dag.tasks.use.dependentTasks')).toEqual(['make', 'make-2']);
    expect(at(added.spec, 'root.dag.tasks.make-2.inputs.parameters.count')).toEqual({
      componentInputParameter: 'how_many',
    });
  });
});

describe('copies', () => {
  test('between files carry components, executors and settings; a second time nothing twice', () => {
    const source = open('kubernetes_toleration.yaml');
    const clipboard = copyTasks(source, ['comp']);
    if (clipboard === undefined) throw new Error('nothing copied');
    const paste: Gesture = { kind: 'paste', group: '', clipboard };
    const spec = done(read(pipelineText()), paste, paste);
    expect(keys(at(spec, 'root.dag.tasks'))).toEqual(['comp', 'comp-2', 'make', 'use']);
    expect(at(spec, 'root.dag.tasks.comp-2.componentRef.name')).toBe('comp-comp');
    expect(keys(at(spec, 'deploymentSpec.executors'))).toEqual(['exec-comp', 'exec-make', 'exec-use']);
    expect(spec.platforms).toEqual(source.platforms);
  });

  test('of another component under the same name get a number', () => {
    const other = done(read(pipelineText()), { kind: 'setContainer', tasks: ['make'], image: 'debian' });
    const clipboard = copyTasks(other, ['make']);
    if (clipboard === undefined) throw new Error('nothing copied');
    const spec = done(read(pipelineText()), { kind: 'paste', group: '', clipboard });
    expect(at(spec, 'root.dag.tasks.make-2.componentRef.name')).toBe('comp-make-2');
    expect(at(spec, 'deploymentSpec.executors.exec-make-2.container.image')).toBe('debian');
    // What is called the same here goes on being read.
    expect(at(spec, 'root.dag.tasks.make-2.inputs.parameters.count')).toEqual({
      componentInputParameter: 'how_many',
    });
  });

  test('of several tasks refer to each other', () => {
    const spec = done(read(pipelineText()), { kind: 'duplicate', tasks: ['make', 'use'] });
    expect(at(spec, 'root.dag.tasks.use-2.dependentTasks')).toEqual(['make-2']);
    expect(JSON.stringify(at(spec, 'root.dag.tasks.use-2'))).not.toContain('"make"');
  });

  test('of a group are edited apart', () => {
    const spec = done(open('exit_handler.yaml'), { kind: 'duplicate', tasks: ['exit-handler-1'] });
    const copy = textAt(objectAt(at(spec, 'root.dag.tasks.exit-handler-2')), 'componentRef', 'name') ?? '';
    expect(copy).not.toBe('comp-exit-handler-1');
    expect(at(spec, `components.${copy}.dag`)).toEqual(at(spec, 'components.comp-exit-handler-1.dag'));
  });
});

describe('inputs and outputs', () => {
  test('a renamed input is renamed wherever it is read and given', () => {
    const before = open('pipeline_in_pipeline.yaml');
    const group =
      Object.keys(objectAt(at(before, 'root.dag.tasks'))).find((key) => key.startsWith('inner')) ?? '';
    const component = textAt(objectAt(at(before, `root.dag.tasks.${group}`)), 'componentRef', 'name') ?? '';
    const [old = ''] = keys(at(before, `components.${component}.inputDefinitions.parameters`));
    const spec = done(before, {
      kind: 'changeInput',
      group,
      name: old,
      port: { name: 'renamed', kind: 'parameter', type: 'STRING' },
    });
    expect(keys(at(spec, `components.${component}.inputDefinitions.parameters`))).toContain('renamed');
    expect(JSON.stringify(at(spec, `components.${component}.dag`))).toContain(
      '"componentInputParameter":"renamed"',
    );
    expect(keys(at(spec, `root.dag.tasks.${group}.inputs.parameters`))).toContain('renamed');
  });

  test('a new type goes through the groups that pass it on, and stops at who cannot take it', () => {
    const spec = open('exit_handler.yaml');
    const change = (type: string): Gesture => ({
      kind: 'changeInput',
      group: '',
      name: 'fail',
      port: { name: 'fail', kind: 'parameter', type },
    });
    expect(why(spec, change('STRING'))).toBe(
      "'work.fail' takes true or false, not text: disconnect it first.",
    );
    const freed = done(spec, { kind: 'disconnect', task: 'exit-handler-1/work', input: 'fail' });
    expect(at(done(freed, change('STRING')), 'root.inputDefinitions.parameters.fail')).toEqual({
      parameterType: 'STRING',
    });
  });

  test('an output out of a loop is a list', () => {
    const before = open('loops.yaml');
    const tasks = objectAt(at(before, 'root.dag.tasks'));
    const [loop = ''] = Object.keys(tasks).filter((key) =>
      JSON.stringify(tasks[key]).includes('"producerTask":"numbers"'),
    );
    const inside = textAt(tasks[loop], 'componentRef', 'name') ?? '';
    const [task = ''] = keys(at(before, `components.${inside}.dag.tasks`));
    const spec = done(before, {
      kind: 'addOutput',
      group: '',
      name: 'all',
      from: { task: `${loop}/${task}`, output: 'Output' },
    });
    expect(at(spec, 'root.outputDefinitions.parameters.all')).toEqual({ parameterType: 'LIST' });
  });

  test('a default that is none of its type is refused', () => {
    expect(
      why(read(pipelineText()), {
        kind: 'addInput',
        group: '',
        port: { name: 'n', kind: 'parameter', type: 'NUMBER_INTEGER', defaultValue: 'x' },
      }),
    ).toBe("The default of 'n' must be a whole number.");
  });
});

describe('settings', () => {
  test('an executor that others use too is copied first', () => {
    const shared = done(read(pipelineText()), { kind: 'duplicate', tasks: ['make'] });
    const spec = done(shared, { kind: 'setContainer', tasks: ['make-2'], image: 'debian' });
    expect(at(spec, 'deploymentSpec.executors.exec-make.container.image')).toBe('alpine');
    expect(at(spec, 'root.dag.tasks.make-2.componentRef.name')).toBe('comp-make-2');
    expect(at(spec, 'components.comp-make-2.executorLabel')).toBe('exec-make-2');
    const both = done(shared, { kind: 'setContainer', tasks: ['make', 'make-2'], image: 'debian' });
    expect(keys(at(both, 'deploymentSpec.executors'))).toEqual(['exec-make', 'exec-use']);
  });

  test('resources as the SDK compiles them', () => {
    const before = open('environment.yaml');
    const executors = objectAt(at(before, 'deploymentSpec.executors'));
    const [label = ''] = Object.keys(executors).filter(
      (key) => objectAt(executors[key], 'container')['resources'] !== undefined,
    );
    const theirs = valueAt(executors[label], 'container', 'resources');
    const task = label.replace(/^exec-/, '');
    const without = done(before, { kind: 'setResources', tasks: [task], resources: null });
    expect(at(without, `deploymentSpec.executors.${label}.container.resources`)).toBeUndefined();
    const spec = done(without, {
      kind: 'setResources',
      tasks: [task],
      resources: { cpuLimit: '500m', memoryLimit: '256Mi' },
    });
    expect(at(spec, `deploymentSpec.executors.${label}.container.resources`)).toEqual(theirs);
  });

  test('retries as the SDK compiles them', () => {
    const before = open('retries.yaml');
    const theirs = at(before, 'root.dag.tasks.flaky.retryPolicy');
    const none = done(before, { kind: 'setRetry', tasks: ['flaky'], retry: null });
    const spec = done(none, {
      kind: 'setRetry',
      tasks: ['flaky'],
      retry: { maxRetryCount: 2, backoffSeconds: 0, backoffFactor: 1, backoffMaxSeconds: 1 },
    });
    expect(at(spec, 'root.dag.tasks.flaky.retryPolicy')).toEqual(theirs);
  });

  test('caching as the SDK compiles it', () => {
    const before = open('caching.yaml');
    const off = done(before, { kind: 'setCaching', tasks: ['cached'], enabled: false });
    expect(at(off, 'root.dag.tasks.cached.cachingOptions')).toEqual(
      at(before, 'root.dag.tasks.uncached.cachingOptions'),
    );
    expect(done(off, { kind: 'setCaching', tasks: ['cached'], enabled: true })).toEqual(before);
  });

  test('packages as the SDK installs them', () => {
    const executors = Object.values(
      objectAt(at(open('metrics_visualization_v2.yaml'), 'deploymentSpec.executors')),
    );
    const commands = executors.map((executor) => listAt(executor, 'container', 'command').map(String));
    const packagesOf = (command: readonly string[]): readonly string[] =>
      readPythonFunction(
        command.map((text) => ({ text, range: { start: 0, end: 0 } })),
        ['--function_to_execute', 'f'],
      )?.packages ?? [];
    const installing = commands.filter((command) => packagesOf(command).length > 0);
    expect(installing.length).toBeGreaterThan(0);
    for (const command of installing) {
      const none = withPackages(command, []);
      expect(packagesOf(none)).toEqual([]);
      expect(withPackages(none, packagesOf(command))).toEqual(command);
    }
  });

  test('of a group are refused', () => {
    expect(
      why(open('exit_handler.yaml'), { kind: 'setContainer', tasks: ['exit-handler-1'], image: 'x' }),
    ).toBe("'guarded' is a group: choose the tasks in it.");
  });
});

describe('Python source', () => {
  test('brings its interface; what does not fit any more is disconnected', () => {
    const spec = done(open('exit_handler.yaml'), {
      kind: 'setPythonSource',
      component: 'comp-work',
      functionName: 'work_hard',
      source: 'def work_hard(fail: str) -> int:\n    return 1\n',
      inputs: [{ name: 'fail', kind: 'parameter', type: 'STRING' }],
      outputs: [{ name: 'Output', kind: 'parameter', type: 'NUMBER_INTEGER' }],
    });
    expect(listAt(at(spec, 'deploymentSpec.executors.exec-work.container.command')).at(-1)).toMatch(
      /^def work_hard/,
    );
    expect(listAt(at(spec, 'deploymentSpec.executors.exec-work.container.args')).at(-1)).toBe('work_hard');
    expect(at(spec, 'components.comp-work.outputDefinitions.parameters.Output')).toEqual({
      parameterType: 'NUMBER_INTEGER',
    });
    // A flag does not go into text, and a number not into the text that after-work takes.
    expect(at(spec, 'components.comp-exit-handler-1.dag.tasks.work.inputs')).toBeUndefined();
    expect(at(spec, 'components.comp-exit-handler-1.dag.tasks.after-work.inputs')).toBeUndefined();
    expect(at(spec, 'components.comp-exit-handler-1.inputDefinitions')).toBeUndefined();
  });
});
