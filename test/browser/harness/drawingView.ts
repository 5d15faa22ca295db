/** The canvas in a bare page over one drawing that does not change; editable, so that all an editor draws is there. */
import type { Browser, Page } from 'playwright-core';
import type { LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import { canvasParsers, type CanvasContract } from '../../../src/core/protocol/canvas.ts';
import type { Handlers } from '../../../src/core/protocol/rpc.ts';
import { nothingToEdit } from '../../../src/pipelines/graph/nothingToEdit.ts';
import { graphState } from './builders.ts';
import { openView, type BundleServer, type OpenedView } from './page.ts';

export async function openDrawing(
  browser: Browser,
  server: BundleServer,
  drawing: LaidOutGraph,
  options: {
    readonly savedState?: unknown;
    readonly size?: { readonly width: number; readonly height: number };
    readonly beforeLoad?: (page: Page) => Promise<void>;
  } = {},
): Promise<OpenedView<CanvasContract>> {
  const refuse = (): Promise<never> => Promise.reject(new Error('This drawing does not answer.'));
  const handlers: Handlers<CanvasContract> = {
    ...nothingToEdit,
    drawing: () => Promise.resolve({ revision: 1, drawing }),
    problems: () => Promise.resolve({ revision: 1, rows: [] }),
    targets: () =>
      Promise.resolve({
        inputs: drawing.graph.nodes.map(({ id }, at) => ({
          task: id,
          input: 'value',
          refused: at % 2 === 0 ? undefined : 'It takes another type.',
        })),
      }),
    tasks: refuse,
    task: refuse,
    readLog: refuse,
    preview: refuse,
    explain: refuse,
    whyCache: refuse,
    retryFrom: refuse,
    debugStep: refuse,
    followFailure: refuse,
    openSource: refuse,
    openArtifact: refuse,
    openLog: refuse,
    selectRun: refuse,
    act: refuse,
  };
  const view = await openView<CanvasContract>(browser, server, 'runGraph', {
    theme: 'dark',
    parsers: canvasParsers,
    handlers,
    ...options,
  });
  view.channel.push(graphState({ editing: { kind: 'text' } }));
  return view;
}
