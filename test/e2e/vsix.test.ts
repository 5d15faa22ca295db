/** The packaged extension, installed into an editor without the repository, runs the demo by itself. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it, onTestFailed } from 'vitest';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { runToGreen, showConfusionMatrix, trustAndFindGraph } from './harness/newcomer.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

let workspace: Workspace;
let editor: Editor;

beforeAll(async () => {
  workspace = await copyWorkspace('dev-cluster/seed');
  editor = await startEditor({
    name: 'vsix',
    folder: workspace.folder,
    // Made by `npm run package`, and by the build stage of `npm test`.
    extension: { vsix: join(repositoryRoot, 'dist', 'slipway.vsix') },
    trust: 'asked',
  });
});
afterAll(async () => {
  await editor.close();
  await workspace.remove();
});

describe('the installed .vsix', () => {
  it('runs the demo green', async () => {
    onTestFailed(() => editor.screenshot('vsix-failed'));
    const first = await trustAndFindGraph(editor.page, editor.workbench);
    await runToGreen(first, 150_000);
    await showConfusionMatrix(first);
  });
});
