/**
 * Gestures on a graph compiled from Python that bring names, imports and calls into the file; the SDK then makes what
 * was meant. And what a palette offers of Python files.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { PythonCompiler, type CompileResult } from '../../../src/clients/pythonCompiler.ts';
import { definitionsIn } from '../../../src/core/ir/edit/definitions.ts';
import type { ComponentDefinition, Gesture } from '../../../src/core/ir/edit/gesture.ts';
import { planGesture } from '../../../src/core/ir/edit/plan.ts';
import { portViews } from '../../../src/core/ir/edit/portViews.ts';
import { componentsInFile, type PythonFile } from '../../../src/pipelines/python/componentsInFile.ts';
import { editPython } from '../../../src/pipelines/python/edit/editPython.ts';
import { loadPythonParser, type PythonParser } from '../../../src/pipelines/python/syntax.ts';
import type { OfferedComponent } from '../../../src/pipelines/editor/componentFiles.ts';

const FOLDER = resolve('test/fixtures/edited-python');
const FLOW = join(FOLDER, 'flow.py');
const signal = new AbortController().signal;
const compiler = new PythonCompiler(resolve('python/compile_pipelines.py'));
let parser: PythonParser;
let python: string;
let text: string;
let compiled: CompileResult;

beforeAll(async () => {
  ({ python } = await new PythonEnvironments().sdk(signal));
  parser = await loadPythonParser({
    runtime: resolve('node_modules/web-tree-sitter/web-tree-sitter.wasm'),
    python: resolve('node_modules/tree-sitter-python/tree-sitter-python.wasm'),
  });
  text = await readFile(FLOW, 'utf8');
  compiled = await compiler.compile({ python, file: FLOW, text }, signal);
  expect(compiled.problems).toEqual([]);
});
afterAll(() => compiler.dispose());

const offered = (file: PythonFile): readonly OfferedComponent[] =>
  componentsInFile(
    parser,
    {
      compile: ({ path, text: source }, by) =>
        compiler.compile({ python, file: path, text: source, what: 'components' }, by),
      definitions: (ir) => Promise.resolve(definitionsIn(ir)),
    },
    file,
  );

async function componentsOf(...path: readonly string[]): Promise<readonly OfferedComponent[]> {
  const file = join(FOLDER, ...path);
  return offered({ path: file, text: await readFile(file, 'utf8') });
}

async function component(name: string, ...path: readonly string[]): Promise<ComponentDefinition> {
  const found = (await componentsOf(...path)).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${path.join('/')} has no ${name}.`);
  return found.definition(signal);
}

/** The lines that a gesture changes, or the reason why it does not. */
async function edit(gesture: Gesture, of = { file: FLOW, text }): Promise<string> {
  const [pipeline] = compiled.pipelines;
  if (pipeline === undefined) throw new Error('The fixture has a pipeline.');
  const edited = await editPython(
    {
      parser,
      compile: (source, by) => compiler.compile({ python, file: FLOW, text: source }, by),
      plan: (ir, wanted) => Promise.resolve(planGesture(ir, wanted)),
    },
    { ...of, pipeline },
    gesture,
    signal,
  );
  if (edited.kind === 'refused') return edited.reason;
  const before = new Set(of.text.split('\n'));
  const after = new Set(edited.text.split('\n'));
  return [
    ...[...before].filter((line) => !after.has(line)).map((line) => `- ${line.trim()}`),
    ...[...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`),
  ].join('\n');
}

const loaded = { kind: 'taskOutput', task: 'load', output: 'Output' } as const;

describe('a gesture on a pipeline in Python', () => {
  it('names a task whose output it takes', async () => {
    expect(await edit({ kind: 'connect', task: 'alert-2', input: 'text', source: loaded })).toBe(
      '- load(rows=count)\n- alert(text="loaded")\n+     load_task = load(rows=count)\n+     alert(text=load_task.outputs["Output"])',
    );
  });

  it('names a task that another waits for', async () => {
    expect(await edit({ kind: 'runAfter', task: 'alert-2', after: 'load' })).toBe(
      '- load(rows=count)\n- alert(text="loaded")\n+     load_task = load(rows=count)\n+     alert(text="loaded").after(load_task)',
    );
  });

  it('names the items of a loop', async () => {
    const source = { kind: 'loopItem', group: 'for-loop-5' } as const;
    expect(await edit({ kind: 'connect', task: 'for-loop-5/alert-5', input: 'text', source })).toBe(
      '- with dsl.ParallelFor(["a", "b"]):\n- alert(text="in a loop")\n+     with dsl.ParallelFor(["a", "b"]) as item:\n+         alert(text=item)',
    );
  });

  it('wraps tasks in an exit handler', async () => {
    expect(await edit({ kind: 'wrapInExitHandler', tasks: ['load', 'alert-2'], exitTask: 'alert' })).toBe(
      '- load(rows=count)\n- alert(text="loaded")\n+     with dsl.ExitHandler(done):\n+         load(rows=count)\n+         alert(text="loaded")',
    );
  });

  it('changes a condition, and a loop', async () => {
    const left = { kind: 'groupInput', group: '', name: 'count' } as const;
    const right = { kind: 'constant', value: 9 } as const;
    const branch = 'condition-branches-1/condition-2';
    expect(await edit({ kind: 'setCondition', branch, condition: { left, operator: '<=', right } })).toBe(
      '- with dsl.If(count > 2):\n+     with dsl.If(count <= 9):',
    );
    const items = { kind: 'constant', value: ['x'] } as const;
    expect(await edit({ kind: 'setLoop', loop: 'for-loop-5', items, parallelism: 2 })).toBe(
      '- with dsl.ParallelFor(["a", "b"]):\n+     with dsl.ParallelFor(["x"], parallelism=2):',
    );
  });

  it('adds a call of a function of the same file', async () => {
    const definition = await component('unused', 'flow.py');
    expect(
      await edit({ kind: 'addTask', group: '', component: { definition }, inputs: { text: loaded } }),
    ).toBe(
      '- load(rows=count)\n+     load_task = load(rows=count)\n+     unused(text=load_task.outputs["Output"])',
    );
  });

  it('imports what is beside or below the file', async () => {
    const inputs = { rows: { kind: 'taskOutput', task: 'load', output: 'data' } } as const;
    const clean = await component('clean', 'steps.py');
    expect(await edit({ kind: 'addTask', group: '', component: { definition: clean }, inputs })).toBe(
      '- load(rows=count)\n+ from steps import clean\n+     load_task = load(rows=count)\n+     clean(rows=load_task.outputs["data"])',
    );
    const score = await component('score', 'parts', 'score.py');
    const model = { kind: 'constant', value: 'm' } as const;
    expect(
      await edit({
        kind: 'addTask',
        group: 'for-loop-5',
        component: { definition: score },
        inputs: { model },
      }),
    ).toBe('+ from parts.score import score\n+         score(model="m")');
  });

  it('gives an import another name when its own is taken', async () => {
    const definition = await component('alert', 'steps.py');
    const inputs = { text: { kind: 'constant', value: 'x' } } as const;
    expect(await edit({ kind: 'addTask', group: '', component: { definition }, inputs })).toBe(
      '+ from steps import alert as steps_alert\n+     steps_alert(text="x")',
    );
  });

  it('puts a new task above the one that it feeds', async () => {
    const definition = await component('unused', 'flow.py');
    const feeds = { task: 'alert-2', input: 'text', output: 'Output' };
    const inputs = { text: { kind: 'constant', value: 'x' } } as const;
    expect(await edit({ kind: 'addTask', group: '', component: { definition }, inputs, feeds })).toBe(
      '- alert(text="loaded")\n+     unused_task = unused(text="x")\n+     alert(text=unused_task.outputs["Output"])',
    );
  });

  it('refuses, with the reason, what Python cannot import or is no Python', async () => {
    const definition = await component('clean', 'steps.py');
    const elsewhere = { ...definition, python: { file: resolve('/elsewhere/steps.py'), function: 'clean' } };
    const inputs = { rows: { kind: 'taskOutput', task: 'load', output: 'data' } } as const;
    expect(await edit({ kind: 'addTask', group: '', component: { definition: elsewhere }, inputs })).toMatch(
      /clean is in .*steps\.py, which this file cannot import/,
    );
    expect(
      await edit({
        kind: 'addTask',
        group: '',
        component: { definition: { ...definition, python: undefined } },
        inputs,
      }),
    ).toMatch(/no Python function: load it in the code/);
  });
});

describe('what a palette offers of a Python file', () => {
  it('is described without running it as the SDK compiles it', async () => {
    const found = await componentsOf('steps.py');
    expect(found.map(({ name }) => name)).toEqual(['clean', 'convert', 'alert']);
    expect(found[0]?.description).toBe('Drops rows that nobody needs.');
    for (const offer of found) {
      const { name, inputs, outputs } = offer;
      const truth = portViews((await offer.definition(signal)).component);
      const byName = (ports: typeof inputs) => ports.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      expect(byName(inputs), name).toEqual(byName(truth.inputs));
      expect(byName(outputs), name).toEqual(byName(truth.outputs));
    }
  });

  it('keeps the reason why a file cannot be compiled', async () => {
    const path = join(FOLDER, 'steps.py');
    const source = await readFile(path, 'utf8');
    const [clean] = offered({
      path,
      text: source.replace('from kfp import dsl', 'import no_such\nfrom kfp import dsl'),
    });
    expect(clean?.problem).toBeUndefined();
    await expect(clean?.definition(signal)).rejects.toMatchObject({ reason: 'notCompiled' });
    expect(clean?.problem).toMatch(/^Line 3: .*no_such/);
    const [broken] = offered({ path, text: `${source}\ndef broken(:\n` });
    expect(broken?.problem).toMatch(/syntax error near line 25/);
  });
});
