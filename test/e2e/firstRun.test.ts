/** The promise of the first minutes: the demo opens as a graph, one click, and it is green with a confusion matrix. */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { accessibilityViolations } from '../browser/harness/accessibility.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { runToGreen, showConfusionMatrix, trustAndFindGraph, type FirstRun } from './harness/newcomer.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

let workspace: Workspace;
let editor: Editor;
let first: FirstRun;

beforeAll(async () => {
  workspace = await copyWorkspace('dev-cluster/seed');
  editor = await startEditor({ name: 'first-run', folder: workspace.folder, trust: 'asked' });
});
afterAll(async () => {
  await editor.close();
  await workspace.remove();
});

describe('the first run', () => {
  it('is one click on trust, one on ▶, and green', async () => {
    onTestFailed(() => editor.screenshot('first-run-failed'));
    first = await trustAndFindGraph(editor.page, editor.workbench);
    await editor.screenshot('first-run-graph');
    await runToGreen(first, 150_000);
    await showConfusionMatrix(first);
    await editor.screenshot('first-run-dark');
    expect(await accessibilityViolations(first.graph)).toEqual([]);
  });

  it('looks like this in light, too', async () => {
    onTestFailed(() => editor.screenshot('first-run-light-failed'));
    await editor.workbench.chooseTheme('Light 2026');
    await first.graph.locator('body[data-vscode-theme-name="Light 2026"]').waitFor();
    await editor.screenshot('first-run-light');
    expect(await accessibilityViolations(first.graph)).toEqual([]);
  });

  it('is in the Pipelines view', async () => {
    onTestFailed(() => editor.screenshot('first-run-view-failed'));
    await editor.workbench.openViewContainer('Slipway');
    await editor.page
      .locator('.sidebar .monaco-list-row')
      .filter({ hasText: /^churn \d{4}-/ })
      .waitFor();
    await editor.screenshot('first-run-view');
  });
});
