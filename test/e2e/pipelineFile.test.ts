/** A pipeline file in the editor: what a user sees on opening one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

let workspace: Workspace;
let editor: Editor;

beforeAll(async () => {
  workspace = await copyWorkspace('test/fixtures/kfp/samples');
  editor = await startEditor({ name: 'pipeline-file', folder: workspace.folder });
});
afterAll(async () => {
  await editor.close();
  await workspace.remove();
});

describe('a pipeline file', () => {
  it('opens as text, with ▶ in its title', async () => {
    await editor.workbench.openFile('two_step_pipeline.yaml');
    const title = editor.page.locator('.editor-actions');
    await editor.workbench.action(title, 'Run Pipeline').waitFor();
    await editor.screenshot('pipeline-file');
  });

  it('keeps ▶ away from other files', async () => {
    const { page, workbench } = editor;
    await workbench.runCommand('File: New Untitled Text File');
    await workbench.tab('Untitled-1').waitFor();
    await expect
      .poll(() => workbench.action(page.locator('.editor-actions'), 'Run Pipeline').count())
      .toBe(0);
  });

  it('is listed in the Pipelines view', async () => {
    await editor.workbench.openViewContainer('Slipway');
    await editor.page.locator('.sidebar .monaco-list-row').first().waitFor();
    await editor.screenshot('pipelines-view');
  });
});
