/** A pipeline file edited as a graph in the editor: one document with its text, whatever happens to either of them. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { startEditor, type Editor } from './harness/editor.ts';
import { framesWith, webviewWith } from './harness/webview.ts';

let folder: string;
let editor: Editor;
/** For what follows at once from what was done, on a machine that may be busy. */
const WITHIN = { timeout: 60_000 };
const NAME = 'steps.pipeline.yaml';
const path = (): string => join(folder, NAME);

/** As somebody wrote it by hand: comments, folding and quotes that no tool would choose. */
const STEPS = `# Three steps, one after the other.
pipelineInfo: { name: "steps" }
components:
  comp-say:   # used three times
    executorLabel: exec-say
    inputDefinitions: { parameters: { text: { parameterType: STRING } } }
deploymentSpec:
  executors:
    exec-say:
      container:
        image: python:3.11
        command: [sh, -c, 'echo "$0"', "{{$.inputs.parameters['text']}}"]
root:
  dag:
    tasks:
${['one', 'two', 'three']
  .map(
    (name, at) => `      ${name}:
        componentRef: { name: comp-say }
        inputs: { parameters: { text: { runtimeValue: { constant: '${name}' } } } }${
          at === 0 ? '' : `\n        dependentTasks: [${['one', 'two'][at - 1] ?? ''}]`
        }
        taskInfo: { name: ${name} }
`,
  )
  .join('')}schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
`;

const run = promisify(execFile);
const git = async (...args: readonly string[]): Promise<void> => {
  await run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder });
};

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'pröject with spaces');
  await mkdir(folder, { recursive: true });
  await writeFile(path(), STEPS);
  await git('init', '--initial-branch=main');
  await git('add', NAME);
  await git('commit', '--message=Three steps');
  editor = await startEditor({
    name: 'dag-editor',
    folder,
    env: { SLIPWAY_COMPONENTS: 'kfp' },
    // In a browser VS Code saves by itself.
    settings: { 'files.autoSave': 'off' },
  });
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

const onDisk = (): Promise<string> => readFile(path(), 'utf8');
const press = (key: string): Promise<void> => editor.page.keyboard.press(key);
const dirtyTabs = (): Promise<number> => editor.workbench.dirtyTabs();

/** Every frame that shows a canvas. */
async function canvases(count: number): Promise<readonly Frame[]> {
  let found: readonly Frame[] = [];
  await expect
    .poll(async () => {
      found = await framesWith(editor.page, '[data-testid="canvas"]');
      return found.length;
    }, WITHIN)
    .toBe(count);
  return found;
}
const node = (graph: Frame, name: string): Locator => graph.getByTestId(`node-${name}`);
/** No brackets and quotes: the editor would close them. */
const BROKEN = 'oops: a: b';
const gone = { state: 'detached' } as const;

async function openGraph(name = NAME): Promise<Frame> {
  const { page, workbench } = editor;
  await workbench.openFile(name);
  await workbench.action(page.locator('.editor-actions'), 'Open Pipeline Graph').waitFor({ timeout: 60_000 });
  await press('Control+Alt+G');
  const graph = await webviewWith(page, 'canvas');
  await node(graph, 'three').waitFor({ timeout: 60_000 });
  return graph;
}

async function remove(graph: Frame, name: string): Promise<void> {
  await node(graph, name).click();
  await press('Delete');
  await node(graph, name).waitFor(gone);
}

/** How many files VS Code keeps unsaved changes of. */
async function backups(): Promise<number> {
  const files = await readdir(join(editor.home, '..', 'data'), { recursive: true, withFileTypes: true });
  return files.filter((entry) => entry.isFile() && /[\\/]Backups[\\/]/.test(entry.parentPath)).length;
}

async function save(): Promise<void> {
  await press('Control+S');
  await expect.poll(dirtyTabs, WITHIN).toBe(0);
}

