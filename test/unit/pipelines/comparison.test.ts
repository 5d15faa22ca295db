/** The comparison as its panel drives it, over texts in memory and the real worker. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { GraphWorker } from '../../../src/clients/graphWorker.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { diffPipelines } from '../../../src/core/ir/diff.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import type { DiffSource } from '../../../src/core/protocol/graphDiff.ts';
import { ComparisonController, type DiffText } from '../../../src/pipelines/diff/comparison.ts';
import { specYaml } from '../../../src/pipelines/diff/specYaml.ts';
import { pipelineText, sampleText } from '../../builders/pipelineText.ts';

const worker = new GraphWorker(join(import.meta.dirname, '..', '..', '..', 'src', 'graph-worker.ts'));
afterAll(() => worker.dispose());

const text = (uri: string): DiffSource => ({ kind: 'text', uri });
const changedText = pipelineText('image: busybox', 'image: alpine:3');

/** Two texts that can be changed and taken away, and what was asked of the editor. `code`: what they come from, by URI. */
function compared(before: string, after: string, code: Readonly<Record<string, DiffText['code']>> = {}) {
  const texts = new Map([
    ['before', before],
    ['after', after],
  ]);
  const watching = new Map<string, () => void>();
  const asked: string[] = [];
  const uriOf = (source: DiffSource): string => (source.kind === 'text' ? source.uri : '');
  const done = (what: string): Promise<void> => {
    asked.push(what);
    return Promise.resolve();
  };
  const controller = new ComparisonController(
    {
      worker,
      nameOf: (source) => ({ label: `${uriOf(source)}?`, detail: '' }),
      read: (source) => {
        const uri = uriOf(source);
        const found = texts.get(uri);
        if (found === undefined) return Promise.reject(new SlipwayError('noFile', `${uri} is not there.`));
        const own = code[uri];
        return Promise.resolve({ label: uri, detail: uri, text: found, uri, ...(own && { code: own }) });
      },
      watch: (source, onChange) => {
        watching.set(uriOf(source), onChange);
        return { dispose: () => watching.delete(uriOf(source)) };
      },
      showText: (uri, range) =>
        done(`showText ${uri} ${texts.get(uri)?.slice(range?.start, range?.end) ?? ''}`),
      showDifference: (a, b, title) => done(`showDifference ${a} ${b} ${title}`),
      keepText: (name, kept) => {
        asked.push(`keep ${name}`);
        return `kept:${kept}`;
      },
      onProblem: (message) => asked.push(message),
    },
    { before: text('before'), after: text('after') },
  );
  opened = controller;
  return {
    controller,
    asked,
    watching,
    change: async (uri: string, value: string | undefined) => {
      if (value === undefined) texts.delete(uri);
      else texts.set(uri, value);
      watching.get(uri)?.();
      await controller.settled();
    },
  };
}

let opened: ComparisonController | undefined;
afterEach(() => opened?.dispose());
const forever = new AbortController().signal;

