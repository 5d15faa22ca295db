/** Graphs of runs that no open file stands for: one panel each. */
import { panelTypes } from '../../contributions.ts';
import { graphTarget } from '../../core/protocol/runGraph.ts';
import { WebviewPanels } from '../../platform/webviewPanels.ts';
import { GraphController } from './controller.ts';
import { graphServices, type GraphDeps } from './services.ts';
import { showGraph } from './webview.ts';

export type RunGraphPanels = WebviewPanels<{ readonly runId: string }, GraphController>;

/** The serializer brings them back by their run. */
export function runGraphPanels(deps: GraphDeps): RunGraphPanels {
  return new WebviewPanels({
    viewType: panelTypes.runGraph,
    title: 'Pipeline',
    target: graphTarget.required({ runId: true }),
    contentOf: ({ runId }) => new GraphController(graphServices(deps), { runId }),
    isOf: (controller, { runId }) => controller.runId === runId,
    show: (panel, controller) => showGraph(panel, controller, deps),
  });
}
