/** From an empty file to a green run: a pipeline with a loop, a condition and an exit handler, by mouse and keyboard. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { PythonEnvironments } from '../../dev-cluster/embedded/python/environments.ts';
import { dag, pipeline, step, task } from '../builders/irSpec.ts';
import { accessibilityViolations } from '../browser/harness/accessibility.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';

const run = promisify(execFile);
let folder: string;
let editor: Editor;
const WITHIN = { timeout: 60_000 };
const file = (): string => join(folder, 'lucky.pipeline.yaml');
const text = (): Promise<string> => readFile(file(), 'utf8');

/** Containers that need nothing installed: what they do is beside the point. */
function parts(): string {
  const shell = (script: string, ...args: string[]) => ({
    image: 'alpine:3.20',
    command: ['sh', '-c', script],
    args,
  });
  const { pipelineSpec } = pipeline(dag({ roll: task('roll'), tell: task('tell'), finish: task('finish') }), {
    roll: step({
      out: { Output: 'NUMBER_INTEGER' },
      ...shell('mkdir -p "${0%/*}"; echo 5 > "$0"', "{{$.outputs.parameters['Output'].output_file}}"),
    }),
    tell: step({
      in: { number: 'NUMBER_INTEGER' },
      ...shell('echo "It is $0"', "{{$.inputs.parameters['number']}}"),
    }),
    finish: step(shell('echo "That was it"')),
  });
  return stringify({ ...pipelineSpec, pipelineInfo: { name: 'parts' } });
}

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'slipway-workspace-')), 'project');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'parts.pipeline.yaml'), parts());
  editor = await startEditor({ name: 'dag-editor-build', folder, settings: { 'files.autoSave': 'off' } });
});
afterAll(async () => {
  await editor.close();
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 });
});

const press = (key: string): Promise<void> => editor.page.keyboard.press(key);

/** By the keyboard: A, a few letters, Enter. */
async function add(graph: Frame, component: string): Promise<void> {
  await press('a');
  await graph.getByTestId('chooser-field').fill(component);
  await graph.getByTestId(`choice-${component}`).first().waitFor();
  await press('Enter');
  await graph.getByTestId('chooser').waitFor({ state: 'detached' });
}

async function middle(locator: Locator): Promise<{ readonly x: number; readonly y: number }> {
  await locator.waitFor();
  const box = await locator.boundingBox();
  if (box === null) throw new Error('Not on screen.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(from: Locator, to: Locator): Promise<void> {
  const { mouse } = editor.page;
  const [start, end] = [await middle(from), await middle(to)];
  await mouse.move(start.x, start.y);
  await mouse.down();
  await mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 5 });
  await mouse.move(end.x, end.y, { steps: 5 });
  await mouse.up();
}

const spec = z.object({
  root: z.object({ dag: z.object({ tasks: z.record(z.string(), z.unknown()) }) }),
  components: z.record(z.string(), z.unknown()),
});
async function saved(): Promise<z.infer<typeof spec>> {
  await press('Control+S');
  await expect.poll(() => editor.workbench.dirtyTabs(), WITHIN).toBe(0);
  return spec.parse(parse(await text()));
}

