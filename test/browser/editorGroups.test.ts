/** Control flow in the pipeline editor, in a bare Chromium page: conditions, loops, exit handlers, sub-pipelines. */
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { three, useEditor } from './harness/editing.ts';
import { pipeline, step } from './harness/editorScenes.ts';

const { at, components, drag, edited, inputOf, open, port, press, screenshot, tasks, view } = useEditor();

describe('control flow', () => {
  const wired = pipeline({
    tasks: {
      load: step('load'),
      train: step('train', {
        dependentTasks: ['load'],
        inputs: {
          artifacts: { data: { taskOutputArtifact: { producerTask: 'load', outputArtifactKey: 'data' } } },
          parameters: {
            depth: { runtimeValue: { constant: 3 } },
            name: { runtimeValue: { constant: 'm' } },
          },
        },
      }),
      report: step('report', { inputs: { parameters: { text: { runtimeValue: { constant: 'done' } } } } }),
    },
  });

  async function compare(operator: string, value: string): Promise<void> {
    await at('comparison-left').click();
    await view()
      .page.getByRole('option', { name: /train\.score/ })
      .click();
    await at('comparison-operator').click();
    await view().page.getByRole('option', { name: operator, exact: true }).click();
    await at('comparison-value').locator('input').fill(value);
    await press('Enter');
    await expect.poll(() => at('flow-form').count()).toBe(0);
  }
  /** From the context menu of a group's header. */
  async function choose(group: Locator, item: string): Promise<void> {
    await group.click({ button: 'right', position: { x: 60, y: 12 } });
    await view().page.getByRole('menuitem', { name: item }).click();
  }

  it('the selection goes into an If that compares an output', async () => {
    await open(wired);
    await at('node-report').click();
    await at('tool-if').click();
    await at('flow-form').waitFor();
    await at('comparison-left').click();
    await view()
      .page.getByRole('option', { name: /train\.score/ })
      .click();
    await at('comparison-operator').click();
    await view().page.getByRole('option', { name: '>=' }).click();
    await at('comparison-value').locator('input').fill('0.8');
    await screenshot('editor-if');
    await press('Enter');
    await edited(() => tasks()['report'] === undefined);
    expect(view().gestures).toEqual([
      {
        kind: 'wrapInIf',
        tasks: ['report'],
        condition: {
          left: { kind: 'taskOutput', task: 'train', output: 'score' },
          operator: '>=',
          right: { kind: 'constant', value: 0.8 },
        },
      },
    ]);
    await view().page.locator('[data-kind="condition"]').waitFor();
  });

  it('a loop over a written list; its item is wired to a step inside; unpacked again', async () => {
    await open(wired);
    await at('node-train').click();
    await at('tool-loop').click();
    await at('loop-items').locator('input').fill('[2, 4, "x"');
    await expect.poll(() => at('flow-form').locator('.field-error').count()).toBe(1);
    await at('loop-items').locator('input').fill('[2, 4]');
    await press('Enter');
    const loop = view().page.locator('[data-kind="loop"]');
    await loop.waitFor();
    const id = ((await loop.getAttribute('data-testid')) ?? '').replace('node-', '');
    await screenshot('editor-loop');
    await drag(at(`item-${id}`), port(`${id}/train`, 'input-depth'));
    await edited(() => view().text().includes('componentInputParameter: pipelinechannel--loop-item-param'));
    // The header, not the middle, where a step may be.
    await loop.click({ position: { x: 60, y: 12 } });
    await at('tool-unpack').click();
    await edited(() => tasks()['train'] !== undefined || view().gestures.at(-1)?.kind === 'unpack');
  });

  it('a value drawn out of a loop is the list of what its passes gave, and taken back without a trace', async () => {
    await open(pipeline({ tasks: { train: step('train'), pick: step('pick') } }));
    await at('node-train').click();
    await at('tool-loop').click();
    await at('loop-items').locator('input').fill('[2, 4]');
    await press('Enter');
    const loop = view().page.locator('[data-kind="loop"]');
    await loop.waitFor();
    const id = ((await loop.getAttribute('data-testid')) ?? '').replace('node-', '');
    await at(`node-${id}/train`).waitFor();
    await press('Escape');
    await at('flow-form').waitFor({ state: 'detached' });
    const before = view().text();
    await drag(port(`${id}/train`, 'output-score'), port('pick', 'input-scores'));
    await edited(() => inputOf('pick', 'parameters', 'scores') !== undefined);
    await at(`edge-${id}->pick:parameter`).waitFor({ state: 'attached' });
    await screenshot('editor-collected');
    // As the SDK writes dsl.Collected(train.outputs['score']).
    const channel = 'pipelinechannel--train-score';
    expect(inputOf('pick', 'parameters', 'scores')).toEqual({
      taskOutputParameter: { outputParameterKey: channel, producerTask: id },
    });
    expect(tasks()['pick']?.dependentTasks).toEqual([id]);
    expect(components()[tasks()[id]?.componentRef.name ?? '']).toMatchObject({
      dag: {
        outputs: {
          parameters: {
            [channel]: { valueFromParameter: { outputParameterKey: 'score', producerSubtask: 'train' } },
          },
        },
      },
      outputDefinitions: { parameters: { [channel]: { parameterType: 'LIST' } } },
    });
    view().undo();
    await at(`edge-${id}->pick:parameter`).waitFor({ state: 'detached' });
    expect(view().text()).toBe(before);
  });

  it('steps chosen with an If become its Elif; its condition is changed from the menu', async () => {
    const lone = () => ({ inputs: { parameters: { text: { runtimeValue: { constant: 'no' } } } } });
    await open(
      pipeline({
        tasks: {
          train: step('train'),
          report: step('report', lone()),
          other: step('report', lone()),
        },
      }),
    );
    await at('node-report').click();
    await at('tool-if').click();
    await compare('>=', '0.8');
    const condition = view().page.locator('[data-kind="condition"]');
    await condition.first().waitFor();
    await choose(condition.first(), 'Change condition…');
    await compare('==', '0.5');
    await edited(() => view().gestures.at(-1)?.kind === 'setCondition');
    await at('node-other').click({ modifiers: ['Shift'] });
    await choose(condition.first(), 'Add the steps as Elif…');
    await compare('<', '0.2');
    await expect.poll(() => condition.count()).toBe(2);
    await screenshot('editor-branches');
  });

  it('whichever branch ran gives one output', async () => {
    await open(pipeline({ tasks: { train: step('train'), fine: step('train'), coarse: step('train') } }));
    await at('node-fine').click();
    await at('tool-if').click();
    await compare('>=', '0.8');
    const condition = view().page.locator('[data-kind="condition"]');
    await condition.first().waitFor();
    await condition.first().click({ position: { x: 60, y: 12 } });
    await at('node-coarse').click({ modifiers: ['Shift'] });
    await choose(condition.first(), 'Add the steps as Else');
    await expect.poll(() => condition.count()).toBe(2);
    await choose(view().page.locator('[data-kind="branches"]'), 'One output of the branches…');
    await at('one-of-name').locator('input').fill('best');
    for (const branch of [0, 1]) {
      await at(`one-of-${branch}`).click();
      await at(`one-of-${branch}`).getByRole('option', { name: /score/ }).click();
    }
    await screenshot('editor-one-of');
    await at('flow-form').getByText('Add', { exact: true }).click();
    await edited(() => view().gestures.at(-1)?.kind === 'addOneOf');
    await edited(() => /valueFromOneof/i.test(view().text()));
  });

  it('a loop is changed from its menu', async () => {
    await open(wired);
    await at('node-report').click();
    await at('tool-loop').click();
    await at('loop-items').locator('input').fill('[2, 4]');
    await press('Enter');
    const loop = view().page.locator('[data-kind="loop"]');
    await loop.waitFor();
    await choose(loop, 'Change loop…');
    const items = at('loop-items').locator('input');
    await expect.poll(() => items.inputValue()).toBe('[2,4]');
    await items.fill('["a"]');
    await at('loop-parallelism').locator('input').fill('2');
    await press('Enter');
    await edited(() => view().gestures.at(-1)?.kind === 'setLoop');
    expect(view().gestures.at(-1)).toMatchObject({
      items: { kind: 'constant', value: ['a'] },
      parallelism: 2,
    });
  });

  it('an exit handler around all but the step that runs at the end', async () => {
    await open(wired);
    await at('node-load').click();
    await at('node-train').click({ modifiers: ['Shift'] });
    await at('tool-exit').click();
    await at('form-apply').click();
    await edited(() => Object.keys(tasks()).includes('exit-handler-1'));
    expect(view().gestures).toEqual([
      { kind: 'wrapInExitHandler', tasks: ['load', 'train'], exitTask: 'report' },
    ]);
    await screenshot('editor-exit-handler');
  });

  it('a sub-pipeline is opened alone, with a way back; what is added there goes inside', async () => {
    await open(wired);
    await at('node-load').click();
    await at('node-train').click({ modifiers: ['Shift'] });
    await at('tool-group').click();
    await at('name-field').locator('input').fill('prepare');
    await press('Enter');
    await at('node-prepare').waitFor();
    await at('node-prepare').click({ position: { x: 60, y: 12 } });
    await press('o');
    await at('breadcrumbs').waitFor();
    await expect.poll(() => at('node-report').count()).toBe(0);
    await at('node-prepare/train').waitFor();
    await press('Escape');
    await at('canvas').focus();
    await press('a');
    await at('choice-report').click();
    await edited(() => view().text().split('comp-report').length > three.split('comp-report').length);
    await at('node-prepare/report').waitFor();
    await screenshot('editor-breadcrumbs');
    await at('breadcrumbs').getByRole('button', { name: 'churn' }).click();
    await at('node-report').waitFor();
  });

  it('a step is carried into a group and out of it', async () => {
    await open(wired);
    await at('node-train').click();
    await at('tool-loop').click();
    await at('form-apply').click();
    const loop = view().page.locator('[data-kind="loop"]');
    await loop.waitFor();
    const id = ((await loop.getAttribute('data-testid')) ?? '').replace('node-', '');
    const box = await loop.boundingBox();
    if (box === null) throw new Error('No loop');
    await drag(at('node-report'), { x: box.x + 30, y: box.y + box.height - 8 });
    await edited(() => view().gestures.at(-1)?.kind === 'moveTo');
    expect(view().gestures.at(-1)).toEqual({ kind: 'moveTo', tasks: ['report'], group: id });
  });
});
