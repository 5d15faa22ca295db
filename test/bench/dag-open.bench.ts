/** From opening a pipeline file to a canvas that answers a key: parse, validate, lay out, load the page, draw. */
import { medianMs, type BenchSuite } from './suite.ts';
import { openEditor } from '../browser/harness/editorView.ts';
import { manySteps } from '../browser/harness/editorScenes.ts';
import { openPages } from './canvasPages.ts';

export const run: BenchSuite = async (report) => {
  const pages = await openPages();
  try {
    for (const count of [100, 1_000]) {
      const text = manySteps(count);
      const ours = await medianMs(3, async () => {
        const view = await openEditor(pages.browser, pages.server, 'dark', { text });
        await view.page.locator('.react-flow__node, .overview').first().waitFor({ state: 'attached' });
        await view.page.getByTestId('canvas').focus();
        await view.page.keyboard.press('Home');
        await view.page.waitForFunction(
          () => document.activeElement?.getAttribute('aria-activedescendant') !== null,
        );
        await view.close();
      });
      report({ case: String(count), metric: 'ms', ours });
    }
  } finally {
    await pages.close();
  }
};
