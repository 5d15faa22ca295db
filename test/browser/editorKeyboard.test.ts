/** The pipeline editor in a bare Chromium page, by keyboard, by its palette and problems, and the ways to a place. */
import { describe, expect, it } from 'vitest';
import { canvasKeyList } from '../../src/core/protocol/canvasKeys.ts';
import { accessibilityViolations } from './harness/accessibility.ts';
import { middle, three, useEditor } from './harness/editing.ts';
import { manySteps, pipeline } from './harness/editorScenes.ts';

const { at, drag, edited, inputOf, open, press, screenshot, tasks, view } = useEditor();

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
    await expect.poll(() => at('choice-report.text').getAttribute('aria-disabled')).toBe('true');
    await expect.poll(() => at('choice-report.text').getAttribute('title')).toMatch(/text/);
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
    await expect
      .poll(() => view().page.evaluate(() => document.activeElement?.className))
      .toContain('canvas');
  });

  it('keys typed ahead of a slow host mean what the gestures before them leave', async () => {
    const host = Promise.withResolvers<undefined>();
    await open(three, { gate: () => host.promise });
    await at('node-train').click();
    for (const keys of ['Control+d', 'Control+a', 'Delete']) await press(keys);
    await expect.poll(() => view().gestures.length).toBe(1);
    host.resolve(undefined);
    await edited(() => Object.keys(tasks()).length === 0);
    expect(view().gestures.map(({ kind }) => kind)).toEqual(['duplicate', 'delete']);
  });

  it('? shows every key; F8 and Shift+F8 walk the problems, Control+G groups', async () => {
    await open(three);
    await at('canvas').focus();
    await press('?');
    await at('shortcuts').waitFor();
    await expect.poll(() => at('shortcuts').locator('kbd').count()).toBe(canvasKeyList.length);
    await screenshot('editor-shortcuts');
    expect(await accessibilityViolations(view().page)).toEqual([]);
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
    view().command('duplicate');
    await edited(() => Object.keys(tasks()).length === 4);
    await view().page.reload();
    await at('node-train').waitFor();
    view().command('fit');
    await at('node-train').click();
    expect(view().gestures).toHaveLength(1);
  });

  it('the list offers the same acts', async () => {
    await open(three);
    await at('tab-list').click();
    await at('step-tree').focus();
    await press('ArrowDown');
    await press('F2');
    await at('rename-field').fill('fit');
    await press('Enter');
    await edited(() => view().gestures.at(-1)?.kind === 'rename');
    await at('step-tree').focus();
    await press('Home');
    await press('Delete');
    await edited(() => view().gestures.at(-1)?.kind === 'delete');
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
    await expect.poll(() => view().asked).toContain('showProblemText 0');
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

describe('the way to a place', () => {
  const viewport = (): Promise<string> =>
    view()
      .page.locator('.react-flow__viewport')
      .evaluate((element) => element.style.transform);

  it('a problem’s *Show on canvas* selects its step and brings it into view', async () => {
    await open(manySteps(40));
    view().reveal('step-39');
    await expect.poll(() => at('node-step-39').getAttribute('class')).toContain('selected');
    await expect.poll(() => at('node-step-39').isVisible()).toBe(true);
  });

  it.each([400, 500, 700, 1000])('nothing lies over a step that is shown, %i pixels wide', async (width) => {
    await open(manySteps(12));
    await view().page.setViewportSize({ width, height: 640 });
    for (const id of ['step-11', 'step-0']) {
      view().reveal(id);
      // Of the element itself, at each of its corners.
      await expect
        .poll(() =>
          at(`node-${id}`).evaluate((node) => {
            const { left, right, top, bottom } = node.getBoundingClientRect();
            return [left + 8, right - 8].flatMap((x) =>
              [top + 8, bottom - 8].map((y) => node.contains(document.elementFromPoint(x, y))),
            );
          }),
        )
        .toEqual([true, true, true, true]);
    }
  });

  it('a right click opens its menu beside the step, also when the form of the step takes room', async () => {
    await open(three);
    await at('node-load').click({ button: 'right' });
    await at('menu').waitFor();
    await at('side-panel').waitFor();
    await expect
      .poll(async () => {
        const [node, menu] = [await at('node-load').boundingBox(), await at('menu').boundingBox()];
        if (node === null || menu === null) return 'not there';
        const isBeside = menu.x <= node.x + node.width && menu.x + menu.width >= node.x;
        return isBeside && menu.y <= node.y + node.height && menu.y + menu.height >= node.y;
      })
      .toBe(true);
  });

  it('two fingers move the drawing, and with Ctrl, as a pinch comes, they zoom it', async () => {
    await open(three);
    const canvas = await middle(at('canvas'));
    await view().page.mouse.move(canvas.x, canvas.y + 150);
    const before = await viewport();
    await view().page.mouse.wheel(40, 60);
    await expect.poll(viewport).not.toBe(before);
    const scale = (transform: string): string => /scale\(([^)]+)\)/.exec(transform)?.[1] ?? '';
    const moved = await viewport();
    expect(scale(moved)).toBe(scale(before));
    await view().page.keyboard.down('Control');
    await view().page.mouse.wheel(0, -40);
    await view().page.keyboard.up('Control');
    await expect.poll(async () => Number(scale(await viewport()))).toBeGreaterThan(Number(scale(moved)));
  });

  it('a new Python component is asked for by its name', async () => {
    await open(three);
    await at('canvas').focus();
    await press('a');
    await at('choice-New Python component…').click();
    await at('name-field').locator('input').fill('clean_up');
    await press('Enter');
    await expect.poll(() => view().asked).toContain('newPythonComponent  clean_up');
  });
});

describe('a page of another size', () => {
  it('keeps all of the drawing in sight where it was', async () => {
    await open(three);
    await at('node-report').click();
    await press('Escape');
    await view().page.setViewportSize({ width: 560, height: 700 });
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
