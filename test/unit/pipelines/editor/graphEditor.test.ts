import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { analyse } from '../../../../src/core/ir/analyse.ts';
import type { ComponentDefinition } from '../../../../src/core/ir/edit/gesture.ts';
import type { PaletteEntry } from '../../../../src/core/protocol/graphEdit.ts';
import type { Analyser } from '../../../../src/pipelines/analyser.ts';
import { GraphEditor } from '../../../../src/pipelines/editor/graphEditor.ts';
import type { PaletteSource } from '../../../../src/pipelines/editor/palette.ts';
import { fakeEditServices } from '../../../builders/editServices.ts';
import { MemoryText } from '../../../builders/memoryText.ts';
import { pipelineText, sampleText } from '../../../builders/pipelineText.ts';

const never = new AbortController().signal;
const analyser: Analyser = {
  analyse: (request) => {
    const engine = { dot: () => 'graph 1 1 1\nstop\n' };
    return Promise.resolve(
      analyse(request, { engine, memory: { get: () => undefined, set: () => undefined } }),
    );
  },
};

async function open(content: string, sources: readonly PaletteSource[] = []) {
  const text = new MemoryText(content);
  const services = fakeEditServices(sources);
  const editor = new GraphEditor(text, analyser, services);
  await editor.document.settled();
  return { text, services, editor, ask: editor.handlers, revision: () => editor.document.revision };
}

describe('the clipboard', () => {
  test('carries a task with all it needs into another file', async () => {
    const from = await open(pipelineText());
    await from.ask.copy({ nodeIds: ['make'] }, never);
    const to = await open('');
    to.services.clipboardText = from.services.clipboardText;
    expect(await to.ask.paste({ revision: to.revision(), group: '' }, never)).toMatchObject({ kind: 'done' });
    expect(parse(to.text.text)).toMatchObject({
      components: { 'comp-make': { executorLabel: 'exec-make' } },
      deploymentSpec: { executors: { 'exec-make': { container: { image: 'alpine' } } } },
      root: { dag: { tasks: { make: { componentRef: { name: 'comp-make' } } } } },
    });
    expect(to.text.steps).toBe(1);
  });

  test('is waited for by a paste that follows at once', async () => {
    const { ask, text, revision } = await open(pipelineText());
    const copied = ask.copy({ nodeIds: ['make'] }, never);
    const pasted = await ask.paste({ revision: revision(), group: '' }, never);
    await copied;
    expect(pasted).toMatchObject({ kind: 'done' });
    expect(text.steps).toBe(1);
  });

  test.each(['', 'some words', '{"slipway": "tasks"}', '[1, 2]'])(
    '%j on it pastes nothing',
    async (clipboard) => {
      const { ask, services, text, revision } = await open(pipelineText());
      services.clipboardText = clipboard;
      expect(await ask.paste({ revision: revision(), group: '' }, never)).toMatchObject({ kind: 'refused' });
      expect(text.text).toBe(pipelineText());
    },
  );
});

describe('problems', () => {
  const misspelt = pipelineText('name: comp-use', 'name: comp-uze');

  test('are listed with their fixes, shown in the text, and mended by one', async () => {
    const { ask, text, services, revision } = await open(misspelt);
    const { rows } = await ask.problems({}, never);
    const row = rows.find(({ severity, fixes }) => severity === 'error' && fixes.length > 0);
    if (row === undefined) throw new Error('There is no problem with a fix.');
    await ask.showProblemText({ problemId: row.id }, never);
    const [, uri, range] = services.asked[0] ?? [];
    const { start, end } = range as { start: number; end: number };
    expect([uri, text.text.slice(start, end)]).toEqual([text.uri, 'comp-uze']);
    const fix = { revision: revision(), problemId: row.id, fixId: row.fixes[0]?.id ?? '' };
    expect(await ask.applyFix(fix, never)).toMatchObject({ kind: 'done' });
    expect(text.text).toBe(pipelineText());
    expect((await ask.problems({}, never)).rows).toEqual([]);
    expect(() => ask.applyFix(fix, never)).toThrow(/is gone/);
  });

  test('whose fix is a gesture are mended by it, as one undo step', async () => {
    const unfed = pipelineText(
      `          parameters:
            text:
              taskOutputParameter:
                outputParameterKey: Output
                producerTask: make
`,
      '',
    );
    const { ask, text, revision } = await open(unfed);
    const { rows } = await ask.problems({}, never);
    expect(rows).toMatchObject([{ severity: 'error', nodeId: 'use' }]);
    const [row] = rows;
    expect(row?.fixes.length).toBeGreaterThan(0);
    for (const fix of row?.fixes ?? []) {
      const [now] = (await ask.problems({}, never)).rows;
      const outcome = await ask.applyFix(
        { revision: revision(), problemId: now?.id ?? '', fixId: fix.id },
        never,
      );
      expect(outcome.kind, fix.title).toBe('done');
      expect((await ask.problems({}, never)).rows, fix.title).toEqual([]);
      expect(text.steps).toBe(1);
      await ask.undo({}, never);
      expect(text.text).toBe(unfed);
    }
  });
});

