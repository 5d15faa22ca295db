/** What becomes of runs in the editor: terminate, retry, clone, form, source of a failure, task, delete, reloads. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Locator } from 'playwright-core';
import { stringify } from 'yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { readEmbeddedEndpoints } from '../../src/clients/embedded.ts';
import { KfpClient } from '../../src/clients/kfp/client.ts';
import type { JsonObject } from '../../src/core/base/json.ts';
import type { Run } from '../../src/clients/kfp/model.ts';
import { constant, dag, input, pipeline, step, task } from '../builders/irSpec.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { framesWith, webviewWith } from './harness/webview.ts';

const execute = promisify(execFile);
let folder: string;
let editor: Editor;
const signal = AbortSignal.timeout(600_000);

/** One step that really sleeps, `seconds` long or until it is woken, then leaves a report. */
function sleeping(name: string, seconds: JsonObject): string {
  const { pipelineSpec } = pipeline(
    dag(
      { rest: task('rest', { parameters: { seconds } }) },
      { in: { seconds: { parameterType: 'NUMBER_DOUBLE', defaultValue: 0.1 } } },
    ),
    {
      rest: step({
        in: { seconds: 'NUMBER_DOUBLE' },
        artifactsOut: { report: 'system.HTML' },
        image: 'alpine:3.20',
        command: [
          'sh',
          '-c',
          'echo asleep; sleep "$0" || echo woken; mkdir -p "$(dirname "$1")"; echo "<h1>Well rested</h1>" > "$1"',
        ],
        args: ["{{$.inputs.parameters['seconds']}}", "{{$.outputs.artifacts['report'].path}}"],
      }),
    },
  );
  return stringify({ ...pipelineSpec, pipelineInfo: { name } });
}
/** No other process on the machine sleeps as long as these two. */
const longNap = 600 + process.pid / 1e6;
const longDoze = longNap + 1;

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'project');
  await mkdir(join(folder, '.vscode'), { recursive: true });
  await writeFile(join(folder, 'nap.pipeline.yaml'), sleeping('nap', constant(longNap)));
  await writeFile(join(folder, 'doze.pipeline.yaml'), sleeping('doze', input('seconds')));
  for (const file of ['failure.py', 'failure.yaml'])
    await cp(join(repositoryRoot, 'test', 'fixtures', 'pipelines', file), join(folder, file));
  await writeFile(
    join(folder, '.vscode', 'tasks.json'),
    JSON.stringify({
      version: '2.0.0',
      tasks: [
        {
          type: 'slipway',
          label: 'a short doze',
          file: 'doze.pipeline.yaml',
          parameters: { seconds: 0.2 },
          problemMatcher: [],
        },
      ],
    }),
  );
  editor = await startEditor({
    name: 'pipelines-runs',
    folder,
    settings: { 'terminal.integrated.gpuAcceleration': 'off' },
  });
  await editor.workbench.openViewContainer('Slipway');
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

const row = (text: RegExp): Locator =>
  editor.page.locator('.sidebar .monaco-list-row').filter({ hasText: text });
const inState = (rows: Locator, state: string): Locator =>
  rows.and(editor.page.locator(`[aria-label*=", ${state}"]`));
const tab = (text: RegExp): Locator =>
  editor.page.locator('.tabs-container [role="tab"]').filter({ hasText: text });

async function service(): Promise<KfpClient> {
  const kfp = (await readEmbeddedEndpoints(editor.home))?.kfp;
  if (kfp === undefined) throw new Error('The cluster is not running.');
  return new KfpClient({ ...kfp, label: 'The service' });
}

/** The service's own word, newest first. */
async function runs(): Promise<readonly Run[]> {
  return (await (await service()).listRuns({ pageSize: 50, sortBy: 'created_at desc' }, signal)).items;
}

