import { describe, expect, test } from 'vitest';
import { analyse } from '../../../../src/core/ir/analyse.ts';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { planGesture, type Plan } from '../../../../src/core/ir/edit/plan.ts';
import type { Analyser } from '../../../../src/pipelines/analyser.ts';
import { GestureQueue } from '../../../../src/pipelines/editor/gestureQueue.ts';
import { MAX_EDITED_LENGTH, TextDrawing } from '../../../../src/pipelines/editor/textDrawing.ts';
import { MemoryText } from '../../../builders/memoryText.ts';
import { until } from '../../webviews/host/fakes.ts';

const three = `# Kept as it is.
pipelineInfo:
  name: churn
root:
  dag:
    tasks:
      a: # the first
        componentRef:
          name: comp-a
        taskInfo:
          name: a
      b:
        componentRef:
          name: comp-a
        dependentTasks:
        - a
        taskInfo:
          name: b
      c:
        componentRef:
          name: comp-a
        dependentTasks:
        - b
        taskInfo:
          name: c
components:
  comp-a:
    executorLabel: exec-a
deploymentSpec:
  executors:
    exec-a:
      container:
        image: python:3.11
        command: [echo, hi]
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
`;

const analyser: Analyser = {
  analyse: (request) => {
    const engine = { dot: () => 'graph 1 1 1\nstop\n' };
    return Promise.resolve(
      analyse(request, { engine, memory: { get: () => undefined, set: () => undefined } }),
    );
  },
};

async function open(content: string, uri?: string) {
  const text = new MemoryText(content, uri);
  const drawing = new TextDrawing(text, analyser);
  const queue = new GestureQueue(drawing);
  await drawing.document.settled();
  const perform = (gesture: Gesture, revision = drawing.document.revision) =>
    queue.perform(revision, (now) => Promise.resolve(planGesture(now, gesture)));
  return { text, drawing, queue, perform };
}
const nodes = (drawing: TextDrawing): readonly string[] =>
  drawing.document.analysis?.drawing?.graph.nodes.map(({ id }) => id) ?? [];

describe('a gesture', () => {
  test('is one undo step, drawn when it is done; undone, every byte is back', async () => {
    const { text, drawing, perform } = await open(three);
    const outcome = await perform({ kind: 'delete', tasks: ['a', 'b'] });
    expect(outcome.kind).toBe('done');
    expect(nodes(drawing)).toEqual(['c']);
    expect(text.steps).toBe(1);
    expect(text.text).toContain('# Kept as it is.');
    await text.undo();
    await drawing.document.settled();
    expect(text.text).toBe(three);
    expect(nodes(drawing)).toEqual(['a', 'b', 'c']);
  });

  test('made on the drawing before another one’s result is planned on that result', async () => {
    const { text, drawing, perform } = await open(three);
    const { revision } = drawing.document;
    const outcomes = await Promise.all([
      perform({ kind: 'delete', tasks: ['a'] }, revision),
      perform({ kind: 'delete', tasks: ['b'] }, revision),
      perform({ kind: 'delete', tasks: ['a'] }, revision),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'refused']);
    expect(nodes(drawing)).toEqual(['c']);
    expect(text.steps).toBe(2);
  });

  test('that fails takes the next one with it no further', async () => {
    const { drawing, queue, perform } = await open(three);
    const broken = queue.perform(drawing.document.revision, () => Promise.reject(new Error('worker gone')));
    const next = perform({ kind: 'delete', tasks: ['a'] });
    await expect(broken).rejects.toThrow('worker gone');
    expect((await next).kind).toBe('done');
  });

  test('made on what somebody has typed over since is refused; on the new drawing it is done', async () => {
    const { text, drawing, perform } = await open(three);
    const { revision } = drawing.document;
    text.type(three.replace('hi]', 'hello]'));
    expect(await perform({ kind: 'delete', tasks: ['a'] }, revision)).toMatchObject({ kind: 'refused' });
    await until(() => drawing.document.revision > revision && drawing.isEditable(drawing.document.revision));
    expect(await perform({ kind: 'delete', tasks: ['a'] }, revision)).toMatchObject({ kind: 'refused' });
    expect(text.text).toBe(three.replace('hi]', 'hello]'));
    expect((await perform({ kind: 'delete', tasks: ['a'] })).kind).toBe('done');
  });

  test('is refused when the text moves on while it is planned', async () => {
    const { text, drawing, queue } = await open(three);
    const typed = three.replace('hi]', 'hello]');
    const outcome = await queue.perform(drawing.document.revision, (now): Promise<Plan> => {
      text.type(typed);
      return Promise.resolve(planGesture(now, { kind: 'delete', tasks: ['a'] }));
    });
    expect(outcome.kind).toBe('refused');
    expect(text.text).toBe(typed);
  });

  test('made before an undo still means its tasks', async () => {
    const { text, drawing, perform } = await open(three);
    await perform({ kind: 'delete', tasks: ['a'] });
    const { revision } = drawing.document;
    await text.undo();
    expect((await perform({ kind: 'delete', tasks: ['c'] }, revision)).kind).toBe('done');
    expect(nodes(drawing)).toEqual(['a', 'b']);
  });
});

describe('a text that is not edited', () => {
  test('because it is only for reading', async () => {
    const { text, perform } = await open(three);
    text.readOnlyReason = 'A copy.';
    expect(await perform({ kind: 'delete', tasks: ['a'] })).toEqual({ kind: 'refused', reason: 'A copy.' });
    expect(text.text).toBe(three);
  });

  test('because it is larger than 5 MB; it is drawn all the same', async () => {
    const large = `${three}# ${'x'.repeat(MAX_EDITED_LENGTH)}\n`;
    const { text, drawing, perform } = await open(large);
    expect(nodes(drawing)).toEqual(['a', 'b', 'c']);
    expect(await perform({ kind: 'delete', tasks: ['a'] })).toMatchObject({ kind: 'refused' });
    expect(text.text).toBe(large);
  });

  test('because it is broken', async () => {
    const broken = `${three}root: [\n`;
    const { text, perform } = await open(broken);
    expect(await perform({ kind: 'delete', tasks: ['a'] })).toMatchObject({ kind: 'refused' });
    expect(text.text).toBe(broken);
  });
});

test.each(['', '\n\n', '  \r\n'])(
  'a blank file %j is a pipeline without steps, named as its file',
  async (blank) => {
    const { text, drawing, perform } = await open(blank, 'file:///w/My%20Model.pipeline.yaml');
    expect(drawing.document.view.kind).toBe('empty');
    const definition = {
      name: 'comp-a',
      component: { executorLabel: 'exec-a' },
      executors: { 'exec-a': { container: { image: 'python:3.11', command: ['echo', 'hi'] } } },
    };
    const outcome = await perform({ kind: 'addTask', group: '', component: { definition } });
    expect(outcome.kind).toBe('done');
    expect(drawing.document.analysis?.document.name).toBe('my-model');
    expect(drawing.document.isRunnable).toBe(true);
    await text.undo();
    expect(text.text).toBe(blank);
  },
);