describe('a pipeline from nothing', () => {
  beforeEach(({ task: { name } }) => {
    onTestFailed(() => editor.screenshot(`dag-editor-build-${name.replaceAll(/\W+/g, '-')}-failed`));
  });

  it('begins as a file that a command makes, and a graph that says how to begin', async () => {
    // The extension is there.
    await editor.workbench.statusBarItem('Embedded cluster').waitFor();
    await editor.workbench.runCommand('Slipway: New Pipeline');
    await editor.workbench.answer('lucky');
    const graph = await webviewWith(editor.page, 'start', 60_000);
    await editor.screenshot('dag-editor-build-start');
    expect(await accessibilityViolations(graph)).toEqual([]);
    await expect.poll(text).toContain('name: lucky');
  });

  it('gets its steps from another file of the workspace, by keyboard', async () => {
    const graph = await webviewWith(editor.page, 'start');
    await graph.getByTestId('start').focus();
    await add(graph, 'roll');
    await graph.getByTestId('node-roll').waitFor();
    for (const component of ['tell', 'tell', 'finish']) {
      await graph.getByTestId('canvas').focus();
      await press('Escape');
      await add(graph, component);
    }
    await graph.getByTestId('node-finish').waitFor();
    await editor.screenshot('dag-editor-build-steps');
    expect(Object.keys((await saved()).root.dag.tasks)).toEqual(['finish', 'roll', 'tell', 'tell-2']);
  });

  it('is wired by mouse, and branches on what a step returned', async () => {
    const graph = await webviewWith(editor.page, 'canvas');
    await drag(
      graph.getByTestId('node-roll').getByTestId('output-Output'),
      graph.getByTestId('node-tell').getByTestId('input-number'),
    );
    await graph.locator('[data-testid^="edge-roll->tell"]').first().waitFor({ state: 'attached' });
    await graph.getByTestId('node-tell').click();
    await graph.getByTestId('tool-if').click();
    await graph.getByTestId('comparison-left').click();
    await graph.getByRole('option', { name: /roll/ }).first().click();
    await graph.getByTestId('comparison-operator').click();
    await graph.getByRole('option', { name: '>=' }).click();
    await graph.getByTestId('comparison-value').locator('input').fill('3');
    await press('Enter');
    await graph.locator('[data-kind="condition"]').waitFor();
    await editor.screenshot('dag-editor-build-condition');
  });

  it('loops, with the item as an input', async () => {
    const graph = await webviewWith(editor.page, 'canvas');
    await graph.getByTestId('node-tell-2').click();
    await graph.getByTestId('tool-loop').click();
    await graph.getByTestId('loop-items').locator('input').fill('[1, 2]');
    await press('Enter');
    const loop = graph.locator('[data-kind="loop"]');
    await loop.waitFor();
    const id = ((await loop.getAttribute('data-testid')) ?? '').replace('node-', '');
    await drag(
      graph.getByTestId(`item-${id}`),
      graph.getByTestId(`node-${id}/tell-2`).getByTestId('input-number'),
    );
    await graph.locator(`.edge[data-testid$="->${id}/tell-2:parameter"]`).waitFor({ state: 'attached' });
    expect(JSON.stringify((await saved()).components)).toMatch(
      /"number":\{"componentInputParameter":"pipelinechannel--loop-item-param-\d+"/,
    );
    await editor.screenshot('dag-editor-build-loop');
  });

  it('ends with a step that always runs', async () => {
    const graph = await webviewWith(editor.page, 'canvas');
    await graph.getByTestId('canvas').focus();
    await press('Control+a');
    await graph.getByTestId('node-finish').click({ modifiers: ['Shift'] });
    await graph.getByTestId('tool-exit').click();
    await graph.getByTestId('form-apply').click();
    await graph.locator('[data-kind="exitHandler"]').waitFor();
    await editor.screenshot('dag-editor-build-exit-handler');
    expect(Object.keys((await saved()).root.dag.tasks).join()).toMatch(/^exit-handler-\d+,finish$/);
    expect(await accessibilityViolations(graph)).toEqual([]);
  });

  it('is what the SDK loads and compiles', async () => {
    const { python } = await new PythonEnvironments().sdk(new AbortController().signal);
    const out = join(folder, '..', 'again.yaml');
    const script = `import sys
from kfp import compiler, components
compiler.Compiler().compile(components.load_component_from_file(sys.argv[1]), sys.argv[2])`;
    await run(python, ['-c', script, file(), out]);
    expect(spec.parse(parse(await readFile(out, 'utf8')))).toMatchObject(spec.parse(parse(await text())));
  });

  it('runs green on the canvas that it was drawn on', async () => {
    const graph = await webviewWith(editor.page, 'canvas');
    await graph.getByTestId('run-button').click();
    await graph.locator('[data-testid="run-state"][data-state="SUCCEEDED"]').waitFor({ timeout: 180_000 });
    await graph.locator('[data-testid="node-finish"][data-state="SUCCEEDED"]').waitFor();
    await graph.locator('[data-testid$="/roll"][data-state="SUCCEEDED"]').waitFor();
    await editor.screenshot('dag-editor-build-green');

    // It can be edited on under its run, which then is marked; undone, it is what ran.
    await graph.getByTestId('canvas').focus();
    await press('f');
    await graph.getByTestId('node-finish').click();
    await press('F2');
    await graph.getByTestId('rename-field').fill('good night');
    await press('Enter');
    await graph.getByTestId('edited').waitFor();
    await editor.screenshot('dag-editor-build-edited-since');
    await press('Control+Z');
    await graph.getByTestId('edited').waitFor({ state: 'detached' });
  });
});
