/** A component's function, edited as Python: what is saved is the pipeline's text, and its inputs and outputs follow. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';

let folder: string;
let editor: Editor;
const WITHIN = { timeout: 60_000 };
const file = (): string => join(folder, 'blank.pipeline.yaml');

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'project');
  await mkdir(folder, { recursive: true });
  await writeFile(file(), '');
  editor = await startEditor({
    name: 'dag-editor-code',
    folder,
    env: { SLIPWAY_COMPONENTS: 'kfp' },
    settings: { 'files.autoSave': 'off', 'editor.autoIndent': 'none' },
  });
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

const press = (key: string): Promise<void> => editor.page.keyboard.press(key);
const dirtyTabs = (): Promise<number> => editor.workbench.dirtyTabs();

const definitions = z.object({ parameters: z.record(z.string(), z.unknown()).optional() }).optional();
const spec = z.object({
  components: z.record(
    z.string(),
    z.object({ inputDefinitions: definitions, outputDefinitions: definitions }),
  ),
  deploymentSpec: z.object({ executors: z.record(z.string(), z.unknown()) }),
});
const saved = async (): Promise<z.infer<typeof spec>> => spec.parse(parse(await readFile(file(), 'utf8')));

/** The whole text of the Python editor, as by pasting. */
async function write(source: string): Promise<void> {
  await editor.workbench.focusedText.waitFor();
  await press('Control+A');
  await editor.page.keyboard.insertText(source);
  await expect.poll(dirtyTabs, WITHIN).toBe(1);
}

describe('a component of Python', () => {
  beforeEach(({ task: { name } }) => {
    onTestFailed(() => editor.screenshot(`dag-editor-code-${name.replaceAll(/\W+/g, '-')}-failed`));
  });

  it('is made on the graph of a file with nothing in it', async () => {
    const { page, workbench } = editor;
    await workbench.openFile('blank.pipeline.yaml');
    await workbench.action(page.locator('.editor-actions'), 'Open Pipeline Graph').waitFor();
    await press('Control+Alt+G');
    const graph = await webviewWith(page, 'start');
    await graph.getByTestId('start-python').click();
    await graph.getByTestId('name-field').locator('input').fill('count_rows');
    await press('Enter');
    await graph.getByTestId('node-count-rows').waitFor();
    await press('Control+S');
    await expect.poll(dirtyTabs, WITHIN).toBe(0);
    expect(Object.keys((await saved()).components)).toEqual(['comp-count-rows']);
  });

  it('opens as Python, and saved, its inputs and outputs are those of the function', async () => {
    const { page, workbench } = editor;
    const graph = await webviewWith(page, 'canvas');
    await graph.getByTestId('node-count-rows').click();
    await graph.getByTestId('edit-code').click();
    await workbench.tab('count-rows.py').waitFor();
    await page.locator('.view-line').filter({ hasText: 'def count_rows() -> str:' }).waitFor();
    await workbench.statusBarItem('Python').first().waitFor();
    await editor.screenshot('dag-editor-code-opened');
    await write(
      'def count_rows(table: str, limit: int = 10) -> int:\n    return min(limit, table.count("x"))\n',
    );
    await press('Control+S');
    await expect.poll(dirtyTabs, WITHIN).toBe(0);
    const { components, deploymentSpec } = await saved();
    expect(components['comp-count-rows']).toMatchObject({
      inputDefinitions: {
        parameters: {
          table: { parameterType: 'STRING' },
          limit: { parameterType: 'NUMBER_INTEGER', defaultValue: 10, isOptional: true },
        },
      },
      outputDefinitions: { parameters: { Output: { parameterType: 'NUMBER_INTEGER' } } },
    });
    expect(JSON.stringify(deploymentSpec)).toContain('return min(limit, table.count(');
    await graph.getByTestId('node-count-rows').getByTestId('input-table').waitFor({ state: 'attached' });
    await editor.screenshot('dag-editor-code-saved');
  });

  it('is not saved while it could not be called, and says why', async () => {
    const { workbench } = editor;
    const before = await readFile(file(), 'utf8');
    await workbench.showTab('count-rows.py');
    await write('def count_rows(table) -> int:\n    return 1\n');
    await press('Control+S');
    await workbench.notification(/table. needs a type/).waitFor();
    await editor.screenshot('dag-editor-code-refused');
    expect(await readFile(file(), 'utf8')).toBe(before);
    await expect.poll(dirtyTabs, WITHIN).toBe(1);
  });
});