describe('two texts', () => {
  test('are compared and drawn', async () => {
    const { controller } = compared(pipelineText(), changedText);
    expect(controller.state.comparison).toEqual({ kind: 'loading' });
    await controller.settled();
    const { state, handlers } = controller;
    expect(state.title).toBe('before ↔ after');
    expect(state.comparison).toMatchObject({
      kind: 'compared',
      isSame: false,
      isStale: false,
      isDrawn: true,
    });
    const { changes, revision } = await handlers.changes({}, forever);
    expect(changes.nodes).toMatchObject([
      { nodeId: 'use', mark: 'changed', changes: [{ path: 'image', before: 'busybox', after: 'alpine:3' }] },
    ]);
    const drawn = await handlers.drawing({ collapsed: null }, forever);
    expect(drawn.revision).toBe(revision);
    expect(Object.keys(drawn.drawing?.boxes ?? {})).toContain('use');
  });

  test('mean the same, written otherwise', async () => {
    const { controller, change } = compared(pipelineText(), `# a comment\n${pipelineText()}`);
    await controller.settled();
    expect(controller.state.comparison).toMatchObject({ isSame: true, isSameText: false });
    await change('after', pipelineText());
    expect(controller.state.comparison).toMatchObject({ isSame: true, isSameText: true });
  });

  test.each([
    ['', pipelineText(), 'added'],
    [pipelineText(), '', 'removed'],
  ])('of which one is not there: all of the other is new, or gone (%#)', async (before, after, mark) => {
    const { controller } = compared(before, after);
    await controller.settled();
    expect(controller.state.comparison).toMatchObject({ kind: 'compared', isSame: false, isDrawn: true });
    const { changes } = await controller.handlers.changes({}, forever);
    expect(changes.nodes.map((node) => node.mark)).toEqual(['make', 'use'].map(() => mark));
    expect(new Set(changes.edges.map((edge) => edge.mark))).toEqual(new Set([mark]));
    // Of the pipeline itself only what it is called is taken to be the same.
    expect(changes.pipeline.map(({ path }) => path)).not.toContain('name');
  });

  test('are followed; one that is broken has its place, and the last comparison stays', async () => {
    const { controller, change } = compared(pipelineText(), pipelineText());
    await change('after', changedText);
    expect(controller.state.comparison).toMatchObject({ isSame: false });
    const { comparison: good } = controller.state;
    await change('after', pipelineText('pipelineInfo:', 'pipelineInfo: {'));
    expect(controller.state.comparison).toEqual({ ...good, isStale: true });
    const { before, after } = controller.state.sides;
    expect(before.problem).toBeUndefined();
    const line = pipelineText().split('\n').indexOf('pipelineInfo:') + 1;
    expect(after.problem?.line).toBeGreaterThanOrEqual(line);
    await change('after', changedText);
    expect(controller.state).toMatchObject({
      comparison: { isStale: false },
      sides: { after: { problem: undefined } },
    });
  });

  test('one that is not there says so, and is shown when it comes', async () => {
    const { controller, change } = compared(pipelineText(), pipelineText());
    await controller.settled();
    await change('before', undefined);
    expect(controller.state.comparison).toMatchObject({ kind: 'compared', isStale: true });
    expect(controller.state.sides.before).toEqual({
      label: 'before?',
      detail: '',
      problem: { message: 'before is not there.', line: undefined },
    });
    await change('before', changedText);
    expect(controller.state.comparison).toMatchObject({ isStale: false, isSame: false });
  });

  test('neither is a pipeline', async () => {
    const { controller } = compared('hello', 'world');
    await controller.settled();
    const { comparison, sides } = controller.state;
    expect(comparison).toEqual({ kind: 'unreadable' });
    expect([sides.before.problem?.line, sides.after.problem?.line]).toEqual([1, 1]);
    expect((await controller.handlers.drawing({ collapsed: null }, forever)).drawing).toBeNull();
  });

  test('the newest of many changes is what is shown', async () => {
    const { controller, change } = compared(pipelineText(), pipelineText());
    const images = ['a', 'b', 'c', 'd'].map((name) => pipelineText('image: busybox', `image: ${name}`));
    await Promise.all(images.map((one) => change('after', one)));
    const { changes } = await controller.handlers.changes({}, forever);
    expect(changes.nodes[0]?.changes).toEqual([{ path: 'image', before: 'busybox', after: 'd' }]);
  });

  test('nothing is watched or told any more when the panel is gone', async () => {
    const { controller, watching } = compared(pipelineText(), changedText);
    let told = 0;
    controller.onDidChange(() => told++);
    controller.dispose();
    await controller.settled();
    expect([watching.size, told]).toEqual([0, 0]);
  });
});

