/** The pipeline editor in a bare Chromium page: every gesture ends in the text, by the engine that ships. */
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { canvasKeyList } from '../../src/core/protocol/canvasKeys.ts';
import { openEditor, type EditorScene, type EditorView } from './canvas/editorView.ts';
import { manySteps, palette, pipeline, step } from './canvas/editorScenes.ts';
import type { ThemeName } from './canvas/page.ts';
import { useScreen } from './canvas/screen.ts';
import { accessibilityViolations } from './harness/accessibility.ts';

const { at, show, screenshot } = useScreen();
let view: EditorView;

async function open(
  text: string,
  scene: Partial<EditorScene> = {},
  theme: ThemeName = 'dark',
): Promise<void> {
  view = await show((browser, server) => openEditor(browser, server, theme, { text, palette, ...scene }));
}
const task = z.object({
  componentRef: z.object({ name: z.string() }),
  dependentTasks: z.array(z.string()).optional(),
  inputs: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  triggerPolicy: z.unknown().optional(),
  parameterIterator: z.unknown().optional(),
  retryPolicy: z.unknown().optional(),
  cachingOptions: z.object({ enableCache: z.boolean().optional() }).optional(),
});
const file = z.object({
  components: z.record(z.string(), z.unknown()).optional(),
  root: z.object({
    dag: z.object({ tasks: z.record(z.string(), task), outputs: z.unknown().optional() }),
    inputDefinitions: z.unknown().optional(),
  }),
});
/** The tasks of the pipeline, read from its text by a parser that is not ours. */
const tasks = (): z.infer<typeof file>['root']['dag']['tasks'] =>
  file.parse(parse(view.text())).root.dag.tasks;
const inputOf = (key: string, kind: 'parameters' | 'artifacts', name: string): unknown =>
  tasks()[key]?.inputs?.[kind]?.[name];

const port = (node: string, testId: string): Locator => at(`node-${node}`).getByTestId(testId);

