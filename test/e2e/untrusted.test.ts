/** A folder that its user does not trust: the graph may be read, and nothing is started, whatever is pressed. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

let workspace: Workspace;
let editor: Editor;

beforeAll(async () => {
  workspace = await copyWorkspace('dev-cluster/seed');
  editor = await startEditor({ name: 'untrusted', folder: workspace.folder, trust: 'asked' });
});
afterAll(async () => {
  await editor.close();
  await workspace.remove();
});

describe('an untrusted folder', () => {
  it('shows the graph, answers ▶ with the question of trust, and starts nothing', async () => {
    onTestFailed(() => editor.screenshot('untrusted-failed'));
    await editor.workbench.distrustFolder();
    const graph = await webviewWith(editor.page, 'run-button');
    await graph.locator('[data-testid^="node-"]').first().waitFor();
    await graph.getByTestId('run-button').click();
    await editor.workbench.notification(/trust/i).waitFor();
    await editor.screenshot('untrusted');
    // Everything that Slipway starts writes into its home; the folders are only watched.
    const written = await readdir(editor.home, { recursive: true, withFileTypes: true });
    expect(written.filter((entry) => !entry.isDirectory()).map((entry) => entry.name)).toEqual([]);
  });
});
