/** Pipelines in Python: lenses, hovers, the graph beside the code and its gestures, components of other files, runs debugged. */
import { copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
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
  const fixtures = 'test/fixtures';
  await cp(join(fixtures, 'edited-python'), folder, { recursive: true });
  await cp(join(fixtures, 'python'), folder, { recursive: true });
  await copyFile(join(fixtures, 'generated-python', NAME), join(folder, NAME));
  await copyFile(join(fixtures, 'v1-components/train_xgboost.yaml'), join(folder, 'train_xgboost.yaml'));
  await copyFile(join(fixtures, 'pipelines/caching.yaml'), join(folder, 'caching.pipeline.yaml'));
  editor = await startEditor({
    name: 'python-pipeline',
    folder,
    env: { SLIPWAY_COMPONENTS: 'kfp' },
    settings: {
      'files.autoSave': 'off',
      'editor.autoIndent': 'none',
      'terminal.integrated.gpuAcceleration': 'off',
    },
  });
  editor.page.setDefaultTimeout(90_000);
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

beforeEach(({ task: { name } }) => {
  onTestFailed(() => editor.screenshot(`python-${name.replaceAll(/\W+/g, '-')}-failed`));
});

/** Each part begins with its file alone; nothing is left unsaved before it. */
async function openAlone(file: string): Promise<void> {
  await editor.workbench.runCommand('View: Close All Editors');
  await editor.page.locator('.tabs-container .tab').first().waitFor({ state: 'detached' });
  await editor.workbench.openFile(file);
}

/** Of the name in the column, where the cursor goes. */
async function showHover(line: number, column: number): Promise<Locator> {
  const { page, workbench } = editor;
  await workbench.goTo(line, column);
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+I');
  const hover = page.locator('.monaco-hover').filter({ hasText: 'run once for each item' });
  await hover.waitFor();
  return hover;
}

describe('a pipeline in Python and the files beside it', () => {
  beforeAll(() => openAlone('flow.py'));

  it('says what a name of kfp.dsl means', async () => {
    const { page } = editor;
    await page.locator('.codelens-decoration').filter({ hasText: 'Open graph' }).first().waitFor();
    const hover = await showHover(29, 16);
    await expect
      .poll(() => hover.textContent())
      .toContain('with dsl.ParallelFor(items, parallelism=None) as item:');
    await editor.screenshot('python-hover');
    await page.keyboard.press('Escape');
  });

  it('shows in the graph the step that the cursor is in', async () => {
    const { page } = editor;
    await page.locator('.codelens-decoration a').filter({ hasText: 'Open graph' }).first().click();
    const graph = await webviewWith(page, 'canvas');
    await graph.getByTestId('node-load').waitFor();
    await page.locator('.view-lines').first().click();
    await editor.workbench.goTo(23);
    await page.keyboard.press('End');
    const selected = graph.locator('.selected[data-testid^="node-"]');
    await expect
      .poll(
        () => selected.evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-testid'))),
        WITHIN,
      )
      .toEqual(['node-load']);
    // The focus has stayed in the code.
    await expect.poll(() => page.locator('.monaco-editor.focused').count()).toBe(1);
    await editor.screenshot('python-cursor');
  });

  it('offers the components of all files, and adds one by an import and a call', async () => {
    const { page } = editor;
    await editor.workbench.chooseTheme('Light 2026');
    const graph = await webviewWith(page, 'canvas');
    await graph.getByTestId('tool-palette').click();
    for (const entry of ['clean', 'score', 'train-xgboost-cpu', 'load-table'])
      await graph.getByTestId(`palette-${entry}`).first().waitFor();
    // One for each function, not for each of its calls: its own, and that of steps.py.
    await expect.poll(() => graph.getByTestId('palette-alert').count()).toBe(2);
    await expect.poll(() => graph.getByTestId(/^palette-alert-\d/).count()).toBe(0);
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
    await page.keyboard.press('Control+S');
    await expect.poll(() => editor.workbench.dirtyTabs(), WITHIN).toBe(0);
    await editor.screenshot('python-added');
  });

  it('moves a pipeline to Python once, which is the truth from then on', async () => {
    const { page } = editor;
    const yaml = join(folder, 'caching.pipeline.yaml');
    await editor.workbench.openFile('caching.pipeline.yaml');
    await editor.workbench.runCommand('Slipway: Move to Python…');
    const { quickInput } = editor.workbench;
    await expect.poll(() => quickInput.inputValue(), WITHIN).toBe('caching.py');
    await quickInput.press('Enter');
    await editor.workbench.tab('caching.py').waitFor();
    await expect
      .poll(() => readFile(yaml, 'utf8'), WITHIN)
      .toContain('# Compiled from caching.py by Slipway');
    const python = await readFile(join(folder, 'caching.py'), 'utf8');
    expect(python).toContain('compile(');
    expect(python).toContain('"caching.pipeline.yaml"');
    // Saved with another name of the pipeline, the IR follows.
    await editor.workbench.focusedText.waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(python.replace('name="caching"', 'name="renamed"'));
    await page.locator('.tab.dirty').filter({ hasText: 'caching.py' }).waitFor();
    await page.keyboard.press('Control+S');
    await expect.poll(() => readFile(yaml, 'utf8'), WITHIN).toContain('name: renamed');
    await expect.poll(() => editor.workbench.dirtyTabs(), WITHIN).toBe(0);
  });
});

describe('a pipeline in Python', () => {
  beforeAll(() => openAlone(NAME));

  it('has lenses on its components and on itself', async () => {
    const { page } = editor;
    await page.locator('.codelens-decoration').filter({ hasText: 'Open graph' }).first().waitFor();
    const lens = page.locator('.codelens-decoration');
    await lens
      .filter({ hasText: /Run locally.*Debug/ })
      .first()
      .waitFor();
    await lens
      .filter({ hasText: /Run locally.*Submit.*Open graph/ })
      .first()
      .waitFor();
  });

  it('is drawn beside its code, and edited from there', async () => {
    const { page } = editor;
    await page.locator('.codelens-decoration a').filter({ hasText: 'Open graph' }).first().click();
    const graph = await webviewWith(page, 'canvas');
    const last = graph.getByTestId('node-note-3');
    await last.waitFor();
    await graph.getByTestId('node-for-loop-1').waitFor();
    await last.click();
    await page.keyboard.press('Delete');
    // The call is gone from the code, with the statement about it; the file is not saved for anybody.
    await expect.poll(() => editor.workbench.dirtyTabs(), WITHIN).toBe(1);
    await expect.poll(() => page.locator('.view-lines').first().textContent(), WITHIN).not.toContain('last');
    await expect.poll(() => graph.getByTestId('node-note-3').count(), WITHIN).toBe(1);
    expect(await readFile(join(folder, NAME), 'utf8')).toContain('last = note()');
    await editor.screenshot('python-edited');
    // Taken back where it was made.
    await graph.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => editor.workbench.dirtyTabs(), WITHIN).toBe(0);
    await graph.getByTestId('canvas').waitFor();
  });

  it('runs a component with inputs that it asks for, and stops at a breakpoint when it is debugged', async () => {
    const { page } = editor;
    await editor.workbench.showTab(NAME);
    await editor.workbench.goTo(21);
    await page.keyboard.press('F9');
    await page.locator('.editor-instance [class*="codicon-debug-breakpoint"]').first().waitFor();
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
    const { page } = editor;
    const graph = await webviewWith(page, 'canvas');
    // It has followed the cursor to another step.
    await graph.locator('.react-flow__controls-fitview').click();
    await graph.getByTestId('node-train').click();
    await graph.getByRole('button', { name: 'Edit code' }).click();
    await page.getByText('Ln 14, Col 1').waitFor();
  });

  it('says at its line what is wrong, when the file is saved', async () => {
    const { page } = editor;
    await editor.workbench.showTab(NAME);
    await editor.workbench.goTo(27);
    await page.keyboard.press('Home');
    await page.keyboard.insertText('make(rows=no_such_name); ');
    await expect.poll(() => editor.workbench.dirtyTabs(), WITHIN).toBe(1);
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
    await editor.workbench.showTab(/^scores\b(?!\.py)/);
    const graph = await webviewWith(editor.page, 'node-score');
    await graph.getByTestId('node-score').waitFor();
    return graph;
  };
  const source = (): Promise<string> => readFile(join(folder, SCORES), 'utf8');
  /** What the line of the open editor says, from its first character on. */
  const writeLine = async (line: number, text: string): Promise<void> => {
    const { page } = editor;
    await editor.workbench.showTab(SCORES);
    await editor.workbench.goTo(line);
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.insertText(text);
  };

  it('is submitted from its lens, and shown on the graph of its file', async () => {
    const { page } = editor;
    await openAlone(SCORES);
    await page.keyboard.press('Control+End');
    await page.locator('.codelens-decoration a').filter({ hasText: 'Submit' }).first().click();
    const graph = await webviewWith(page, 'node-score');
    await runIn(graph, 'SUCCEEDED').waitFor({ timeout: 180_000 });
    await expect.poll(() => graph.getByTestId('edited').count()).toBe(0);
  });

  it('fails after a gesture that changed the Python, and says how it differs from the run before', async () => {
    const { page } = editor;
    const graph = await graphOfScores();
    await graph.getByTestId('node-score').click();
    await graph.getByRole('tab', { name: 'Settings' }).click();
    const share = graph.getByTestId('value-share').locator('input');
    await share.fill('0.5');
    await share.press('Enter');
    await graph.getByTestId('edited').waitFor();
    await expect.poll(() => editor.workbench.dirtyTabs(), WITHIN).toBe(1);
    await editor.workbench.showTab(SCORES);
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
    const { page, workbench } = editor;
    await writeLine(20, 'rest = len(lines) % max(1, used - 5)');
    await workbench
      .notification(/score stopped with/)
      .getByText('Debug Again')
      .click();
    const through = workbench.notification(/score went through here: Output = 5, metrics\.used = 5/);
    await through.waitFor({ timeout: 120_000 });
    await editor.screenshot('python-debug-through');
    await through.getByText('Retry from Here with the Fix').click();
    await expect.poll(source).toContain('max(1, used - 5)');
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

  it('debugs one iteration of a loop, in a sub-pipeline, with what that one had', async () => {
    const { page, workbench } = editor;
    await openAlone('loops.py');
    await page.keyboard.press('Control+End');
    await workbench.runCommand('Slipway: Submit Python Pipeline');
    const graph = await webviewWith(page, 'node-for-loop-2/inner/rate');
    await nodeIn(graph, 'for-loop-2/inner/rate', 'FAILED').waitFor();
    await runIn(graph, 'FAILED').waitFor();
    await workbench.runCommand('Notifications: Clear All Notifications');
    // The one that failed is shown; all of them, when the step is chosen.
    await graph.getByTestId('node-make').click();
    const panel = graph.getByTestId('side-panel');
    await expect.poll(() => panel.getAttribute('aria-label')).toMatch(/make/);
    const step = graph.getByTestId('node-for-loop-2/inner/rate');
    await step.click();
    await graph.getByTestId('iterations').getByText('Iteration 2').click();
    await nodeIn(graph, 'for-loop-2/inner/rate', 'SUCCEEDED').waitFor();
    await graph.getByTestId('debug-step').waitFor();
    await step.click({ button: 'right' });
    await graph.getByRole('menuitem', { name: 'Debug this step' }).click();
    await workbench.notification(/rate went through here: Output = c: 4 as in the run/).waitFor();
    await editor.screenshot('python-debug-iteration');
  });

  it('goes without a cluster, too', async () => {
    const { page } = editor;
    await openAlone(SCORES);
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
