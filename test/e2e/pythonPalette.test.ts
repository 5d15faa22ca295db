/** Components of other files beside a pipeline in Python: offered, added by an import; the cursor, hovers, and a move to Python. */
import { copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';

let folder: string;
let editor: Editor;
const WITHIN = { timeout: 90_000 };

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'pröject with spaces');
  await mkdir(folder, { recursive: true });
  await cp('test/fixtures/edited-python', folder, { recursive: true });
  await copyFile('test/fixtures/v1-components/train_xgboost.yaml', join(folder, 'train_xgboost.yaml'));
  await copyFile('test/fixtures/pipelines/caching.yaml', join(folder, 'caching.pipeline.yaml'));
  editor = await startEditor({
    name: 'python-palette',
    folder,
    env: { SLIPWAY_COMPONENTS: 'kfp' },
    settings: { 'files.autoSave': 'off' },
  });
  editor.page.setDefaultTimeout(90_000);
  await editor.workbench.openFile('flow.py');
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

const shot = (name: string): void =>
  onTestFailed(async () => {
    await editor.screenshot(name);
  });

async function goTo(place: string): Promise<void> {
  const { page } = editor;
  await page.keyboard.press('Control+G');
  await page.locator('.quick-input-widget input[type="text"]').fill(`:${place}`);
  await page.keyboard.press('Enter');
}

/** Of the name in the column, where the cursor goes. */
async function showHover(place: string): Promise<Locator> {
  const { page } = editor;
  await goTo(place);
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+I');
  const hover = page.locator('.monaco-hover').filter({ hasText: 'run once for each item' });
  await hover.waitFor();
  return hover;
}

describe('a pipeline in Python and the files beside it', () => {
  it('says what a name of kfp.dsl means', async () => {
    shot('python-hover');
    const { page } = editor;
    await page.locator('.codelens-decoration').filter({ hasText: 'Open graph' }).first().waitFor();
    const hover = await showHover('29:16');
    expect(await hover.textContent()).toContain('with dsl.ParallelFor(items, parallelism=None) as item:');
    await editor.screenshot('python-hover');
    await page.keyboard.press('Escape');
  });

  it('shows in the graph the step that the cursor is in', async () => {
    shot('python-cursor');
    const { page } = editor;
    await page.locator('.codelens-decoration a').filter({ hasText: 'Open graph' }).first().click();
    const graph = await webviewWith(page, 'canvas');
    await graph.getByTestId('node-load').waitFor();
    await page.locator('.view-lines').first().click();
    await goTo('23');
    await page.keyboard.press('End');
    const selected = graph.locator('.selected[data-testid^="node-"]');
    await expect
      .poll(
        () => selected.evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-testid'))),
        WITHIN,
      )
      .toEqual(['node-load']);
    // The focus has stayed in the code.
    expect(await page.locator('.monaco-editor.focused').count()).toBe(1);
    await editor.screenshot('python-cursor');
  });

  it('offers the components of all files, and adds one by an import and a call', async () => {
    shot('python-palette');
    const { page } = editor;
    await editor.workbench.chooseTheme('Light 2026');
    const graph = await webviewWith(page, 'canvas');
    await graph.getByTestId('tool-palette').click();
    for (const entry of ['clean', 'score', 'train-xgboost-cpu', 'load-table'])
      await graph.getByTestId(`palette-${entry}`).waitFor();
    await editor.screenshot('python-palette-light');
    await graph.getByTestId('palette-alert').last().dblclick();
    const code = page.locator('.view-lines').first();
    await expect.poll(() => code.textContent(), WITHIN).toContain('steps_alert()');
    // The import is above what is shown.
    await code.click();
    await page.keyboard.press('Control+Home');
    await expect
      .poll(() => code.textContent(), WITHIN)
      .toMatch(/from\s+steps\s+import\s+alert\s+as\s+steps_alert/);
    await editor.screenshot('python-added');
  });

  it('moves a pipeline to Python once, which is the truth from then on', async () => {
    shot('python-moved');
    const { page } = editor;
    const yaml = join(folder, 'caching.pipeline.yaml');
    await editor.workbench.openFile('caching.pipeline.yaml');
    await editor.workbench.runCommand('Slipway: Move to Python…');
    const input = page.locator('.quick-input-widget input[type="text"]');
    await expect.poll(() => input.inputValue(), WITHIN).toBe('caching.py');
    await page.keyboard.press('Enter');
    await editor.workbench.tab('caching.py').waitFor();
    await expect
      .poll(() => readFile(yaml, 'utf8'), WITHIN)
      .toContain('# Compiled from caching.py by Slipway');
    const python = await readFile(join(folder, 'caching.py'), 'utf8');
    expect(python).toContain('compile(');
    expect(python).toContain('"caching.pipeline.yaml"');
    // Saved with another name of the pipeline, the IR follows.
    await page.keyboard.press('Control+H');
    await page.locator('.find-widget textarea, .find-widget input').first().fill('name="caching"');
    await page.keyboard.press('Tab');
    await page.keyboard.type('name="renamed"');
    await page.keyboard.press('Control+Alt+Enter');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+S');
    await expect.poll(() => readFile(yaml, 'utf8'), WITHIN).toContain('name: renamed');
  });
});
