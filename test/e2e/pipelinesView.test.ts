/** The Pipelines view as a person uses it: ▶ on a file, its run's steps, a log, an explained failure, a filter. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { readEmbeddedEndpoints } from '../../src/clients/embedded.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

let workspace: Workspace;
let editor: Editor;

const sidebarRow = (text: RegExp): Locator =>
  editor.page.locator('.sidebar .monaco-list-row').filter({ hasText: text });

beforeAll(async () => {
  workspace = await copyWorkspace('dev-cluster/seed');
  const pipelines = join(workspace.folder, 'pipelines');
  const sample = join(repositoryRoot, 'test/fixtures/kfp/samples/pipeline_with_exit_handler.yaml');
  await cp(sample, join(pipelines, 'exit.yaml'));
  editor = await startEditor({
    name: 'pipelines-view',
    folder: workspace.folder,
    // Drawn as elements, so that the test can read it.
    settings: { 'terminal.integrated.gpuAcceleration': 'off' },
  });
  await editor.workbench.openViewContainer('Slipway');
});
afterAll(async () => {
  await editor.close();
  await workspace.remove();
});

describe('the Pipelines view', () => {
  it('lists pipeline files by name, also one that only looks like a pipeline', async () => {
    onTestFailed(() => editor.screenshot('pipelines-view-files-failed'));
    await editor.workbench.treeItem('churn').first().waitFor();
    await editor.workbench.treeItem('pipeline-with-exit-handler').waitFor();
    await sidebarRow(/Embedded cluster is not running/).waitFor();
  });

  it('▶ starts the cluster and the run, opens its graph, and the row becomes red with steps under it', async () => {
    onTestFailed(() => editor.screenshot('pipelines-view-run-failed'));
    const { workbench } = editor;
    const file = workbench.treeItem('pipeline-with-exit-handler');
    await workbench.hoverAction(file, 'Run Pipeline');
    const run = sidebarRow(/^pipeline-with-exit-handler 20/);
    await run.waitFor();
    await editor.page
      .locator('.tabs-container [role="tab"]')
      .filter({ hasText: /^pipeline-with-exit-handler 20/ })
      .waitFor();
    await run.and(editor.page.locator('[aria-label*=", failed"]')).waitFor({ timeout: 90_000 });
    await run.locator('.monaco-tl-twistie').click();
    await sidebarRow(/^exit-handler-1/)
      .locator('.monaco-tl-twistie')
      .click();
    await sidebarRow(/^fail-op/).waitFor();
    await editor.screenshot('pipelines-view-failed-run');
  });

  it('tells that the run ended', async () => {
    onTestFailed(() => editor.screenshot('pipelines-view-toast-failed'));
    await editor.workbench.notification(/pipeline-with-exit-handler 20.* failed after/).waitFor();
  });

  it('a step\u2019s log opens beside the editors and ends with its attempt', async () => {
    onTestFailed(() => editor.screenshot('pipelines-view-log-failed'));
    const { page, workbench } = editor;
    const step = sidebarRow(/^fail-op/);
    await workbench.hoverAction(step, 'Open Log', workbench.tab('fail-op'));
    // Rows are drawn with no-break spaces.
    const text = async (): Promise<string> =>
      (await page.locator('.xterm-rows').allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
    await expect.poll(text).toMatch(/Task failed\.[^]*End of the log/);
  });

  it('explains the failure, with details', async () => {
    onTestFailed(() => editor.screenshot('pipelines-view-explain-failed'));
    const { page, workbench } = editor;
    const run = sidebarRow(/^pipeline-with-exit-handler 20/);
    const toast = workbench.notification(/fail-op failed\. It ended with exit code 1\./);
    await workbench.hoverAction(run, 'Explain Failure', toast);
    await toast.getByRole('button', { name: 'Details' }).click();
    await page
      .locator('.tabs-container [role="tab"]')
      .filter({ hasText: /Why fail-op failed/ })
      .waitFor();
  });

  it('filters by name, and says so', async () => {
    onTestFailed(() => editor.screenshot('pipelines-view-filter-failed'));
    const { page, workbench } = editor;
    const title = page.locator('.sidebar .pane-header').filter({ hasText: 'Pipelines' });
    // A view's actions show while the pointer is on its header.
    const input = workbench.quickInput;
    const first = page.locator('.quick-input-title').filter({ hasText: '(1/2)' });
    await workbench.hoverAction(title, 'Filter Pipelines and Runs…', first);
    await input.fill('search');
    await input.press('Enter');
    await page.locator('.quick-input-title').filter({ hasText: '(2/2)' }).waitFor();
    await input.press('Enter');
    await sidebarRow(/^pipeline-with-exit-handler 20/).waitFor({ state: 'detached' });
    await workbench.treeItem('churn-search').waitFor();
    await expect.poll(() => workbench.treeItem('churn').count()).toBe(0);
    await workbench.hoverAction(title, 'Clear Filter');
    await sidebarRow(/^pipeline-with-exit-handler 20/).waitFor();
  });

  it('a reload brings one graph back, not a second one', async () => {
    onTestFailed(() => editor.screenshot('pipelines-view-reload-failed'));
    const { page } = editor;
    // After a reload a tab has its file's name until it is shown.
    const graphs = page
      .locator('.tabs-container [role="tab"]')
      .filter({ hasText: /^churn(\.pipeline\.yaml)?$/ });
    await graphs.first().waitFor();
    await editor.reload();
    await editor.workbench.openViewContainer('Slipway');
    await sidebarRow(/^pipeline-with-exit-handler 20/).waitFor();
    await expect.poll(() => graphs.count()).toBe(1);
  });
});

describe('a folder that is not trusted', () => {
  it('shows its pipelines and starts nothing', async () => {
    const copy = await copyWorkspace('dev-cluster/seed');
    const restricted = await startEditor({ name: 'untrusted', folder: copy.folder, trust: 'asked' });
    try {
      onTestFailed(() => restricted.screenshot('untrusted-failed'));
      const { page, workbench } = restricted;
      await workbench.distrustFolder();
      await workbench.openViewContainer('Slipway');
      const file = workbench.treeItem('churn');
      await workbench.hoverAction(file, 'Run Pipeline');
      const refusal = workbench.notification(/This folder is not trusted, so nothing in it is run\./);
      await refusal.waitFor();
      await refusal.getByRole('button', { name: 'Manage Trust' }).waitFor();
      await page.locator('.notification-toast').first().waitFor();
      expect(await readEmbeddedEndpoints(restricted.home)).toBeUndefined();
    } finally {
      await restricted.close();
      await copy.remove();
    }
  });
});