describe('what the panel can be asked', () => {
  test('other sides', async () => {
    const { controller } = compared(pipelineText(), changedText);
    await controller.settled();
    await controller.handlers.swap({}, forever);
    await controller.settled();
    expect(controller.target).toEqual({ before: text('after'), after: text('before') });
    const { changes } = await controller.handlers.changes({}, forever);
    expect(changes.nodes[0]?.changes).toEqual([{ path: 'image', before: 'alpine:3', after: 'busybox' }]);
  });

  test('groups closed or open', async () => {
    const loops = sampleText('pipeline_with_loops.yaml');
    const { controller } = compared(loops, loops);
    await controller.settled();
    const { handlers } = controller;
    const open = await handlers.drawing({ collapsed: null }, forever);
    const inLoop = open.drawing?.graph.nodes.find(({ parent }) => parent === 'for-loop-1')?.id ?? '';
    expect(open.drawing?.boxes[inLoop]).toBeDefined();
    const closed = await handlers.drawing({ collapsed: ['for-loop-1'] }, forever);
    expect(closed.drawing?.boxes[inLoop]).toBeUndefined();
  });

  test('the text of a side at its problem, of a step, of a field, and both texts', async () => {
    const { controller, asked, change } = compared(pipelineText(), changedText);
    await controller.settled();
    const { handlers } = controller;
    await handlers.openNode({ nodeId: 'use', side: 'before' }, forever);
    expect(asked.pop()).toMatch(/^showText before[^]*componentRef/);
    await handlers.openField({ nodeId: 'use', path: 'image' }, forever);
    expect(asked.splice(0)).toEqual([
      expect.stringMatching(/^keep diff-\d+\/before\/use image\.txt$/),
      expect.stringMatching(/^keep diff-\d+\/after\/use image\.txt$/),
      'showDifference kept:busybox kept:alpine:3 use image (before ↔ after)',
    ]);
    await expect(handlers.openField({ nodeId: 'use', path: 'retry' }, forever)).rejects.toMatchObject({
      reason: 'notCompared',
    });
    await handlers.openTexts({}, forever);
    expect(asked.pop()).toBe('showDifference before after before ↔ after');
    await change('after', 'pipelineInfo: {');
    await handlers.openSide({ side: 'after' }, forever);
    expect(asked.pop()).toMatch(/^showText after/);
    await change('after', undefined);
    await expect(handlers.openTexts({}, forever)).rejects.toMatchObject({ reason: 'notRead' });
  });

  test('of Python: what people wrote, at the call of a step; beside IR, its IR', async () => {
    const rangeOf = (nodeId: string) => (nodeId === 'use' ? { start: 0, end: 0 } : undefined);
    const python = (uri: string) => ({ uri, rangeOf });
    const both = compared(pipelineText(), changedText, { before: python('old.py'), after: python('new.py') });
    await both.controller.settled();
    await both.controller.handlers.openNode({ nodeId: 'use', side: 'after' }, forever);
    await both.controller.handlers.openSide({ side: 'before' }, forever);
    await both.controller.openTexts();
    expect(both.asked).toEqual([
      'showText new.py ',
      'showText old.py ',
      'showDifference old.py new.py before ↔ after',
    ]);
    both.controller.dispose();
    const one = compared(pipelineText(), changedText, { before: python('old.py') });
    await one.controller.settled();
    await one.controller.openTexts();
    expect(one.asked).toEqual(['showDifference before after before ↔ after']);
  });
});

describe('what a service keeps, as a text', () => {
  const samples = readdirSync('test/fixtures/kfp/samples').filter((name) => name.endsWith('.yaml'));
  test.each(samples)('%s means the same', (name) => {
    const documents = specToDocuments(sampleText(name));
    if (documents.kind === 'notPipeline') throw new Error(documents.problem.message);
    const [a, b] = [sampleText(name), specYaml(documents)].map((one) => parsePipeline(one));
    if (a?.kind !== 'pipeline' || b?.kind !== 'pipeline') throw new Error('This cannot be read.');
    expect(diffPipelines(a.document, b.document).isSame).toBe(true);
  });
});
