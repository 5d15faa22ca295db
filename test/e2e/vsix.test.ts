/** The packaged extension, installed into an editor without the repository, runs the demo and the whole cluster by itself. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { command } from '../../dev-cluster/start/command.ts';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { readEmbeddedEndpoints } from '../../src/clients/embedded.ts';
import { predictChurn } from '../churnModel.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { runToGreen, showConfusionMatrix, trustAndFindGraph } from './harness/newcomer.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

/** With programs and Python environments in the cache, as the tests before leave them. */
const CLUSTER_TIMEOUT_MS = 600_000;
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
    env: { SLIPWAY_COMPONENTS: '' },
    viewport: { width: 1400, height: 1000 },
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

  it(
    'brings the rest of the cluster up behind it, out of its own files: the demo’s model answers',
    { timeout: CLUSTER_TIMEOUT_MS },
    async () => {
      const extensions = join(editor.home, '..', 'extensions');
      const name = (await readdir(extensions)).find((entry) => entry.startsWith('slipway.slipway-'));
      const installed = join(extensions, name ?? '');
      const signal = AbortSignal.timeout(CLUSTER_TIMEOUT_MS - 10_000);
      const env = { ...process.env, SLIPWAY_HOME: editor.home };
      await command(process.execPath, [join(installed, 'dist', 'cli.js'), 'up', '--wait'], { env, signal });
      const { gateway, feast } = (await readEmbeddedEndpoints(editor.home)) ?? {};
      expect(feast?.repository).toBe(join(installed, 'dev-cluster', 'seed', 'features'));
      expect(await predictChurn(gateway?.url, signal)).toEqual([1, 0]);
    },
  );

  it('shows all of it in the Environment view', async () => {
    onTestFailed(() => editor.screenshot('platform-failed'));
    const { page, workbench } = editor;
    const row = (text: RegExp): Locator =>
      page.locator('.sidebar .monaco-list-row').filter({ hasText: text });
    await workbench.openViewContainer('Slipway');
    await page.locator('.sidebar .pane-header').filter({ hasText: 'Pipelines' }).click();
    await workbench.widenSideBar(160);
    await row(/^Components.*all \d+ ready/).waitFor();
    await row(/^laptop/)
      .locator('.monaco-tl-twistie')
      .click();
    await row(/^churn-predictor.*Running · 1\/1/).waitFor();
    for (const theme of ['dark', 'light'] as const) {
      await workbench.chooseTheme(theme === 'dark' ? 'Dark 2026' : 'Light 2026');
      await editor.screenshot(`platform-${theme}`);
    }
  });
});
