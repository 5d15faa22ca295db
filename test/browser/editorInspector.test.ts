/** The inspector of the pipeline editor in a bare Chromium page; a large pipeline; accessibility with everything open. */
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { accessibilityViolations } from './harness/accessibility.ts';
import { three, useEditor } from './harness/editing.ts';
import { manySteps } from './harness/editorScenes.ts';

const { at, drag, edited, inputOf, open, port, press, screenshot, tasks, view } = useEditor();

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
      .parse(parseAllDocuments(view().text())[1]?.toJS()).platforms.kubernetes.deploymentSpec.executors[
      executor
    ];

  it('a constant is checked by its type, and written when the field is left; then taken away', async () => {
    await open(three);
    await at('node-train').click();
    const field = at('value-depth').locator('input');
    await field.fill('1.5');
    await press('Enter');
    await at('field-depth').locator('.field-error').waitFor();
    expect(view().gestures).toEqual([]);
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
    await view().page.getByRole('option', { name: 'load.data' }).click();
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
      .poll(() => view().gestures)
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
    await edited(() => view().gestures.length === 1);
    await cells('Secrets as variables', { name: 'token', key: 'value', env: 'API_TOKEN' });
    await edited(() => view().gestures.length === 2);
    await cells('Volume claims', { name: 'data', mountPath: '/data' });
    await edited(() => view().gestures.length === 3);
    await at('kubernetes-Timeout, in seconds').locator('input').fill('90');
    await press('Enter');
    await edited(() => view().gestures.length === 4);
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
    await view().page.getByRole('option', { name: 'integer' }).click();
    await at('input-default').locator('input').fill('4');
    await press('Enter');
    await at('node-in:depth').waitFor();
    expect(parse(view().text())).toMatchObject({
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
    await open(manySteps(450), { palette: [], savedState: { viewport: { x: 0, y: 0, zoom: 0.7 } } });
    await at('edges-picture').waitFor({ state: 'attached' });
    await at('canvas').focus();
    await press('Home');
    // Edges of the step that the keyboard is on are elements, too.
    const edge = view().page.locator('[data-testid^="edge-step-"]').first();
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
    await view().page.mouse.click(place.x, place.y);
    await expect.poll(() => at(id).getAttribute('class')).toContain('chosen');
    await press('Delete');
    await edited(() => view().gestures.length > 0);
    expect(['disconnect', 'removeRunAfter']).toContain(view().gestures[0]?.kind);
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
      expect(await accessibilityViolations(view().page)).toEqual([]);
      await at('tool-problems').click();
      await at('problems').waitFor();
      expect(await accessibilityViolations(view().page)).toEqual([]);
      await at('canvas').focus();
      await press('a');
      await at('choice-grid').waitFor();
      expect(await accessibilityViolations(view().page)).toEqual([]);
      await press('Escape');
      await press('Shift+F10');
      await at('menu').waitFor();
      expect(await accessibilityViolations(view().page)).toEqual([]);
    },
  );

  it('the drawing is saved as SVG and PNG', async () => {
    await open(three);
    for (const format of ['SVG', 'PNG']) {
      await at('tool-export').click();
      await view()
        .page.getByRole('menuitem', { name: `As ${format}…` })
        .click();
      await expect
        .poll(() => view().asked.some((what) => what.startsWith(`export ${format.toLowerCase()}`)))
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
    await expect.poll(() => at('tool-add').count()).toBe(0);
    await expect.poll(() => port('train', 'input-data').count()).toBe(0);
    await press('Delete');
    await view().page.getByText('Larger than 5 MB.').waitFor();
    expect(view().text()).toBe(three);
  });
});
