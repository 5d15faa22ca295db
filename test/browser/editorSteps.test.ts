/** Wires and steps of the pipeline editor in a bare Chromium page: every gesture ends in the text, by the engine that ships. */
import { describe, expect, it } from 'vitest';
import { middle, three, useEditor } from './harness/editing.ts';
import { pipeline, step } from './harness/editorScenes.ts';

const { at, drag, edited, inputOf, open, port, press, screenshot, tasks, view } = useEditor();

describe('wires', () => {
  it('an output drawn to the input of its type is a source in the text', async () => {
    await open(three);
    await drag(port('load', 'output-data'), port('train', 'input-data'));
    await edited(() => inputOf('train', 'artifacts', 'data') !== undefined);
    expect(inputOf('train', 'artifacts', 'data')).toEqual({
      taskOutputArtifact: { producerTask: 'load', outputArtifactKey: 'data' },
    });
    expect(tasks()['train']?.dependentTasks).toEqual(['load']);
    await at('edge-load->train:artifact').waitFor({ state: 'attached' });
  });

  it('each value has its own line, from dot to dot', async () => {
    await open(
      pipeline({
        tasks: {
          load: step('load'),
          train: step('train', {
            dependentTasks: ['load'],
            inputs: {
              artifacts: {
                data: { taskOutputArtifact: { producerTask: 'load', outputArtifactKey: 'data' } },
              },
              parameters: {
                depth: { taskOutputParameter: { producerTask: 'load', outputParameterKey: 'rows' } },
              },
            },
          }),
        },
      }),
    );
    for (const [kind, from, to] of [
      ['artifact', 'output-data', 'input-data'],
      ['parameter', 'output-rows', 'input-depth'],
    ] as const) {
      const [start, end] = await at(`edge-load->train:${kind}`)
        .locator('path')
        .first()
        .evaluate((path: SVGPathElement) => {
          const matrix = path.getScreenCTM();
          if (matrix === null) throw new Error('Not drawn.');
          return [0, path.getTotalLength()].map((length) => {
            const { x, y } = path.getPointAtLength(length).matrixTransform(matrix);
            return { x, y };
          });
        });
      for (const [drawn, dot] of [
        [start, await middle(port('load', from))],
        [end, await middle(port('train', to))],
      ] as const)
        expect(Math.hypot((drawn?.x ?? 0) - dot.x, (drawn?.y ?? 0) - dot.y)).toBeLessThan(3);
    }
  });

  it('what does not fit dims, says why, and is refused beside the pointer', async () => {
    await open(three);
    await drag(port('load', 'output-data'), port('report', 'input-text'), false);
    await expect.poll(() => at('node-report').getAttribute('class')).toContain('wire-refuses');
    await expect.poll(() => at('node-train').getAttribute('class')).toContain('wire-takes');
    await expect.poll(() => at('wire-note').textContent()).toMatch(/text/);
    await screenshot('editor-wire-refused');
    await view().page.mouse.up();
    await at('refusal').waitFor();
    const reason = (await at('refusal').textContent()) ?? '';
    await expect.poll(() => at('announcer').textContent()).toBe(`Refused: ${reason}`);
    expect(view().text()).toBe(three);
    expect(view().gestures).toEqual([]);
  });

  it('a wire let go on a card asks which of several inputs was meant, and connects the only one at once', async () => {
    await open(pipeline({ tasks: { load: step('load'), train: step('train'), other: step('train') } }));
    // An integer fits only `depth`; the artifact only `data`.
    await drag(port('load', 'output-rows'), at('node-train'));
    await edited(() => inputOf('train', 'parameters', 'depth') !== undefined);
    expect(inputOf('train', 'parameters', 'depth')).toEqual({
      taskOutputParameter: { producerTask: 'load', outputParameterKey: 'rows' },
    });
  });

  it('a wire into the empty offers only what takes it, and joins it at once', async () => {
    await open(three);
    const canvas = await middle(at('canvas'));
    await drag(port('load', 'output-data'), { x: canvas.x, y: canvas.y + 200 });
    await at('chooser').waitFor();
    await at('choice-train').waitFor();
    await expect.poll(() => at('choice-report').count()).toBe(0);
    await screenshot('editor-quick-add');
    await press('Enter');
    await edited(() => Object.keys(tasks()).length === 4);
    const added = Object.keys(tasks()).find((key) => !['load', 'train', 'report'].includes(key)) ?? '';
    expect(inputOf(added, 'artifacts', 'data')).toEqual({
      taskOutputArtifact: { producerTask: 'load', outputArtifactKey: 'data' },
    });
    await expect.poll(() => at(`node-${added}`).getAttribute('class')).toContain('selected');
  });

  it('an input can be drawn back to what feeds it', async () => {
    await open(three);
    await drag(port('train', 'input-data'), at('node-load'));
    await edited(() => inputOf('train', 'artifacts', 'data') !== undefined);
  });

  it('the order mark draws "runs after", and the edge can be deleted', async () => {
    await open(three);
    await drag(port('load', 'output-order'), at('node-report'));
    await edited(() => tasks()['report']?.dependentTasks?.[0] === 'load');
    await at('edge-load->report:order').dispatchEvent('click');
    await press('Delete');
    await edited(() => tasks()['report']?.dependentTasks === undefined);
  });

  it('Escape lets a wire go without a trace', async () => {
    await open(three);
    await drag(port('load', 'output-data'), at('node-train'), false);
    await at('wire').waitFor();
    await press('Escape');
    await expect.poll(() => at('wire').count()).toBe(0);
    await view().page.mouse.up();
    expect(view().gestures).toEqual([]);
  });
});

