/** Pipelines compared in the real editor, in a real Git repository. */
import { execFile } from 'node:child_process';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

const file = 'two_step.pipeline.yaml';
let workspace: Workspace;
let editor: Editor;

async function git(...args: readonly string[]): Promise<void> {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
  await promisify(execFile)('git', ['-C', workspace.folder, ...identity, ...args]);
}

/** As another program would, on the disk. */
async function change(edit: (text: string) => string): Promise<void> {
  const path = join(workspace.folder, file);
  const [before, after] = [await readFile(path, 'utf8')].flatMap((text) => [text, edit(text)]);
  expect(after).not.toBe(before);
  await writeFile(path, after ?? '');
}

beforeAll(async () => {
  workspace = await copyWorkspace('test/fixtures/kfp/samples');
  await rename(join(workspace.folder, 'two_step_pipeline.yaml'), join(workspace.folder, file));
  await copyFile(join(workspace.folder, file), join(workspace.folder, 'copy.pipeline.yaml'));
  await git('init', '--initial-branch', 'main');
  await git('add', '.');
  await git('commit', '-m', 'Two steps');
  await change((text) => text.replaceAll('google/cloud-sdk:slim', 'google/cloud-sdk:1'));
  await git('commit', '-a', '-m', 'A pinned image');
  await change((text) => text.replace('google/cloud-sdk:1', 'google/cloud-sdk:2'));
  editor = await startEditor({ name: 'graph-diff', folder: workspace.folder });
});
afterAll(async () => {
  await editor.close();
  await workspace.remove();
});

const view = (): Promise<Frame> => webviewWith(editor.page, 'change-list');
const changed = async (text: string): Promise<void> => {
  const counts = (await view()).getByTestId('diff-counts');
  await expect.poll(() => counts.textContent().catch(() => ''), { timeout: 60_000 }).toBe(text);
};
async function compareWith(what: string): Promise<void> {
  const { page, workbench } = editor;
  // Then it is known to be a pipeline.
  await workbench.action(page.locator('.editor-actions'), 'Run Pipeline').waitFor();
  await workbench.runCommand('Slipway: Compare Pipeline Graph with…');
  await choose(what);
}
async function choose(label: string): Promise<void> {
  const row = editor.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label });
  await row.click();
}

it('the file with Git HEAD, chosen from a list', async () => {
  const { page, workbench } = editor;
  await workbench.openFile(file);
  await compareWith('Git HEAD');
  await changed('1 changed');
  await workbench.tab(`${file} (HEAD) ↔ ${file}`).waitFor();
  // The keybinding, with the focus in the webview.
  await (await view()).getByTestId('canvas').focus();
  await page.keyboard.press('F7');
  const field = (await view()).getByTestId('field-image');
  await field.waitFor();
  expect(await field.locator('del').textContent()).toContain('google/cloud-sdk:1');
  expect(await field.locator('ins').textContent()).toContain('google/cloud-sdk:2');
  await editor.screenshot('diff-editor');
});

it('follows the file, and says where it is broken', async () => {
  await change((text) => text.replace(/(write-to-gcs:\s+cachingOptions:\s+enableCache:) true/, '$1 false'));
  await changed('2 changed');
  await change((text) => text.replace('deploymentSpec:', 'deploymentSpec: {'));
  const problem = (await view()).getByTestId('diff-problem-after');
  await problem.waitFor();
  expect(await problem.textContent()).toMatch(new RegExp(`After, ${file}, line \\d+: `));
  await editor.screenshot('diff-editor-broken');
  await change((text) => text.replace('deploymentSpec: {', 'deploymentSpec:'));
  await problem.waitFor({ state: 'detached' });
});

it('comes back after a reload, and follows HEAD', async () => {
  await editor.reload();
  await changed('2 changed');
  await git('commit', '-a', '-m', 'Another image');
  await (await view()).getByTestId('no-differences').waitFor();
  await editor.screenshot('diff-editor-same');
});

it('a commit', async () => {
  const { page, workbench } = editor;
  await workbench.tab(file).click();
  await compareWith('A commit…');
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Two steps' }).waitFor();
  await editor.screenshot('diff-editor-commits');
  await choose('Two steps');
  await page
    .locator('.tabs-container [role="tab"]')
    .filter({ hasText: /\([0-9a-f]{7}\) ↔/ })
    .waitFor();
  await changed('2 changed');
});

it('a row of the Source Control view, and the texts', async () => {
  const { page, workbench } = editor;
  await change((text) => text.replace('google/cloud-sdk:2', 'google/cloud-sdk:3'));
  await workbench.openViewContainer('Source Control');
  const row = page.locator('.scm-view .monaco-list-row').filter({ hasText: file });
  await row.waitFor();
  await workbench.contextMenu(row, 'Open Changes of Pipeline Graph');
  await changed('1 changed');
  await (await view()).getByTestId('open-texts').click();
  await page.locator('.monaco-diff-editor').waitFor();
  await editor.screenshot('diff-editor-texts');
});

it('two files that are selected in the Explorer', async () => {
  const { page, workbench } = editor;
  await workbench.openViewContainer('Explorer');
  await workbench.treeItem('copy.pipeline.yaml').click();
  await workbench.treeItem(file).click({ modifiers: ['Control'] });
  await workbench.contextMenu(workbench.treeItem(file), 'Compare Selected Pipeline Graphs');
  await page
    .locator('.tabs-container [role="tab"]')
    .filter({ hasText: /copy\.pipeline\.yaml/ })
    .last()
    .waitFor();
  await changed('2 changed');
  await editor.screenshot('diff-editor-two');
});
