/** What a newcomer does in the first minutes: one click on trust, one click on ▶, and watching. */
import type { Frame, Page } from 'playwright-core';
import type { Workbench } from './workbench.ts';
import { webviewWith } from './webview.ts';

export interface FirstRun {
  /** The run graph. */
  readonly graph: Frame;
}

/** The graph of the demo opens by itself, under VS Code's question about trust; resolves when ▶ can be pressed. */
export async function trustAndFindGraph(page: Page, workbench: Workbench): Promise<FirstRun> {
  await workbench.trustFolder();
  const graph = await webviewWith(page, 'run-button');
  await graph.locator('[data-testid^="node-"]').first().waitFor();
  return { graph };
}

/** Presses ▶ and resolves when the run is green. Fails at once, with what the graph says, when it ends otherwise. */
export async function runToGreen({ graph }: FirstRun, timeoutMs: number): Promise<void> {
  await graph.getByTestId('run-button').click();
  const ended = graph.locator(
    ['SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED']
      .map((state) => `[data-testid="run-state"][data-state="${state}"]`)
      .join(', '),
  );
  await ended.waitFor({ timeout: timeoutMs });
  const state = await ended.getAttribute('data-state');
  if (state !== 'SUCCEEDED') throw new Error(`The first run ended ${state ?? 'without a state'}.`);
}

/** Selects the step that evaluates the model and resolves when its confusion matrix is drawn. */
export async function showConfusionMatrix({ graph }: FirstRun): Promise<void> {
  await graph.locator('[data-testid="node-evaluate"], [data-testid$="/evaluate"]').first().click();
  await graph.getByTestId('metric-confusion-matrix').waitFor();
}
