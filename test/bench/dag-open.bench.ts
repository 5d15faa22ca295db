/** From opening a pipeline file to a canvas that answers a key: parse, validate, lay out, load the page, draw. */
import { medianMs, type BenchSuite } from './suite.ts';
import { openEditor } from '../e2e/canvas/editorView.ts';
import { pipeline, step } from '../e2e/canvas/editorScenes.ts';
import { openPages } from './canvasPages.ts';

export const run: BenchSuite = async (report) => {
  const pages = await openPages();
  try {
    for (const count of [100, 1_000]) {
      const text = chain(count);
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

/** Trains that each take the data of a loader some steps before: wide and deep. */
function chain(count: number): string {
  const tasks = Array.from({ length: count }, (_, at) => {
    const loader = at - (at % 5);
    const isLoader = at === loader;
    return [
      `step-${at}`,
      isLoader
        ? step('load', at === 0 ? {} : { dependentTasks: [`step-${at - 1}`] })
        : step('train', {
            dependentTasks: [`step-${loader}`],
            inputs: {
              artifacts: {
                data: { taskOutputArtifact: { producerTask: `step-${loader}`, outputArtifactKey: 'data' } },
              },
              parameters: {
                depth: {
                  taskOutputParameter: { producerTask: `step-${loader}`, outputParameterKey: 'rows' },
                },
                name: { runtimeValue: { constant: `model ${at}` } },
              },
            },
          }),
    ] as const;
  });
  return pipeline({ tasks: Object.fromEntries(tasks) });
}
