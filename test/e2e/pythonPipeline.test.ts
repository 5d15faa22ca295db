/** A pipeline in Python beside its graph: lenses, a gesture that edits the file, an error at its line, a component run. */
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';

let folder: string;
let editor: Editor;
const NAME = 'edited.py';
const WITHIN = { timeout: 90_000 };

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'pröject with spaces');
  await mkdir(folder, { recursive: true });
  await copyFile(join('test/fixtures/generated-python', NAME), join(folder, NAME));
  editor = await startEditor({
    name: 'python-pipeline',
    folder,
    env: { SLIPWAY_COMPONENTS: 'kfp' },
    settings: { 'files.autoSave': 'off' },
  });
  editor.page.setDefaultTimeout(90_000);
  await editor.workbench.openFile(NAME);
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

const shot = (name: string): void =>
  onTestFailed(async () => {
    await editor.screenshot(name);
  });

describe('a pipeline in Python', () => {
  it('has lenses on its components and on itself', async () => {
    shot('python-lenses');
    const { page } = editor;
    await page.locator('.codelens-decoration').filter({ hasText: 'Open graph' }).first().waitFor();
    const texts = await page.locator('.codelens-decoration').allTextContents();
    expect(texts.some((text) => /Run locally.*Debug/.test(text))).toBe(true);
    expect(texts.some((text) => /Run locally.*Submit.*Open graph/.test(text))).toBe(true);
  });

  it('is drawn beside its code, and edited from there', async () => {
    shot('python-graph');
    const { page } = editor;
    await page.locator('.codelens-decoration a').filter({ hasText: 'Open graph' }).first().click();
    const graph = await webviewWith(page, 'canvas');
    const last = graph.getByTestId('node-note-3');
    await last.waitFor();
    await graph.getByTestId('node-for-loop-1').waitFor();
    await last.click();
    await page.keyboard.press('Delete');
    // The call is gone from the code, with the statement about it; the file is not saved for anybody.
    await expect.poll(() => page.locator('.tab.dirty').count(), WITHIN).toBe(1);
    await expect.poll(() => page.locator('.view-lines').first().textContent(), WITHIN).not.toContain('last');
    await expect.poll(() => graph.getByTestId('node-note-3').count(), WITHIN).toBe(1);
    expect(await readFile(join(folder, NAME), 'utf8')).toContain('last = note()');
    await editor.screenshot('python-edited');
    // Taken back where it was made.
    await graph.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => page.locator('.tab.dirty').count(), WITHIN).toBe(0);
    await graph.getByTestId('canvas').waitFor();
  });

  it('runs a component with inputs that it asks for, and stops at a breakpoint when it is debugged', async () => {
    shot('python-debug');
    const { page } = editor;
    await page.locator('.tab').filter({ hasText: NAME }).click();
    await page.locator('.view-lines .view-line').first().click();
    await page.keyboard.press('Control+G');
    await page.locator('.quick-input-widget input[type="text"]').fill(':21');
    await page.keyboard.press('Enter');
    await page.keyboard.press('F9');
    await editor.workbench.runCommand('Slipway: Debug Python Component');
    const input = page.locator('.quick-input-widget input[type="text"]');
    await page.getByText('note: text (1 of 1)').waitFor();
    expect(await input.inputValue()).toBe('hello');
    await input.fill('from the form');
    await page.keyboard.press('Enter');
    // The debugger's environment is made the first time.
    await page.getByText('Paused on breakpoint').waitFor({ timeout: 240_000 });
    await page.getByText('run_component.py').first().waitFor();
    await editor.screenshot('python-debugged');
    await page.keyboard.press('F5');
    await expect
      .poll(() => page.locator('.repl .monaco-list').textContent(), WITHIN)
      .toMatch(/from the form.*note gave/s);
  });

  it('leads from a step to its function', async () => {
    shot('python-navigation');
    const { page } = editor;
    const graph = await webviewWith(page, 'canvas');
    await graph.getByTestId('node-train').click();
    await graph.getByRole('button', { name: 'Edit code' }).click();
    await page.getByText('Ln 14, Col 1').waitFor();
  });

  it('says at its line what is wrong, when the file is saved', async () => {
    shot('python-problems');
    const { page } = editor;
    await page.locator('.tab').filter({ hasText: NAME }).click();
    await page.keyboard.press('Control+G');
    await page.locator('.quick-input-widget input[type="text"]').fill(':27');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Home');
    await page.keyboard.type('make(rows=no_such_name)');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+S');
    await editor.workbench.runCommand('Problems: Focus on Problems View');
    await page.locator('.markers-panel').getByText("name 'no_such_name' is not defined").first().waitFor();
    await page.locator('.markers-panel').getByText('[Ln 27, Col 15]').first().waitFor();
  });
});