describe('steps', () => {
  it('rename in place by F2; Escape keeps the old name', async () => {
    await open(three);
    await at('node-train').click();
    await press('F2');
    await at('rename-field').fill('nothing');
    await press('Escape');
    await expect.poll(() => at('rename-field').count()).toBe(0);
    await press('F2');
    await at('rename-field').fill('fit model');
    await press('Enter');
    await edited(() => view().gestures.length === 1);
    expect(view().gestures[0]).toEqual({ kind: 'rename', task: 'train', name: 'fit model' });
    expect(view().text()).toContain('fit model');
    // The keyboard is back on the canvas.
    await expect
      .poll(() => view().page.evaluate(() => document.activeElement?.className))
      .toContain('canvas');
  });

  it('several are chosen by Shift and by a box, and deleted as one gesture', async () => {
    await open(three);
    await at('node-load').click();
    await at('node-report').click({ modifiers: ['Shift'] });
    await screenshot('editor-two-selected');
    const box = await at('canvas').boundingBox();
    if (box === null) throw new Error('No canvas');
    await press('Escape');
    await press('f');
    await view().page.keyboard.down('Shift');
    await view().page.mouse.move(box.x + 40, box.y + 40);
    await view().page.mouse.down();
    const { x, y } = await middle(at('node-train'));
    await view().page.mouse.move(x, y, { steps: 5 });
    await view().page.mouse.up();
    await view().page.keyboard.up('Shift');
    await expect.poll(() => at('node-report').getAttribute('class')).not.toContain('selected');
    await expect.poll(() => at('node-train').getAttribute('class')).toContain('selected');
    await press('Delete');
    await edited(() => Object.keys(tasks()).join() === 'report');
    expect(view().gestures).toEqual([{ kind: 'delete', tasks: ['load', 'train'] }]);
    view().undo();
    await at('node-load').waitFor();
    expect(view().text()).toBe(three);
  });

  it('duplicate, copy, paste and select all by their keys', async () => {
    await open(three);
    await at('node-train').click();
    await press('Control+d');
    await edited(() => Object.keys(tasks()).length === 4);
    await at('node-train').click();
    await press('Control+c');
    await expect.poll(() => view().asked).toContain('copy train');
    await press('Control+v');
    await edited(() => Object.keys(tasks()).length === 5);
    await press('Control+a');
    await press('Delete');
    await edited(() => Object.keys(tasks()).length === 0);
    await at('start').waitFor();
  });

  it('the context menu does the same by keyboard', async () => {
    await open(three);
    await at('node-train').click();
    await press('Shift+F10');
    await at('menu').waitFor();
    await screenshot('editor-menu');
    for (const letter of ['D', 'D']) await press(letter);
    await press('Enter');
    await edited(() => tasks()['train'] === undefined);
  });
});
