/** A pipeline in Python beside its graph: lenses, a gesture that edits the file, an error at its line, a component run. */
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';

let folder: string;
let editor: Editor;
const NAME = 'edited.py';
const SCORES = 'scores.py';
const WITHIN = { timeout: 90_000 };

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'pröject with spaces');
  await mkdir(folder, { recursive: true });
  await copyFile(join('test/fixtures/generated-python', NAME), join(folder, NAME));
  await copyFile(join('test/fixtures/python', SCORES), join(folder, SCORES));
  editor = await startEditor({
    name: 'python-pipeline',
    folder,
    env: { SLIPWAY_COMPONENTS: 'kfp' },
    settings: { 'files.autoSave': 'off', 'terminal.integrated.gpuAcceleration': 'off' },
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
    const form = await webviewWith(page, 'submit-run');
    await form.getByText('default: hello').waitFor();
    await form.getByTestId('input-text').locator('input').fill('from the form');
    await editor.screenshot('python-form');
    await form.getByTestId('submit-run').click();
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

/** The step that fails, from the canvas to green. */
describe('a run of a pipeline in Python', () => {
  const runIn = (graph: Frame, state: string): Locator =>
    graph.locator(`[data-testid="run-state"][data-state="${state}"]`);
  const nodeIn = (graph: Frame, name: string, state: string): Locator =>
    graph.locator(`[data-testid="node-${name}"][data-state="${state}"]`);
  const graphOfScores = async (): Promise<Frame> => {
    await editor.page
      .locator('.tab')
      .filter({ hasText: /^scores\b(?!\.py)/ })
      .click();
    const graph = await webviewWith(editor.page, 'node-score');
    await graph.getByTestId('node-score').waitFor();
    return graph;
  };
  const source = (): Promise<string> => readFile(join(folder, SCORES), 'utf8');
  /** What the line of the open editor says, from its first character on. */
  const writeLine = async (line: number, text: string): Promise<void> => {
    const { page } = editor;
    await page.locator('.tab').filter({ hasText: SCORES }).click();
    await page.keyboard.press('Control+G');
    await page.locator('.quick-input-widget input[type="text"]').fill(`:${line}`);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.insertText(text);
  };

  it('is submitted from its lens, and shown on the graph of its file', async () => {
    shot('python-submit');
    const { page, workbench } = editor;
    await workbench.runCommand('View: Close All Editors');
    await workbench.openFile(SCORES);
    await page.locator('.monaco-editor.focused').waitFor();
    await page.keyboard.press('Control+End');
    await page.locator('.codelens-decoration a').filter({ hasText: 'Submit' }).first().click();
    const graph = await webviewWith(page, 'node-score');
    await runIn(graph, 'SUCCEEDED').waitFor({ timeout: 180_000 });
    expect(await graph.getByTestId('edited').count()).toBe(0);
  });

  it('fails after a gesture that changed the Python, and says how it differs from the run before', async () => {
    shot('python-failed');
    const { page } = editor;
    const graph = await graphOfScores();
    await graph.getByTestId('node-score').click();
    await graph.getByRole('tab', { name: 'Settings' }).click();
    const share = graph.getByTestId('value-share').locator('input');
    await share.fill('0.5');
    await share.press('Enter');
    await graph.getByTestId('edited').waitFor();
    await expect.poll(() => page.locator('.tab.dirty').count(), WITHIN).toBe(1);
    await page.locator('.tab').filter({ hasText: SCORES }).click();
    await page.keyboard.press('Control+S');
    await expect.poll(source, WITHIN).toContain('score(data=made.outputs["data"], share=0.5)');

    const again = await graphOfScores();
    await again.getByTestId('run-button').click();
    await nodeIn(again, 'score', 'FAILED').waitFor();
    await nodeIn(again, 'make', 'CACHED').waitFor();
    await again.getByTestId('node-score').click();
    await again.getByRole('tab', { name: 'Run', exact: true }).click();
    await again
      .getByTestId('explain-failure')
      .getByText(/ZeroDivisionError/)
      .first()
      .waitFor();
    // It was tried twice, as the file says.
    await again.getByTestId('attempt-select').waitFor();
    await again.getByTestId('why-cache').click();
    await expect.poll(() => again.getByTestId('cache').textContent(), WITHIN).toMatch(/share.*0\.25.*0\.5/s);
    await editor.screenshot('python-failed-step');
  });

  it('stops in the debugger where the step failed, on the inputs that it had', async () => {
    shot('python-debug-step');
    const { page, workbench } = editor;
    const graph = await graphOfScores();
    await graph.getByTestId('debug-step').click();
    // The debugger's environment is made the first time.
    await page.getByText('Exception has occurred: ZeroDivisionError').waitFor({ timeout: 200_000 });
    await editor.screenshot('python-debug-step-dark');
    await page.keyboard.press('F5');
    await workbench.notification(/score stopped with ZeroDivisionError.*scores\.py, line 20/).waitFor();
  });

  it('goes through with the code mended, and a new run goes on from there to green', async () => {
    shot('python-debug-fixed');
    const { page, workbench } = editor;
    await writeLine(20, 'rest = len(lines) % max(1, used - 5)');
    await workbench
      .notification(/score stopped with/)
      .getByText('Debug Again')
      .click();
    const through = workbench.notification(/score went through here: Output = 5, metrics\.used = 5/);
    await through.waitFor({ timeout: 120_000 });
    expect(await source()).toContain('max(1, used - 5)');
    await editor.screenshot('python-debug-through');
    await through.getByText('Retry from Here with the Fix').click();
    const graph = await webviewWith(page, 'node-score');
    await runIn(graph, 'SUCCEEDED').waitFor({ timeout: 120_000 });
    for (const [name, state] of [
      ['make', 'CACHED'],
      ['score', 'SUCCEEDED'],
      ['report', 'SUCCEEDED'],
    ] as const)
      await nodeIn(graph, name, state).waitFor();
    // It ran what the file says, so the file can be edited on under it.
    await graph.getByTestId('node-score').click();
    await graph.getByRole('tab', { name: 'Settings' }).waitFor();
    await editor.screenshot('python-fixed-dark');
    await workbench.chooseTheme('Light 2026');
    await editor.screenshot('python-fixed-light');
  });

  it('tells where a step from the cache comes from, and runs again from any step on', async () => {
    shot('python-cache');
    const graph = await graphOfScores();
    await graph.getByTestId('node-make').click();
    await graph.getByTestId('why-cache').click();
    await expect
      .poll(() => graph.getByTestId('cache').textContent(), WITHIN)
      .toMatch(/From the cache; scores /);
    await editor.screenshot('python-cache-hit');
    await graph.getByTestId('node-report').click();
    await expect.poll(() => graph.getByTestId('side-panel').getAttribute('aria-label')).toMatch(/report/);
    await graph.getByTestId('retry-from').click();
    await nodeIn(graph, 'score', 'CACHED').waitFor();
    await nodeIn(graph, 'report', 'SUCCEEDED').waitFor();
    await nodeIn(graph, 'make', 'CACHED').waitFor();
  });

  it('goes without a cluster, too', async () => {
    shot('python-run-locally');
    const { page } = editor;
    await page.locator('.tab').filter({ hasText: SCORES }).click();
    await page.locator('.monaco-editor.focused').waitFor();
    await page.keyboard.press('Control+End');
    await page.locator('.codelens-decoration a').filter({ hasText: 'Run locally' }).last().click();
    await expect
      .poll(async () => (await page.locator('.xterm-rows').innerText()).replaceAll('\u00a0', ' '), {
        timeout: 120_000,
      })
      .toMatch(/report: succeeded.*Run succeeded/s);
    await editor.screenshot('python-run-locally');
  });
});
