/** The promise of the first minutes: the demo opens as a graph, one click, and it is green with a confusion matrix. */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { accessibilityViolations } from '../browser/harness/accessibility.ts';
import { startEditor, type Editor, type Theme } from './harness/editor.ts';
import { runToGreen, showConfusionMatrix, trustAndFindGraph } from './harness/newcomer.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

describe.each<Theme>(['dark', 'light'])('the first run, %s', (theme) => {
  let workspace: Workspace;
  let editor: Editor;

  beforeAll(async () => {
    workspace = await copyWorkspace('dev-cluster/seed');
    editor = await startEditor({
      name: `first-run-${theme}`,
      folder: workspace.folder,
      trust: 'asked',
      theme,
    });
  });
  afterAll(async () => {
    await editor.close();
    await workspace.remove();
  });

  it('is one click on trust, one on ▶, and green', async () => {
    onTestFailed(() => editor.screenshot(`first-run-${theme}-failed`));
    const first = await trustAndFindGraph(editor.page, editor.workbench);
    await editor.screenshot(`first-run-${theme}-graph`);
    await runToGreen(first, 150_000);
    await showConfusionMatrix(first);
    await editor.screenshot(`first-run-${theme}`);
    expect(await accessibilityViolations(first.graph)).toEqual([]);
  });

  it('shows the run in the Pipelines view', async () => {
    onTestFailed(() => editor.screenshot(`first-run-${theme}-view-failed`));
    await editor.workbench.openViewContainer('Slipway');
    await editor.page
      .locator('.sidebar .monaco-list-row')
      .filter({ hasText: /^churn \d{4}-/ })
      .waitFor();
    await editor.screenshot(`first-run-${theme}-view`);
  });
});