/** Process ids of the steps that sleep this long. */
async function sleepers(seconds: number): Promise<readonly number[]> {
  const { stdout } = await execute('ps', ['-A', '-o', 'pid=,args=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, program, time]) => program === 'sleep' && time === String(seconds))
    .map(([pid]) => Number(pid));
}
/** How many steps of the nap there are. */
const nappers = async (): Promise<number> => (await sleepers(longNap)).length;

/** The artifact in its frame. */
const report = 'iframe[title="report"][srcdoc*="Well rested"]';

/** How many webviews show this. */
const countWith = async (selector: string): Promise<number> =>
  (await framesWith(editor.page, selector)).length;

const press = (target: Locator, action: string): Promise<void> =>
  editor.workbench.hoverAction(target, action);

async function dismissToasts(): Promise<void> {
  await editor.workbench.runCommand('Notifications: Clear All Notifications');
}

describe('runs in the editor', () => {
  beforeEach(({ task: { name } }) => {
    onTestFailed(() => editor.screenshot(`pipelines-runs-${name.replaceAll(/\W+/g, '-')}-failed`));
  });

  it('a terminated run ends its step, a retried one runs again', async () => {
    await press(editor.workbench.treeItem('nap'), 'Run Pipeline');
    const run = row(/^nap 20/);
    await inState(run, 'running').waitFor();
    await expect.poll(nappers).toBe(1);
    await editor.screenshot('pipelines-runs-running');
    await press(run, 'Terminate Run');
    await inState(run, 'canceled').waitFor();
    await expect.poll(nappers).toBe(0);

    await press(run, 'Retry Run');
    await inState(run, 'running').waitFor();
    await expect.poll(nappers).toBe(1);
    await press(run, 'Terminate Run');
    await inState(run, 'canceled').waitFor();
    await editor.screenshot('pipelines-runs-canceled');
    await expect.poll(nappers).toBe(0);
  });

  it('Delete asks, then deletes the selected row', async () => {
    await press(editor.workbench.treeItem('nap'), 'Run Pipeline');
    await expect.poll(async () => (await runs()).length).toBe(2);
    const [newer, older] = await runs();
    // Its graph takes the focus when it opens.
    await expect.poll(() => countWith('[data-testid="run-state"][data-state="RUNNING"]')).toBe(1);
    // With Ctrl a click selects and does not open.
    await row(new RegExp(`^${older?.displayName ?? '?'}`)).click({ modifiers: ['ControlOrMeta'] });
    await expect.poll(() => editor.page.locator('.sidebar .monaco-list:focus').count()).toBe(1);
    await editor.page.keyboard.press('Delete');
    const dialog = editor.page.locator('.monaco-dialog-box');
    await dialog.filter({ hasText: older?.displayName ?? '?' }).waitFor();
    await editor.screenshot('pipelines-runs-delete');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(async () => (await runs()).map((run) => run.id)).toEqual([newer?.id]);
    await expect.poll(() => row(/^nap 20/).count()).toBe(1);
    await press(row(/^nap 20/), 'Terminate Run');
  });

  it('a task of tasks.json runs in the environment', async () => {
    const { page, workbench } = editor;
    await workbench.runCommand('Tasks: Run Task');
    await workbench.choice('a short doze').click();
    const text = async (): Promise<string> =>
      (await page.locator('.xterm-rows').allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
    await expect.poll(text).toMatch(/rest: succeeded[^]*Run succeeded/);
    await editor.screenshot('pipelines-runs-task');
    await expect
      .poll(async () => (await runs())[0])
      .toMatchObject({ state: 'SUCCEEDED', parameters: { seconds: 0.2 } });
  });

  it('▶ asks for what has no default; the failure leads to the line of the .py; ⚙ remembers', async () => {
    const { page, workbench } = editor;
    await press(workbench.treeItem('failure'), 'Run Pipeline');
    const form = await webviewWith(page, 'submit-run');
    await form.getByTestId('input-beside_file').locator('input').fill(join(folder, 'beside'));
    await form.getByTestId('input-behind_file').locator('input').fill(join(folder, 'behind'));
    await editor.screenshot('pipelines-runs-form');
    await form.getByTestId('submit-run').click();
    const run = row(/^failure 20/);
    await inState(run, 'failed').waitFor();
    await dismissToasts();
    await press(run, 'Explain Failure');
    await workbench
      .notification(/work stopped with ValueError: told to fail/)
      .getByRole('button', { name: 'Go to failure.py:9' })
      .click();
    await workbench.tab('failure.py').waitFor();
    await workbench.statusBarItem(/^Ln 9,/).waitFor();
    await editor.screenshot('pipelines-runs-source');

    await press(workbench.treeItem('failure'), 'Run Pipeline with…');
    const again = await webviewWith(page, 'submit-run');
    await expect
      .poll(() => again.getByTestId('input-beside_file').locator('input').inputValue())
      .toBe(join(folder, 'beside'));
    await again.getByTestId('cancel-run').click();
    await tab(/^Run failure$/).waitFor({ state: 'detached' });
  });

  it('the panel of an artifact is still there after a reload', async () => {
    const { page } = editor;
    await row(/^doze 20/).click();
    const graph = await webviewWith(page, 'node-rest');
    await graph.getByTestId('node-rest').click();
    await graph.getByTestId('artifact-report').getByTitle('Open in the editor').click();
    await expect.poll(() => countWith(report)).toBe(1);
    await editor.screenshot('pipelines-runs-artifact');
    await editor.reload();
    await tab(/^report$/).waitFor();
    await expect.poll(() => countWith(report)).toBe(1);
    await editor.screenshot('pipelines-runs-restored');
  });

  it('what a run ran is compared with its file, and with an uploaded version', async () => {
    const { page, workbench } = editor;
    await workbench.openViewContainer('Slipway');
    const choose = (label: string): Promise<void> => workbench.choice(label).click();
    const [run] = (await runs()).filter(({ displayName }) => displayName.startsWith('doze 20'));
    const runRow = row(new RegExp(`^${run?.displayName ?? '?'}`));
    await workbench.contextMenu(runRow, 'Compare Pipeline Graph with…');
    await choose('Another file…');
    await choose('doze.pipeline.yaml');
    const same = await webviewWith(page, 'no-differences');
    await expect
      .poll(() => same.getByTestId('no-differences').textContent())
      .toContain('Both mean the same.');
    await tab(new RegExp(`^doze.pipeline.yaml ↔ ${run?.displayName ?? '?'}$`)).waitFor();

    await (await service()).uploadPipeline('doze', sleeping('doze', constant(1)), signal);
    await workbench.contextMenu(runRow, 'Compare Pipeline Graph with…');
    await page
      .locator('.quick-input-list .monaco-list-row')
      .first()
      .filter({ hasText: 'last time' })
      .waitFor();
    await choose('An uploaded version…');
    await choose('this pipeline');
    await choose('doze');
    await tab(/^doze \(doze\) ↔ doze 20/).waitFor();
    const other = await webviewWith(page, 'diff-counts');
    await other.getByTestId('change-node rest').locator('.change-head').click();
    await expect
      .poll(() => other.getByTestId('field-inputs.seconds').textContent())
      .toMatch(/before: 1.*after: seconds/);
    await editor.screenshot('pipelines-runs-compared');

    await workbench.contextMenu(workbench.treeItem('doze'), 'Compare Pipeline Graph with…');
    await choose('Git HEAD');
    const toast = workbench.notification('doze.pipeline.yaml is in no Git repository');
    await toast.getByRole('button', { name: 'Open Source Control' }).waitFor();
    await dismissToasts();
  });

  it('a clone with changes that ends while the editor is closed is told of later', async () => {
    const { page, workbench } = editor;
    await workbench.openViewContainer('Slipway');
    const original = (await runs()).find(({ displayName }) => displayName.startsWith('doze 20'));
    await workbench.contextMenu(
      row(new RegExp(`^${original?.displayName ?? '?'}`)),
      'Clone Run with Changes…',
    );
    const form = await webviewWith(page, 'submit-run');
    const seconds = form.getByTestId('input-seconds').locator('input');
    await expect.poll(() => seconds.inputValue()).toBe('0.2');
    await seconds.fill(String(longDoze));
    await form.getByTestId('submit-run').click();
    // Its graph is there: VS Code has had the time to keep what it was told.
    await expect.poll(() => countWith('[data-testid="run-state"][data-state="RUNNING"]')).toBe(1);
    const url = page.url();
    await page.goto('about:blank');
    await expect.poll(() => sleepers(longDoze)).toHaveLength(1);
    for (const pid of await sleepers(longDoze)) process.kill(pid);
    await expect
      .poll(async () => (await runs())[0])
      .toMatchObject({ state: 'SUCCEEDED', parameters: { seconds: longDoze } });
    await page.goto(url);
    await workbench.waitUntilReady();
    const toast = workbench.notification('While you were away, 1 run ended.');
    await toast.waitFor();
    await toast.getByRole('button', { name: 'Show' }).click();
    await page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: /succeeded after/ })
      .waitFor();
    await editor.screenshot('pipelines-runs-away');
  });
});
