/** The run graph in the editor: a step that fails, a service that dies, text that breaks, themes, and no mouse at all. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { stringify } from 'yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { readStatus } from '../../dev-cluster/embedded/supervisor/status.ts';
import { supervisorPaths } from '../../dev-cluster/embedded/supervisor/paths.ts';
import { dag, input, pipeline, python, step, task } from '../builders/irSpec.ts';
import { accessibilityViolations } from '../browser/harness/accessibility.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';

let folder: string;
let editor: Editor;
const flag = (): string => join(folder, 'flag');
const ticket = (): string => join(folder, 'ticket');

const CHECK = `def check(ticket: str):
    import os
    if not os.path.exists(ticket):
        raise FileNotFoundError("no ticket at " + ticket)
    print("ticket seen")
`;

/** Waits for a flag, wants a ticket, then says so: every turn of a run is ours to give. */
function relay(): string {
  const { pipelineSpec } = pipeline(
    dag(
      {
        wait: task('wait', { parameters: { flag: input('flag') } }),
        check: task('check', { parameters: { ticket: input('ticket') }, after: ['wait'] }),
        report: task('report', { after: ['check'] }),
      },
      {
        in: {
          flag: { parameterType: 'STRING', defaultValue: flag() },
          ticket: { parameterType: 'STRING', defaultValue: join(folder, 'nowhere') },
        },
      },
    ),
    {
      wait: step({
        in: { flag: 'STRING' },
        image: 'alpine:3.20',
        command: ['sh', '-c', 'echo waiting; while [ ! -e "$0" ]; do sleep 0.1; done; echo seen'],
        args: ["{{$.inputs.parameters['flag']}}"],
      }),
      check: python(CHECK, 'check', { in: { ticket: 'STRING' } }),
      report: step({ image: 'alpine:3.20', command: ['echo', 'done'] }),
    },
  );
  return stringify({ ...pipelineSpec, pipelineInfo: { name: 'relay' } });
}

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'project');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'relay.pipeline.yaml'), relay());
  editor = await startEditor({ name: 'run-graph', folder });
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

const nodeIn = (graph: Frame, name: string, state: string): Locator =>
  graph.locator(`[data-testid="node-${name}"][data-state="${state}"]`);
const runIn = (graph: Frame, state: string): Locator =>
  graph.locator(`[data-testid="run-state"][data-state="${state}"]`);

/** As a person of the keyboard does: the command palette, and the canvas has the focus. */
async function openGraph(): Promise<Frame> {
  const { page, workbench } = editor;
  await workbench.openFile('relay.pipeline.yaml');
  await workbench.action(page.locator('.editor-actions'), 'Open Pipeline Graph').waitFor();
  await page.keyboard.press('Control+Alt+G');
  const graph = await webviewWith(page, 'canvas');
  await graph.getByTestId('node-wait').waitFor();
  return graph;
}

const graphTab = (): Locator =>
  editor.page.locator('.tabs-container [role="tab"]').filter({ hasText: /^relay( 20|$)/ });
const focusIn = (graph: Frame): Promise<string | null> =>
  graph.evaluate(() =>
    document.hasFocus() ? (document.activeElement?.getAttribute('data-testid') ?? null) : null,
  );

async function shownRun(graph: Frame): Promise<string> {
  return graph.getByTestId('run-select').evaluate((element) => (element as HTMLSelectElement).value);
}

async function pidsOfCluster(): Promise<{ readonly service: number; readonly supervisor: number }> {
  const status = await readStatus(supervisorPaths(editor.home));
  const service = status?.components.find((one) => one.endpoint !== null)?.process?.pid;
  if (status === undefined || service === undefined) throw new Error('The cluster is not running.');
  return { service, supervisor: status.supervisor.pid };
}

