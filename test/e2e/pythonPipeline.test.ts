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
  });
});
