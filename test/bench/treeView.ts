/** The view half of the tree: from asking for a page of 10,000 runs to the first row that is painted, in the editor. */
import { join } from 'node:path';
import { command } from '../../dev-cluster/start/command.ts';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { startEditor } from '../e2e/harness/editor.ts';
import { copyWorkspace } from '../e2e/harness/workspace.ts';
import type { BenchRow } from './suite.ts';
import { fill } from './treeService.ts';

const RUNS = 10_000;
const ROUNDS = 6;

export async function benchView(report: (row: BenchRow) => void): Promise<void> {
  const workspace = await copyWorkspace('resources');
  const editor = await startEditor({ name: 'tree-bench', folder: workspace.folder });
  const cli = (...args: string[]): Promise<string> =>
    command(process.execPath, [join(repositoryRoot, 'dist', 'cli.js'), ...args], {
      env: { ...process.env, SLIPWAY_HOME: editor.home },
      signal: AbortSignal.timeout(120_000),
    });
  try {
    await fill(editor.home, RUNS);
    await cli('up');
    const { page, workbench } = editor;
    await workbench.openViewContainer('Slipway');
    await page.getByText(`Run ${RUNS - 1}`, { exact: true }).waitFor({ timeout: 30_000 });
    const samples: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Another order drops the rows and asks for one page anew.
      const order = round % 2 === 0 ? 'By name' : 'Newest first';
      await workbench.runCommand('Slipway: Sort Runs…');
      await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: order }).waitFor();
      await page.keyboard.type(order);
      const painted = page.evaluate(untilPainted);
      await page.keyboard.press('Enter');
      samples.push(await painted);
    }
    samples.sort((a, b) => a - b);
    report({
      case: `${RUNS}-first-paint`,
      metric: 'ms',
      ours: Math.round(samples[Math.floor(samples.length / 2)] ?? Number.NaN),
    });
  } finally {
    await cli('down');
    await editor.close();
    await workspace.remove();
  }
}

/** In the page: milliseconds to the frame after the one in which the first run is another. Enter comes at once. */
function untilPainted(): Promise<number> {
  // The list recycles its rows: their order in the document says nothing.
  const firstRun = (): string | undefined =>
    [...document.querySelectorAll<HTMLElement>('.sidebar .monaco-list-row')]
      .toSorted((a, b) => a.offsetTop - b.offsetTop)
      .map((row) => row.querySelector('.label-name')?.textContent ?? '')
      .find((text) => /^Run \d+$/.test(text));
  const start = performance.now();
  const before = firstRun();
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`The first run is still ${before ?? 'none'}.`)), 20_000);
    const look = (): void => {
      const now = firstRun();
      if (now === undefined || now === before) requestAnimationFrame(look);
      else requestAnimationFrame(() => resolve(performance.now() - start));
    };
    look();
  });
}