async function middle(locator: Locator): Promise<{ x: number; y: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('Not on screen.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
/** Presses on one, moves in steps as a hand does, and waits for the wire before letting go. */
async function drag(from: Locator, to: Locator | { x: number; y: number }, isLetGo = true): Promise<void> {
  const { mouse } = view.page;
  const start = await middle(from);
  const end = 'x' in to ? to : await middle(to);
  await mouse.move(start.x, start.y);
  await mouse.down();
  await mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
  await mouse.move(end.x, end.y, { steps: 4 });
  if (isLetGo) await mouse.up();
}
const edited = (change: () => boolean): Promise<void> => expect.poll(change, { timeout: 10_000 }).toBe(true);
const press = (keys: string): Promise<void> => view.page.keyboard.press(keys);

const three = pipeline({ tasks: { load: step('load'), train: step('train'), report: step('report') } });

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
    expect(await at('wire-note').textContent()).toMatch(/text/);
    await screenshot('editor-wire-refused');
    await view.page.mouse.up();
    await at('refusal').waitFor();
    const reason = (await at('refusal').textContent()) ?? '';
    expect(await at('announcer').textContent()).toBe(`Refused: ${reason}`);
    expect(view.text()).toBe(three);
    expect(view.gestures).toEqual([]);
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
    expect(await at('choice-report').count()).toBe(0);
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
    await view.page.mouse.up();
    expect(view.gestures).toEqual([]);
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
    await edited(() => view.gestures.length === 1);
    expect(view.gestures[0]).toEqual({ kind: 'rename', task: 'train', name: 'fit model' });
    expect(view.text()).toContain('fit model');
    // The keyboard is back on the canvas.
    await expect.poll(() => view.page.evaluate(() => document.activeElement?.className)).toContain('canvas');
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
    await view.page.keyboard.down('Shift');
    await view.page.mouse.move(box.x + 40, box.y + 40);
    await view.page.mouse.down();
    const { x, y } = await middle(at('node-train'));
    await view.page.mouse.move(x, y, { steps: 5 });
    await view.page.mouse.up();
    await view.page.keyboard.up('Shift');
    await expect.poll(() => at('node-report').getAttribute('class')).not.toContain('selected');
    await expect.poll(() => at('node-train').getAttribute('class')).toContain('selected');
    await press('Delete');
    await edited(() => Object.keys(tasks()).join() === 'report');
    expect(view.gestures).toEqual([{ kind: 'delete', tasks: ['load', 'train'] }]);
    view.undo();
    await at('node-load').waitFor();
    expect(view.text()).toBe(three);
  });

  it('duplicate, copy, paste and select all by their keys', async () => {
    await open(three);
    await at('node-train').click();
    await press('Control+d');
    await edited(() => Object.keys(tasks()).length === 4);
    await at('node-train').click();
    await press('Control+c');
    await expect.poll(() => view.asked).toContain('copy train');
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
    await view.page.getByRole('option', { name: /train\.score/ }).click();
    await at('comparison-operator').click();
    await view.page.getByRole('option', { name: operator, exact: true }).click();
    await at('comparison-value').locator('input').fill(value);
    await press('Enter');
    await expect.poll(() => at('flow-form').count()).toBe(0);
  }
  /** From the context menu of a group's header. */
  async function choose(group: Locator, item: string): Promise<void> {
    await group.click({ button: 'right', position: { x: 60, y: 12 } });
    await view.page.getByRole('menuitem', { name: item }).click();
  }

  it('the selection goes into an If that compares an output', async () => {
    await open(wired);
    await at('node-report').click();
    await at('tool-if').click();
    await at('flow-form').waitFor();
    await at('comparison-left').click();
    await view.page.getByRole('option', { name: /train\.score/ }).click();
    await at('comparison-operator').click();
    await view.page.getByRole('option', { name: '>=' }).click();
    await at('comparison-value').locator('input').fill('0.8');
    await screenshot('editor-if');
    await press('Enter');
    await edited(() => tasks()['report'] === undefined);
    expect(view.gestures).toEqual([
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
    await view.page.locator('[data-kind="condition"]').waitFor();
  });

  it('a loop over a written list; its item is wired to a step inside; unpacked again', async () => {
    await open(wired);
    await at('node-train').click();
    await at('tool-loop').click();
    await at('loop-items').locator('input').fill('[2, 4, "x"');
    await expect.poll(() => at('flow-form').locator('.field-error').count()).toBe(1);
    await at('loop-items').locator('input').fill('[2, 4]');
    await press('Enter');
    const loop = view.page.locator('[data-kind="loop"]');
    await loop.waitFor();
    const id = ((await loop.getAttribute('data-testid')) ?? '').replace('node-', '');
    await screenshot('editor-loop');
    await drag(at(`item-${id}`), port(`${id}/train`, 'input-depth'));
    await edited(() => view.text().includes('componentInputParameter: pipelinechannel--loop-item-param'));
    // The header, not the middle, where a step may be.
    await loop.click({ position: { x: 60, y: 12 } });
    await at('tool-unpack').click();
    await edited(() => tasks()['train'] !== undefined || view.gestures.at(-1)?.kind === 'unpack');
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
    const condition = view.page.locator('[data-kind="condition"]');
    await condition.first().waitFor();
    await choose(condition.first(), 'Change condition…');
    await compare('==', '0.5');
    await edited(() => view.gestures.at(-1)?.kind === 'setCondition');
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
    const condition = view.page.locator('[data-kind="condition"]');
    await condition.first().waitFor();
    await condition.first().click({ position: { x: 60, y: 12 } });
    await at('node-coarse').click({ modifiers: ['Shift'] });
    await choose(condition.first(), 'Add the steps as Else');
    await expect.poll(() => condition.count()).toBe(2);
    await choose(view.page.locator('[data-kind="branches"]'), 'One output of the branches…');
    await at('one-of-name').locator('input').fill('best');
    for (const branch of [0, 1]) {
      await at(`one-of-${branch}`).click();
      await at(`one-of-${branch}`).getByRole('option', { name: /score/ }).click();
    }
    await screenshot('editor-one-of');
    await at('flow-form').getByText('Add', { exact: true }).click();
    await edited(() => view.gestures.at(-1)?.kind === 'addOneOf');
    await edited(() => /valueFromOneof/i.test(view.text()));
  });

  it('a loop is changed from its menu', async () => {
    await open(wired);
    await at('node-report').click();
    await at('tool-loop').click();
    await at('loop-items').locator('input').fill('[2, 4]');
    await press('Enter');
    const loop = view.page.locator('[data-kind="loop"]');
    await loop.waitFor();
    await choose(loop, 'Change loop…');
    const items = at('loop-items').locator('input');
    await expect.poll(() => items.inputValue()).toBe('[2,4]');
    await items.fill('["a"]');
    await at('loop-parallelism').locator('input').fill('2');
    await press('Enter');
    await edited(() => view.gestures.at(-1)?.kind === 'setLoop');
    expect(view.gestures.at(-1)).toMatchObject({
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
    expect(view.gestures).toEqual([
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
    await edited(() => view.text().split('comp-report').length > three.split('comp-report').length);
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
    const loop = view.page.locator('[data-kind="loop"]');
    await loop.waitFor();
    const id = ((await loop.getAttribute('data-testid')) ?? '').replace('node-', '');
    const box = await loop.boundingBox();
    if (box === null) throw new Error('No loop');
    await drag(at('node-report'), { x: box.x + 30, y: box.y + box.height - 8 });
    await edited(() => view.gestures.at(-1)?.kind === 'moveTo');
    expect(view.gestures.at(-1)).toEqual({ kind: 'moveTo', tasks: ['report'], group: id });
  });
});

describe('keyboard', () => {
  it('C connects: an output, then one of the inputs that take it; the others say why not', async () => {
    await open(three);
    await at('canvas').focus();
    await press('Home');
    await press('c');
    await at('choice-load.data').waitFor();
    await at('chooser-field').fill('data');
    await expect.poll(() => at('choice-load.rows').count()).toBe(0);
    await press('Enter');
    await at('choice-train.data').waitFor();
    expect(await at('choice-report.text').getAttribute('aria-disabled')).toBe('true');
    expect(await at('choice-report.text').getAttribute('title')).toMatch(/text/);
    await screenshot('editor-connect-by-keys');
    await press('Enter');
    await edited(() => inputOf('train', 'artifacts', 'data') !== undefined);
  });

  it('A adds, and the new step is where the keyboard is', async () => {
    await open(three);
    await at('canvas').focus();
    await press('a');
    await at('chooser-field').fill('gri');
    await at('choice-grid').waitFor();
    await press('Enter');
    await edited(() => tasks()['grid'] !== undefined);
    await expect.poll(() => at('canvas').getAttribute('aria-activedescendant')).toBe('node:grid');
    await expect.poll(() => view.page.evaluate(() => document.activeElement?.className)).toContain('canvas');
  });

  it('keys typed ahead of a slow host mean what the gestures before them leave', async () => {
    const host = Promise.withResolvers<undefined>();
    await open(three, { gate: () => host.promise });
    await at('node-train').click();
    for (const keys of ['Control+d', 'Control+a', 'Delete']) await press(keys);
    await expect.poll(() => view.gestures.length).toBe(1);
    host.resolve(undefined);
    await edited(() => Object.keys(tasks()).length === 0);
    expect(view.gestures.map(({ kind }) => kind)).toEqual(['duplicate', 'delete']);
  });

  it('? shows every key; F8 and Shift+F8 walk the problems, Control+G groups', async () => {
    await open(three);
    await at('canvas').focus();
    await press('?');
    await at('shortcuts').waitFor();
    expect(await at('shortcuts').locator('kbd').count()).toBe(canvasKeyList.length);
    await screenshot('editor-shortcuts');
    expect(await accessibilityViolations(view.page)).toEqual([]);
    await press('Escape');
    await expect.poll(() => at('shortcuts').count()).toBe(0);
    await press('F8');
    await expect.poll(() => at('node-train').getAttribute('class')).toContain('selected');
    await press('Shift+F8');
    await expect.poll(() => at('node-report').getAttribute('class')).toContain('selected');
    await press('Control+g');
    await at('name-field').waitFor();
  });

  it('a command of VS Code is done once, and not again by a page that is loaded anew', async () => {
    await open(three);
    await at('node-train').click();
    view.command('duplicate');
    await edited(() => Object.keys(tasks()).length === 4);
    await view.page.reload();
    await at('node-train').waitFor();
    view.command('fit');
    await at('node-train').click();
    expect(view.gestures).toHaveLength(1);
  });

  it('the list offers the same acts', async () => {
    await open(three);
    await at('tab-list').click();
    await at('step-tree').focus();
    await press('ArrowDown');
    await press('F2');
    await at('rename-field').fill('fit');
    await press('Enter');
    await edited(() => view.gestures.at(-1)?.kind === 'rename');
    await at('step-tree').focus();
    await press('Home');
    await press('Delete');
    await edited(() => view.gestures.at(-1)?.kind === 'delete');
    await press('Shift+F10');
    await at('menu').waitFor();
  });
});

describe('palette and problems', () => {
  it('search and Enter add; dragging adds where it is let go', async () => {
    await open(three);
    await at('tool-palette').click();
    await at('palette-grid').waitFor();
    await screenshot('editor-palette');
    await at('palette-field').locator('input').fill('grid');
    await expect.poll(() => at('palette-train').count()).toBe(0);
    await press('Enter');
    await edited(() => tasks()['grid'] !== undefined);
    await at('palette-field').locator('input').fill('');
    await at('palette-report').waitFor();
    await drag(at('palette-report'), await middle(at('canvas')));
    await edited(() => Object.keys(tasks()).length === 5);
    await at('palette-report').waitFor();
    // Beside the canvas is nowhere.
    await drag(at('palette-report'), { x: 5, y: 300 });
    await expect.poll(() => at('cargo').count()).toBe(0);
    expect(Object.keys(tasks())).toHaveLength(5);
  });

  it('problems lead to their step, and offer what mends them', async () => {
    await open(three);
    await at('tool-problems').click();
    await at('next-problem').click();
    await expect.poll(() => at('node-train').getAttribute('class')).toContain('selected');
    await screenshot('editor-problems');
    const fix = at('problems').getByTestId('problem-missing-input').first().getByRole('button').first();
    await fix.click();
    await edited(() => inputOf('train', 'parameters', 'depth') !== undefined);
    await at('problems').getByRole('button', { name: 'Show in text' }).first().click();
    await expect.poll(() => view.asked).toContain('showProblemText 0');
  });

  it('an empty pipeline offers a start', async () => {
    await open(pipeline({ tasks: {} }));
    await at('start').waitFor();
    await screenshot('editor-empty');
    await at('start-add').click();
    await at('choice-load').click();
    await edited(() => tasks()['load'] !== undefined);
    await at('node-load').waitFor();
  });
});

describe('inspector', () => {
  const cells = async (title: string, texts: Record<string, string>): Promise<void> => {
    await at(`kubernetes-${title}-add`).click();
    for (const [cell, text] of Object.entries(texts))
      await at(`kubernetes-${title}`).getByTestId(`cell-${cell}`).last().locator('input').fill(text);
    await press('Enter');
  };
  const kubernetesOf = (executor: string): unknown =>
    z
      .object({
        platforms: z.object({
          kubernetes: z.object({
            deploymentSpec: z.object({ executors: z.record(z.string(), z.unknown()) }),
          }),
        }),
      })
      .parse(parseAllDocuments(view.text())[1]?.toJS()).platforms.kubernetes.deploymentSpec.executors[
      executor
    ];

  it('a constant is checked by its type, and written when the field is left; then taken away', async () => {
    await open(three);
    await at('node-train').click();
    const field = at('value-depth').locator('input');
    await field.fill('1.5');
    await press('Enter');
    await at('field-depth').locator('.field-error').waitFor();
    expect(view.gestures).toEqual([]);
    await screenshot('editor-inspector');
    await field.fill('7');
    await press('Tab');
    await edited(() => inputOf('train', 'parameters', 'depth') !== undefined);
    expect(inputOf('train', 'parameters', 'depth')).toEqual({ runtimeValue: { constant: 7 } });
    await at('disconnect-depth').click();
    await edited(() => inputOf('train', 'parameters', 'depth') === undefined);
  });

  it('a constant is typed at the dot of its input', async () => {
    await open(three);
    await port('train', 'input-depth').click();
    await at('constant-value').locator('input').fill('x');
    await at('flow-form').locator('.field-error').waitFor();
    await at('constant-value').locator('input').fill('5');
    await press('Enter');
    await edited(() => inputOf('train', 'parameters', 'depth') !== undefined);
    expect(inputOf('train', 'parameters', 'depth')).toEqual({ runtimeValue: { constant: 5 } });
  });

  it('an input is connected from a list, named by where its value comes from, and disconnected', async () => {
    await open(three);
    await at('node-train').click();
    await at('wire-data').click();
    await view.page.getByRole('option', { name: 'load.data' }).click();
    await edited(() => inputOf('train', 'artifacts', 'data') !== undefined);
    await at('field-data').getByRole('button', { name: 'load.data' }).waitFor();
    await at('disconnect-data').click();
    await edited(() => inputOf('train', 'artifacts', 'data') === undefined);
  });

  it('settings of several steps at once: every step gets what changed, and keeps what differs', async () => {
    await open(three, {
      inspect: (one) =>
        one.settings === undefined
          ? one
          : { ...one, settings: { ...one.settings, memoryLimit: one.nodeId === 'load' ? '1Gi' : '2Gi' } },
    });
    await at('node-load').click();
    await at('node-train').click({ modifiers: ['Shift'] });
    const memory = at('resources-memoryLimit').locator('input');
    await expect.poll(() => memory.getAttribute('placeholder')).toBe('several values');
    await screenshot('editor-inspector-many');
    await at('resources-cpuLimit').locator('input').fill('2');
    await press('Enter');
    await expect
      .poll(() => view.gestures)
      .toEqual([
        { kind: 'setResources', tasks: ['load'], resources: { cpuLimit: '2', memoryLimit: '1Gi' } },
        { kind: 'setResources', tasks: ['train'], resources: { cpuLimit: '2', memoryLimit: '2Gi' } },
      ]);
  });

  it('caching and retries are the text’s own', async () => {
    await open(three);
    await at('node-train').click();
    await at('section-Reliability').locator('summary').click();
    await at('retry-maxRetryCount').locator('input').fill('3');
    await press('Enter');
    await edited(() => tasks()['train']?.retryPolicy !== undefined);
    expect(tasks()['train']?.retryPolicy).toMatchObject({ maxRetryCount: 3 });
    await at('retry-backoffSeconds').waitFor();
    await at('caching').click();
    await edited(() => tasks()['train']?.cachingOptions?.enableCache !== true);
  });

  it('Kubernetes fields are written in the names of kubernetes_executor_config.proto, and read back', async () => {
    await open(three);
    await at('node-train').click();
    await at('section-Kubernetes').locator('summary').click();
    await cells('Node selector', { key: 'disk', value: 'ssd' });
    await edited(() => view.gestures.length === 1);
    await cells('Secrets as variables', { name: 'token', key: 'value', env: 'API_TOKEN' });
    await edited(() => view.gestures.length === 2);
    await cells('Volume claims', { name: 'data', mountPath: '/data' });
    await edited(() => view.gestures.length === 3);
    await at('kubernetes-Timeout, in seconds').locator('input').fill('90');
    await press('Enter');
    await edited(() => view.gestures.length === 4);
    await screenshot('editor-kubernetes');
    expect(kubernetesOf('exec-train')).toEqual({
      nodeSelector: { labels: { disk: 'ssd' } },
      secretAsEnv: [
        {
          keyToEnv: [{ secretKey: 'value', envVar: 'API_TOKEN' }],
          optional: false,
          secretName: 'token',
          secretNameParameter: { runtimeValue: { constant: 'token' } },
        },
      ],
      pvcMount: [
        { constant: 'data', pvcNameParameter: { runtimeValue: { constant: 'data' } }, mountPath: '/data' },
      ],
      activeDeadlineSeconds: '90',
    });
    await at('node-load').click();
    await at('node-train').click();
    await at('section-Kubernetes').locator('summary').click();
    await expect
      .poll(() => at('kubernetes-Node selector').getByTestId('cell-value').getAttribute('current-value'))
      .toBe('ssd');
  });

  it('the pipeline’s own form: its name, and an input with a default that a step can be wired to', async () => {
    await open(three);
    await at('tool-pipeline').click();
    await at('add-input').click();
    await at('input-name').locator('input').fill('depth');
    await at('input-type').click();
    await view.page.getByRole('option', { name: 'integer' }).click();
    await at('input-default').locator('input').fill('4');
    await press('Enter');
    await at('node-in:depth').waitFor();
    expect(parse(view.text())).toMatchObject({
      root: {
        inputDefinitions: { parameters: { depth: { parameterType: 'NUMBER_INTEGER', defaultValue: 4 } } },
      },
    });
    await screenshot('editor-pipeline-input');
    await drag(port('in:depth', 'output-depth'), port('train', 'input-depth'));
    await edited(() => inputOf('train', 'parameters', 'depth') !== undefined);
    expect(inputOf('train', 'parameters', 'depth')).toEqual({ componentInputParameter: 'depth' });
    await at('node-in:depth').click();
    await press('F2');
    await at('rename-field').fill('max_depth');
    await press('Enter');
    await edited(() => JSON.stringify(inputOf('train', 'parameters', 'depth')).includes('max_depth'));
  });
});

describe('a large pipeline', () => {
  it('has its edges as a picture; one is found where it is drawn, chosen, and disconnected', async () => {
    view = await show((browser, server) =>
      openEditor(
        browser,
        server,
        'dark',
        { text: manySteps(450) },
        { savedState: { viewport: { x: 0, y: 0, zoom: 0.7 } } },
      ),
    );
    await at('edges-picture').waitFor({ state: 'attached' });
    await at('canvas').focus();
    await press('Home');
    // Edges of the step that the keyboard is on are elements, too.
    const edge = view.page.locator('[data-testid^="edge-step-"]').first();
    await edge.waitFor({ state: 'attached' });
    const id = (await edge.getAttribute('data-testid')) ?? '';
    const from = /^edge-(.+)->/.exec(id)?.[1] ?? '';
    const corner = async (): Promise<{ x: number; y: number }> => {
      const box = await at(`node-${from}`).boundingBox();
      if (box === null) throw new Error('Not on screen.');
      return box;
    };
    const centre = await edge
      .locator('path')
      .first()
      .evaluate((path: SVGPathElement) => {
        const { x, y } = path.getPointAtLength(path.getTotalLength() / 2);
        const matrix = path.getScreenCTM();
        if (matrix === null) throw new Error('Not drawn.');
        return { x: x * matrix.a + matrix.e, y: y * matrix.d + matrix.f };
      });
    const before = await corner();
    // From elsewhere, the edge is only in the picture; the view may have moved.
    await press('ArrowDown');
    await press('ArrowDown');
    await press('ArrowDown');
    await expect.poll(() => at(id).count()).toBe(0);
    const after = await corner();
    const place = { x: centre.x + after.x - before.x, y: centre.y + after.y - before.y };
    await screenshot('editor-large');
    await view.page.mouse.click(place.x, place.y);
    await expect.poll(() => at(id).getAttribute('class')).toContain('chosen');
    await press('Delete');
    await edited(() => view.gestures.length > 0);
    expect(['disconnect', 'removeRunAfter']).toContain(view.gestures[0]?.kind);
  });
});

describe('accessibility and files', () => {
  it.each(['dark', 'light', 'highContrast', 'highContrastLight'] as const)(
    'axe-core finds nothing with everything open, %s',
    async (theme) => {
      await open(three, {}, theme);
      await at('node-train').click();
      await at('section-Kubernetes').locator('summary').click();
      await at('tool-palette').click();
      await at('palette-grid').waitFor();
      await screenshot(`editor-axe-${theme}`);
      expect(await accessibilityViolations(view.page)).toEqual([]);
      await at('tool-problems').click();
      await at('problems').waitFor();
      expect(await accessibilityViolations(view.page)).toEqual([]);
      await at('canvas').focus();
      await press('a');
      await at('choice-grid').waitFor();
      expect(await accessibilityViolations(view.page)).toEqual([]);
      await press('Escape');
      await press('Shift+F10');
      await at('menu').waitFor();
      expect(await accessibilityViolations(view.page)).toEqual([]);
    },
  );

  it('the drawing is saved as SVG and PNG', async () => {
    await open(three);
    for (const format of ['SVG', 'PNG']) {
      await at('tool-export').click();
      await view.page.getByRole('menuitem', { name: `As ${format}…` }).click();
      await expect
        .poll(() => view.asked.some((what) => what.startsWith(`export ${format.toLowerCase()}`)))
        .toBe(true);
    }
  });

  it('the first-time hint goes when it is dismissed, and when something was edited', async () => {
    await open(three);
    await at('first-hint').waitFor();
    await at('hint-dismiss').click();
    await expect.poll(() => at('first-hint').count()).toBe(0);
  });

  it('what cannot be edited has no dots, no tools, and says why', async () => {
    await open(three, { state: { editing: { kind: 'readOnly', reason: 'Larger than 5 MB.' } } });
    await at('node-train').click();
    expect(await at('tool-add').count()).toBe(0);
    expect(await port('train', 'input-data').count()).toBe(0);
    await press('Delete');
    await view.page.getByText('Larger than 5 MB.').waitFor();
    expect(view.text()).toBe(three);
  });
});

describe('the way to a place', () => {
  const viewport = (): Promise<string> =>
    view.page.locator('.react-flow__viewport').evaluate((element) => element.style.transform);

  it('a problem’s *Show on canvas* selects its step and brings it into view', async () => {
    await open(manySteps(40));
    view.reveal('step-39');
    await expect.poll(() => at('node-step-39').getAttribute('class')).toContain('selected');
    await expect.poll(() => at('node-step-39').isVisible()).toBe(true);
  });

  it('two fingers move the drawing, and with Ctrl, as a pinch comes, they zoom it', async () => {
    await open(three);
    const canvas = await middle(at('canvas'));
    await view.page.mouse.move(canvas.x, canvas.y + 150);
    const before = await viewport();
    await view.page.mouse.wheel(40, 60);
    await expect.poll(viewport).not.toBe(before);
    const scale = (transform: string): string => /scale\(([^)]+)\)/.exec(transform)?.[1] ?? '';
    const moved = await viewport();
    expect(scale(moved)).toBe(scale(before));
    await view.page.keyboard.down('Control');
    await view.page.mouse.wheel(0, -40);
    await view.page.keyboard.up('Control');
    await expect.poll(async () => Number(scale(await viewport()))).toBeGreaterThan(Number(scale(moved)));
  });

  it('a new Python component is asked for by its name', async () => {
    await open(three);
    await at('canvas').focus();
    await press('a');
    await at('choice-New Python component…').click();
    await at('name-field').locator('input').fill('clean_up');
    await press('Enter');
    await expect.poll(() => view.asked).toContain('newPythonComponent  clean_up');
  });
});

describe('a page of another size', () => {
  it('keeps all of the drawing in sight where it was', async () => {
    await open(three);
    await at('node-report').click();
    await press('Escape');
    await view.page.setViewportSize({ width: 560, height: 700 });
    const isSeen = async (id: string): Promise<boolean> => {
      const [node, canvas] = [await at(`node-${id}`).boundingBox(), await at('canvas').boundingBox()];
      return (
        node !== null &&
        canvas !== null &&
        node.x >= canvas.x &&
        node.x + node.width <= canvas.x + canvas.width
      );
    };
    for (const id of ['load', 'train', 'report']) await expect.poll(() => isSeen(id)).toBe(true);
  });
});
