/** Pipeline files in the editor: what a user sees on opening one, and two versions of one compared, with a real Git. */
import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

const WITHIN = { timeout: 60_000 };
/** Two commits of it, and a change that is not committed. */
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
  const inside = (name: string): string => join(workspace.folder, name);
  for (const name of [file, 'copy.pipeline.yaml'])
    await copyFile(inside('two_step_pipeline.yaml'), inside(name));
  const source = await readFile('test/fixtures/generated-python/edited.py', 'utf8');
  await writeFile(inside('edited.py'), source);
  await git('init', '--initial-branch', 'main');
  await git('add', '.');
  await git('commit', '-m', 'Two steps');
  await change((text) => text.replaceAll('google/cloud-sdk:slim', 'google/cloud-sdk:1'));
  await git('commit', file, '-m', 'A pinned image');
  await change((text) => text.replace('google/cloud-sdk:1', 'google/cloud-sdk:2'));
  await writeFile(
    inside('edited.py'),
    source.replace('last = note()', 'last = note().set_caching_options(False)'),
  );
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

const view = (): Promise<Frame> => webviewWith(editor.page, 'change-list');
/** Webviews come and go with their tabs: each look is at those that are there. */
const changed = (text: string): Promise<void> =>
  expect
    .poll(async () => {
      const frame = await webviewWith(editor.page, 'diff-counts', 1_000).catch(() => undefined);
      return frame
        ?.getByTestId('diff-counts')
        .textContent({ timeout: 1_000 })
        .catch(() => '');
    }, WITHIN)
    .toBe(text);
async function compareWith(what: string): Promise<void> {
  const { page, workbench } = editor;
  // Then it is known to be a pipeline.
  await workbench.action(page.locator('.editor-actions'), 'Run Pipeline').waitFor();
  await workbench.runCommand('Slipway: Compare Pipeline Graph with…');
  await choose(what);
}
async function choose(label: string): Promise<void> {
  await editor.workbench.choice(label).click();
}

describe('two versions', () => {
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
    await expect.poll(() => field.locator('del').textContent()).toContain('google/cloud-sdk:1');
    await expect.poll(() => field.locator('ins').textContent()).toContain('google/cloud-sdk:2');
    await editor.screenshot('comparison');
  });

  it('follows the file, and says where it is broken', async () => {
    await change((text) => text.replace(/(write-to-gcs:\s+cachingOptions:\s+enableCache:) true/, '$1 false'));
    await changed('2 changed');
    await change((text) => text.replace('deploymentSpec:', 'deploymentSpec: {'));
    const problem = (await view()).getByTestId('diff-problem-after');
    await problem.waitFor();
    await expect.poll(() => problem.textContent()).toMatch(new RegExp(`After, ${file}, line \\d+: `));
    await editor.screenshot('comparison-broken');
    await change((text) => text.replace('deploymentSpec: {', 'deploymentSpec:'));
    await problem.waitFor({ state: 'detached' });
  });

  it('comes back after a reload, and follows HEAD', async () => {
    await editor.reload();
    await changed('2 changed');
    await git('commit', file, '-m', 'Another image');
    await (await view()).getByTestId('no-differences').waitFor();
    await editor.screenshot('comparison-same');
  });

  it('a commit', async () => {
    const { page, workbench } = editor;
    await workbench.showTab(file);
    await compareWith('A commit…');
    await workbench.choice('Two steps').waitFor();
    await editor.screenshot('comparison-commits');
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
    await editor.screenshot('comparison-texts');
    // And from the texts to the graph that is open already.
    await workbench.action(page.locator('.editor-actions'), 'Run Pipeline').waitFor();
    await workbench.runCommand('Slipway: Compare Pipeline Graph with…');
    await changed('1 changed');
    await page.locator('.monaco-diff-editor').waitFor({ state: 'hidden' });
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
    await editor.screenshot('comparison-two');
  });

  it('a pipeline in Python, compiled as it is and as it was', async () => {
    const { page, workbench } = editor;
    await workbench.openFile('edited.py');
    await page
      .locator('.codelens-decoration')
      .filter({ hasText: 'Open graph' })
      .first()
      .waitFor({ timeout: 120_000 });
    await workbench.runCommand('Slipway: Compare Pipeline Graph with…');
    await choose('Git HEAD');
    await page
      .locator('.tabs-container [role="tab"]')
      .filter({ hasText: /edited.py: \w+ \(HEAD\) ↔ edited.py/ })
      .waitFor();
    onTestFailed(() => editor.screenshot('comparison-python-failed'));
    const frame = await webviewWith(page, 'change-node note-3', 60_000);
    await frame.getByTestId('change-node note-3').locator('.change-head').click();
    await expect.poll(() => frame.getByTestId('field-caching').textContent()).toMatch(/true.*false/);
    await editor.screenshot('comparison-python');
  });
});
