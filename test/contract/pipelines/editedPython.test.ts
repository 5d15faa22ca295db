/** Gestures on graphs compiled from Python: what they do to the file, and that the SDK then makes what was meant. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { PythonCompiler, type CompileResult } from '../../../src/clients/pythonCompiler.ts';
import type { Gesture } from '../../../src/core/ir/edit/gesture.ts';
import { planGesture } from '../../../src/core/ir/edit/plan.ts';
import { editPython, type PythonEdited } from '../../../src/pipelines/python/edit/editPython.ts';
import { loadPythonParser, type PythonParser } from '../../../src/pipelines/python/syntax.ts';

const file = resolve('test/fixtures/generated-python/edited.py');
const signal = new AbortController().signal;

const cases: readonly { title: string; gesture: Gesture; removed?: string; added: string }[] = [
  {
    title: 'renames a task that has a variable',
    gesture: { kind: 'rename', task: 'train', name: 'Fit "it"' },
    added: `    model.set_display_name('Fit "it"')\n`,
  },
  {
    title: 'sets a constant',
    gesture: { kind: 'connect', task: 'make', input: 'rows', source: { kind: 'constant', value: 12 } },
    removed: '10',
    added: '12',
  },
  {
    title: 'adds an argument to a call of several lines',
    gesture: { kind: 'connect', task: 'train', input: 'epochs', source: { kind: 'constant', value: 9 } },
    added: '        epochs=9,\n',
  },
  {
    title: 'wires an input of the pipeline',
    gesture: {
      kind: 'connect',
      task: 'note-3',
      input: 'text',
      source: { kind: 'taskOutput', task: 'train', output: 'Output' },
    },
    added: 'text=model.outputs["Output"]',
  },
  {
    title: 'changes a default',
    gesture: {
      kind: 'changeInput',
      group: '',
      name: 'rate',
      port: { name: 'rate', kind: 'parameter', type: 'NUMBER_DOUBLE', defaultValue: 1, isOptional: true },
    },
    removed: '0.5',
    added: '1.0',
  },
  {
    title: 'sets retries below the settings that are there',
    gesture: {
      kind: 'setRetry',
      tasks: ['train'],
      retry: { maxRetryCount: 3, backoffSeconds: 10, backoffFactor: 2, backoffMaxSeconds: 3600 },
    },
    added:
      '    model.set_retry(num_retries=3, backoff_duration="10s", backoff_factor=2.0, backoff_max_duration="3600s")\n',
  },
  {
    title: 'turns caching off for a task inside an expression',
    gesture: { kind: 'setCaching', tasks: ['make-2'], enabled: false },
    added: '.set_caching_options(enable_caching=False)',
  },
  {
    title: 'changes and adds resources',
    gesture: {
      kind: 'setResources',
      tasks: ['train'],
      resources: { cpuLimit: '4', memoryLimit: '2G', accelerator: { type: 'nvidia.com/gpu', count: '1' } },
    },
    removed: '("2")',
    added: '("4")',
  },
  {
    title: 'takes resources away',
    gesture: { kind: 'setResources', tasks: ['train'], resources: null },
    removed: '    model.set_cpu_limit("2")\n',
    added: '',
  },
  {
    title: 'tolerates a taint, with the import it needs',
    gesture: {
      kind: 'setKubernetes',
      tasks: ['train'],
      fields: { tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }] },
    },
    added: ', kubernetes',
  },
  {
    title: 'runs a task after another',
    gesture: { kind: 'runAfter', task: 'note-3', after: 'make' },
    removed: '(model)',
    added: '(model, made)',
  },
  {
    title: 'no longer waits',
    gesture: { kind: 'removeRunAfter', task: 'note-3', after: 'train' },
    removed: '    last.after(model)\n',
    added: '',
  },
  {
    title: 'adds a call at the end of a loop',
    gesture: { kind: 'addTask', group: 'for-loop-1', component: { existing: 'comp-note' } },
    added: '        note()\n',
  },
  {
    title: 'deletes a task with its settings',
    gesture: { kind: 'delete', tasks: ['note-3'] },
    removed: '    last = note()\n',
    added: '',
  },
  {
    title: 'wraps a task in an If',
    gesture: {
      kind: 'wrapInIf',
      tasks: ['note-3'],
      condition: {
        left: { kind: 'groupInput', group: '', name: 'rate' },
        operator: '>',
        right: { kind: 'constant', value: 0.1 },
      },
    },
    added: '    with dsl.If(rate > 0.1):\n',
  },
  {
    title: 'wraps a task in a loop',
    gesture: {
      kind: 'wrapInLoop',
      tasks: ['make-2', 'note'],
      items: { kind: 'constant', value: ['x', 'y'] },
      parallelism: 2,
    },
    added: '    with dsl.ParallelFor(["x", "y"], parallelism=2) as item:\n',
  },
  {
    title: 'unpacks a loop that nothing takes items of',
    gesture: { kind: 'unpack', group: 'for-loop-3' },
    removed: '    with dsl.ParallelFor(["fixed"]):\n',
    added: '',
  },
];

const refusals: readonly { title: string; gesture: Gesture; reason: RegExp }[] = [
  {
    title: 'a task whose output others take',
    gesture: { kind: 'delete', tasks: ['make'] },
    reason: /Line \d+ uses made/,
  },
  {
    title: 'what has no meaning in Python',
    gesture: { kind: 'duplicate', tasks: ['make'] },
    reason: /is done in its code/,
  },
  {
    title: 'a task that has another inside its call',
    gesture: { kind: 'wrapInLoop', tasks: ['note'], items: { kind: 'constant', value: ['x'] } },
    reason: /would change more than what was meant/,
  },
  {
    title: 'one call that makes two tasks',
    gesture: { kind: 'setCaching', tasks: ['note-5'], enabled: false },
    reason: /One call makes both/,
  },
  {
    title: 'a call that would lack an input, in the words of the SDK',
    gesture: { kind: 'addTask', group: '', component: { existing: 'comp-make' } },
    reason: /^The SDK would refuse this: .*missing/,
  },
];

describe('Python edited from the canvas', () => {
  let text: string;
  let parser: PythonParser;
  let python: string;
  let compiled: CompileResult;
  const compiler = new PythonCompiler(resolve('python/compile_pipelines.py'));
  afterAll(() => compiler.dispose());
  const compile = (source: string): Promise<CompileResult> =>
    compiler.compile({ python, file, text: source }, signal);
  const edit = (gesture: Gesture): Promise<PythonEdited> => {
    const [pipeline] = compiled.pipelines;
    if (pipeline === undefined) throw new Error('The fixture has a pipeline.');
    const plan = (ir: string, wanted: Gesture) => Promise.resolve(planGesture(ir, wanted));
    return editPython({ parser, compile, plan }, { file, text, pipeline }, gesture, signal);
  };

  beforeAll(async () => {
    text = await readFile(file, 'utf8');
    ({ python } = await new PythonEnvironments().sdk(signal));
    parser = await loadPythonParser({
      runtime: resolve('node_modules/web-tree-sitter/web-tree-sitter.wasm'),
      python: resolve('node_modules/tree-sitter-python/tree-sitter-python.wasm'),
    });
    compiled = await compile(text);
    expect(compiled.problems).toEqual([]);
  });

  it.each(cases)('$title', async ({ gesture, removed = '', added }) => {
    const edited = await edit(gesture);
    if (edited.kind === 'refused') throw new Error(edited.reason);
    const [first] = edited.edits.filter((one) => one.text.trim() !== '' || one.range.end > one.range.start);
    expect(text.slice(first?.range.start, first?.range.end)).toBe(removed);
    expect(`${first?.text.trim()}`).toBe(added.trim());
    // What stays, stays byte by byte: comments, empty lines, line breaks.
    expect(edited.text).toContain('# Where the data comes from.');
  });

  it.each(refusals)('refuses $title', async ({ gesture, reason }) => {
    const edited = await edit(gesture);
    expect(edited.kind).toBe('refused');
    expect(edited.kind === 'refused' ? edited.reason : '').toMatch(reason);
  });
});