describe('what a wire may reach', () => {
  test('is what connect would take, with the reason for the rest', async () => {
    const { ask, revision } = await open(pipelineText());
    const source = { kind: 'taskOutput', task: 'make', output: 'data' } as const;
    const { inputs } = await ask.targets({ source }, never);
    expect(inputs.map(({ task, input }) => `${task}.${input}`).toSorted()).toEqual([
      'make.count',
      'use.data',
      'use.text',
    ]);
    for (const { task, input, refused } of inputs) {
      const outcome = await ask.edit(
        { revision: revision(), gesture: { kind: 'connect', task, input, source } },
        never,
      );
      expect(outcome.kind === 'refused' ? outcome.reason : undefined, input).toBe(refused);
    }
  });
});

describe('the palette', () => {
  const definition: ComponentDefinition = {
    name: 'comp-clean',
    component: { executorLabel: 'exec-clean' },
    executors: { 'exec-clean': { container: { image: 'alpine', command: ['true'] } } },
  };
  const entry: PaletteEntry = {
    id: 'file:///clean.yaml#comp-clean',
    name: 'clean',
    description: 'Drops empty rows.',
    group: 'workspace',
    origin: 'parts/clean.yaml',
    inputs: [{ name: 'table', kind: 'artifact', type: 'system.Dataset', isOptional: false }],
    outputs: [],
  };
  const source: PaletteSource = {
    entries: () => Promise.resolve([entry]),
    definition: (id) => Promise.resolve(id === entry.id ? definition : undefined),
  };

  test('offers the file’s own components and those from elsewhere, by words', async () => {
    const { ask } = await open(pipelineText(), [source]);
    const names = async (query: string) => (await ask.palette({ query }, never)).map(({ name }) => name);
    expect(await names('')).toEqual(['make', 'use', 'clean']);
    expect(await names('empty PARTS')).toEqual(['clean']);
    expect(await names('nothing like this')).toEqual([]);
  });

  test('leaves out what the compiler made for loops and conditions', async () => {
    const { ask } = await open(sampleText('if_else_with_oneof_parameters.yaml'));
    const entries = await ask.palette({ query: '' }, never);
    expect(entries.filter(({ name }) => name.startsWith('condition'))).toEqual([]);
    expect(entries.length).toBeGreaterThan(0);
  });

  test('for a dangling edge it offers only what fits', async () => {
    const { ask } = await open(pipelineText(), [source]);
    const fits = { side: 'input', kind: 'artifact', type: 'system.Dataset' } as const;
    expect((await ask.palette({ query: '', fits }, never)).map(({ name }) => name)).toEqual(['use', 'clean']);
    const model = { ...fits, type: 'system.Model' };
    expect(await ask.palette({ query: '', fits: model }, never)).toEqual([]);
  });

  test('a component of the file is used again, not copied', async () => {
    const { ask, text, revision } = await open(pipelineText());
    const definition = await ask.paletteItem({ id: 'comp-make' }, never);
    const gesture = { kind: 'addTask', group: '', component: { definition } } as const;
    expect(await ask.edit({ revision: revision(), gesture }, never)).toMatchObject({ kind: 'done' });
    expect(parse(text.text)).toMatchObject({
      root: { dag: { tasks: { 'make-2': { componentRef: { name: 'comp-make' } } } } },
    });
  });

  test('gives what is to be added; what is gone is a sentence', async () => {
    const { ask } = await open(pipelineText(), [source]);
    expect(await ask.paletteItem({ id: entry.id }, never)).toEqual(definition);
    await expect(ask.paletteItem({ id: 'gone' }, never)).rejects.toMatchObject({ reason: 'noComponent' });
  });
});

test('a new Python component is a step that can be opened as code', async () => {
  const { ask, services, revision } = await open('');
  const made = await ask.newPythonComponent({ revision: revision(), group: '', name: 'Clean up' }, never);
  expect(made).toMatchObject({ kind: 'done' });
  const [nodeId = ''] = made.kind === 'done' ? made.selection : [];
  await ask.editCode({ nodeId }, never);
  expect(services.asked).toEqual([['openCode', 'file:///churn.pipeline.yaml', 'comp-clean-up']]);
  await expect(ask.editCode({ nodeId: 'nothing' }, never)).rejects.toMatchObject({ reason: 'noCode' });
});