describe('a pipeline file as a graph', () => {
  beforeEach(({ task: { name } }) => {
    onTestFailed(() => editor.screenshot(`dag-editor-${name.replaceAll(/\W+/g, '-')}-failed`));
  });

  it('opens beside its text; a deleted step is one undo step, and saved, nothing else has changed', async () => {
    const graph = await openGraph();
    await editor.screenshot('dag-editor-opened');
    await remove(graph, 'three');
    await expect.poll(dirtyTabs, WITHIN).toBeGreaterThan(0);
    await save();
    const start = STEPS.indexOf('      three:');
    await expect.poll(onDisk).toBe(STEPS.slice(0, start) + STEPS.slice(STEPS.indexOf('schemaVersion')));
    await press('Control+Z');
    await node(graph, 'three').waitFor();
    await save();
    await expect.poll(onDisk).toBe(STEPS);
    await press('Control+Y');
    await node(graph, 'three').waitFor(gone);
    await press('Control+Z');
    await node(graph, 'three').waitFor();
    await save();
    await expect.poll(onDisk).toBe(STEPS);
  });

  it('two graphs and the text of one file stay in step', async () => {
    const { page, workbench } = editor;
    await workbench.runCommand('View: Split Editor Right');
    const [left, right] = await canvases(2);
    if (left === undefined || right === undefined) throw new Error('There is one graph.');
    await remove(right, 'three');
    await node(left, 'three').waitFor(gone);
    await editor.screenshot('dag-editor-two-graphs');
    await press('Control+Z');
    await node(left, 'three').waitFor();
    await node(right, 'three').waitFor();

    // One of them becomes the text.
    await workbench.runCommand('Slipway: Open Text');
    await page.locator('.monaco-editor .view-line').first().waitFor();
    const [graph] = await canvases(1);
    if (graph === undefined) throw new Error('There is no graph.');
    await workbench.focusedText.waitFor();
    await press('Control+End');
    await page.keyboard.type(BROKEN);
    await graph.locator('.canvas.stale').waitFor();
    await editor.screenshot('dag-editor-broken-text');
    for (const key of Array.from(BROKEN, () => 'Backspace')) await press(key);
    await graph.locator('.canvas.stale').waitFor(gone);
    await workbench.runCommand('File: Revert File');
    await expect.poll(dirtyTabs, WITHIN).toBe(0);
    await workbench.runCommand('View: Close All Editors');
  });

  it('follows a checkout of another branch, and back', async () => {
    const graph = await openGraph();
    await git('checkout', '-b', 'german');
    await writeFile(path(), STEPS.replaceAll('two', 'zwei'));
    await git('commit', '--all', '--message=German');
    await node(graph, 'zwei').waitFor();
    await git('checkout', 'main');
    await node(graph, 'two').waitFor();
    await node(graph, 'zwei').waitFor(gone);
  });

  it('keeps what is not saved through a reload', async () => {
    await remove(await webviewWith(editor.page, 'canvas'), 'three');
    // A moment later, by VS Code; before that it would ask whether to leave.
    await expect.poll(backups, WITHIN).toBeGreaterThan(0);
    await editor.reload();
    const graph = await webviewWith(editor.page, 'canvas', 60_000);
    await node(graph, 'two').waitFor();
    await expect.poll(() => node(graph, 'three').count()).toBe(0);
    await expect.poll(dirtyTabs, WITHIN).toBeGreaterThan(0);
    await expect.poll(onDisk).toBe(STEPS);
  });

  it('loses neither side when somebody else has saved first', async () => {
    const { page, workbench } = editor;
    const graph = await webviewWith(page, 'canvas');
    const theirs = STEPS.replaceAll('two', 'zwei');
    await writeFile(path(), theirs);
    await node(graph, 'one').click();
    await press('Control+S');
    await workbench.notification(/is newer|Failed to save/).waitFor();
    await editor.screenshot('dag-editor-conflict');
    await expect.poll(onDisk).toBe(theirs);
    await expect.poll(() => node(graph, 'three').count()).toBe(0);
    await page.keyboard.press('Escape');
    await workbench.runCommand('File: Revert File');
    await node(graph, 'zwei').waitFor();
    await node(graph, 'three').waitFor();
    await writeFile(path(), STEPS);
    await node(graph, 'two').waitFor();
  });

  it('draws a file of more than 5 MB, and says that it is changed as text only', async () => {
    await writeFile(join(folder, 'large.pipeline.yaml'), `${STEPS}# ${'x'.repeat(5_000_000)}\n`);
    const { workbench } = editor;
    await workbench.runCommand('View: Close All Editors');
    const graph = await openGraph('large.pipeline.yaml');
    await graph.getByText(/larger than 5 MB/).waitFor();
    await editor.screenshot('dag-editor-large');
    await workbench.runCommand('View: Close All Editors');
  });
});