describe('the run graph in the editor', () => {
  beforeEach(({ task: { name } }) => {
    onTestFailed(() => editor.screenshot(`run-graph-${name.replaceAll(/\W+/g, '-')}-failed`));
  });

  it('goes by keyboard from the file to ▶, to a step, to its log, and back', async () => {
    const { page } = editor;
    const press = (key: string): Promise<void> => page.keyboard.press(key);
    const graph = await openGraph();
    await expect.poll(() => focusIn(graph)).toBe('canvas');
    await press('r');
    await nodeIn(graph, 'wait', 'RUNNING').waitFor();
    await press('Control+F');
    await expect.poll(() => focusIn(graph)).toBe('search-field');
    await page.keyboard.type('wai');
    await press('Enter');
    await press('Escape');
    await expect
      .poll(() => graph.getByTestId('canvas').getAttribute('aria-activedescendant'))
      .toBe('node:wait');
    await press('Enter');
    await graph.getByTestId('log-tail').getByText('waiting').waitFor();
    await press('Enter');
    await press('Tab');
    await press('Tab');
    await expect.poll(() => focusIn(graph)).toBe('log-tail');
    await editor.screenshot('run-graph-running');
    await press('Escape');
    await graph.getByTestId('side-panel').waitFor({ state: 'detached' });
    await expect.poll(() => focusIn(graph)).toBe('canvas');
  });

  it('terminates a step that sleeps', async () => {
    const graph = await webviewWith(editor.page, 'canvas');
    await graph.getByTestId('terminate-button').click();
    await runIn(graph, 'CANCELED').waitFor();
    await editor.screenshot('run-graph-canceled');
  });

  it('shows a run given by the form, also through a killed service and a reload', async () => {
    const { page } = editor;
    await (await webviewWith(page, 'canvas')).getByTestId('run-with-button').click();
    const form = await webviewWith(page, 'submit-run');
    await form.getByTestId('input-ticket').locator('input').fill(ticket());
    await editor.screenshot('run-graph-form');
    await form.getByTestId('submit-run').click();
    const graph = await webviewWith(page, 'canvas');
    await nodeIn(graph, 'wait', 'RUNNING').waitFor();

    const { service, supervisor } = await pidsOfCluster();
    // The supervisor would have it back before anybody could see it gone.
    process.kill(supervisor, 'SIGSTOP');
    process.kill(service, 'SIGKILL');
    const reconnecting = graph.getByText(/Reconnecting; the run itself goes on/);
    await reconnecting.waitFor();
    await nodeIn(graph, 'wait', 'RUNNING').waitFor();
    await editor.screenshot('run-graph-reconnecting');
    process.kill(supervisor, 'SIGCONT');
    await reconnecting.waitFor({ state: 'detached' });
    await runIn(graph, 'RUNNING').waitFor();

    const runId = await shownRun(graph);
    await editor.reload();
    const again = await webviewWith(page, 'canvas');
    await nodeIn(again, 'wait', 'RUNNING').waitFor();
    await expect.poll(() => shownRun(again)).toBe(runId);
    await editor.screenshot('run-graph-reloaded');
  });

  it('opens the step that failed, says why and where; retried, the run goes on to green', async () => {
    const { page, workbench } = editor;
    const graph = await webviewWith(page, 'canvas');
    await writeFile(flag(), '');
    await nodeIn(graph, 'check', 'FAILED').waitFor();
    const card = graph.getByTestId('explain-failure');
    await card.getByText(/check stopped with FileNotFoundError: no ticket at/).waitFor();
    await editor.screenshot('run-graph-failure');
    expect(await accessibilityViolations(graph)).toEqual([]);

    // No .py has this function: the line of the YAML it was compiled to.
    await card.getByTestId('failure-action').click();
    await expect
      .poll(async () => {
        const at = await workbench.statusBarItem(/^Ln /).innerText();
        return relay().split('\n')[Number(/^Ln (\d+)/.exec(at)?.[1]) - 1];
      })
      .toContain('raise FileNotFoundError');
    await editor.screenshot('run-graph-source');

    await graphTab().click();
    const back = await webviewWith(page, 'canvas');
    await writeFile(ticket(), '');
    await back.getByTestId('retry-button').click();
    await runIn(back, 'SUCCEEDED').waitFor();
    await nodeIn(back, 'report', 'SUCCEEDED').waitFor();
    await editor.screenshot('run-graph-retried');

    await back.getByTestId('run-with-button').click();
    const form = await webviewWith(page, 'submit-run');
    await expect.poll(() => form.getByTestId('input-ticket').locator('input').inputValue()).toBe(ticket());
    await form.getByTestId('cancel-run').click();
  });

  it('lists what the graph shows: the same steps, states and number', async () => {
    const graph = await webviewWith(editor.page, 'canvas');
    const inGraph = new Map<string, string | null>();
    for (const node of await graph.locator('[data-kind="task"]').all())
      inGraph.set(await node.locator('.card-label').innerText(), await node.getAttribute('data-state'));
    await graph.getByTestId('tab-list').click();
    await graph.getByTestId('step-tree').waitFor();
    const rows = await graph.getByRole('treeitem').all();
    const inList = new Map<string, string | null>();
    for (const [at, row] of rows.entries()) {
      inList.set(await row.locator('.row-label').innerText(), await row.getAttribute('data-state'));
      await expect.poll(() => row.getAttribute('aria-posinset')).toBe(String(at + 1));
      await expect.poll(() => row.getAttribute('aria-setsize')).toBe(String(rows.length));
    }
    expect(inList).toEqual(inGraph);
    expect([...inList.keys()]).toEqual(['wait', 'check', 'report']);
    await graph.getByTestId('tab-graph').click();
  });

  it.each(['Light 2026', 'Dark High Contrast', 'Light High Contrast', 'Dark 2026'])(
    'is accessible in %s',
    async (theme) => {
      const { page, workbench } = editor;
      const graph = await webviewWith(page, 'canvas');
      await workbench.chooseTheme(theme);
      await graph.locator(`body[data-vscode-theme-name="${theme}"]`).waitFor();
      await graph.getByTestId('node-check').click();
      await graph.getByTestId('side-panel').waitFor();
      for (const tab of ['timeline', 'list', 'graph']) {
        await graph.getByTestId(`tab-${tab}`).click();
        await editor.screenshot(`run-graph-${theme.replaceAll(' ', '-')}-${tab}`);
        expect(await accessibilityViolations(graph), tab).toEqual([]);
      }
    },
  );

  it('keeps the last drawing, dimmed, while the text is broken', async () => {
    const { page, workbench } = editor;
    await workbench.showTab('relay.pipeline.yaml');
    await page.keyboard.press('Control+Home');
    await page.keyboard.type(': [');
    await graphTab().click();
    const graph = await webviewWith(page, 'canvas');
    await graph.getByTestId('run-select').waitFor();
    await graph.getByTestId('run-select').click();
    await graph.getByText('No run: the pipeline').click();
    await graph.locator('.canvas.stale').waitFor();
    await graph.getByText(/This is the last good drawing/).waitFor();
    await editor.screenshot('run-graph-stale');
    await expect.poll(() => graph.getByTestId('run-button').getAttribute('disabled')).not.toBeNull();
    await graph.getByRole('button', { name: 'Show in text' }).click();
    await workbench.focusedText.waitFor();
    await editor.screenshot('run-graph-show-in-text');
    await page.keyboard.press('Control+Z');
    await page.keyboard.press('Control+Z');
    await graph.locator('.canvas.stale').waitFor({ state: 'detached' });
    await graph.getByTestId('node-check').waitFor();
  });

  it('debugs a step whose code is only in the pipeline, and puts the fix into the file', async () => {
    const { page, workbench } = editor;
    await writeFile(flag(), '');
    // What the test before it took back has not saved itself yet.
    await page.keyboard.press('Control+S');
    await workbench.runCommand('View: Close All Editors');
    const graph = await openGraph();
    await graph.getByTestId('run-with-button').click();
    const form = await webviewWith(page, 'submit-run');
    await form.getByTestId('input-ticket').locator('input').fill(join(folder, 'no ticket'));
    await form.getByTestId('submit-run').click();
    const failed = await webviewWith(page, 'canvas');
    await nodeIn(failed, 'check', 'FAILED').waitFor();

    // What is no Python function says what it is instead.
    await failed.getByTestId('node-wait').click();
    await failed.getByTestId('debug-step').click();
    const refused = workbench.notification(
      /wait cannot be debugged here: it runs “sh -c .*of the image alpine:3.20/,
    );
    await refused.getByText('Open Log').waitFor();
    await editor.screenshot('run-graph-debug-refused');

    // Half as wide as usual: the panel lies over the steps.
    await failed.getByTestId('side-panel').getByRole('button', { name: 'Close' }).click();
    await failed.getByTestId('node-check').click();
    await failed.getByTestId('explain-failure').waitFor();
    await failed.getByTestId('debug-step').click();
    await page.getByText('Exception has occurred: FileNotFoundError').waitFor({ timeout: 200_000 });
    await workbench.tab('check.py').waitFor();
    await editor.screenshot('run-graph-debug');
    await page.keyboard.press('F5');
    const stopped = workbench.notification(/check stopped with FileNotFoundError: no ticket/);
    await stopped.waitFor();
    await workbench.showTab('check.py');
    await workbench.focusedText.locator('.view-line').filter({ hasText: 'raise' }).click();
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.insertText('print("went on without")');
    await stopped.getByText('Debug Again').click();
    const through = workbench.notification(/check went through here/);
    await through.waitFor();
    await through.getByText('Retry from Here with the Fix').click();
    const again = await webviewWith(page, 'canvas');
    await runIn(again, 'SUCCEEDED').waitFor();
    await nodeIn(again, 'check', 'SUCCEEDED').waitFor();
    await nodeIn(again, 'report', 'SUCCEEDED').waitFor();
    // The fix is in the file; here, files save themselves.
    await expect
      .poll(() => readFile(join(folder, 'relay.pipeline.yaml'), 'utf8'))
      .toContain('went on without');
    await editor.screenshot('run-graph-debug-fixed');
  });
});
