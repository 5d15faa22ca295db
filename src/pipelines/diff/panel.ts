/** One panel per comparison. */
import { panelTypes } from '../../contributions.ts';
import {
  diffTarget,
  graphDiffParsers,
  type DiffTarget,
  type GraphDiffContract,
} from '../../core/protocol/graphDiff.ts';
import { showController, type WebviewDeps, type WebviewPage } from '../../platform/webviewHost.ts';
import { WebviewPanels } from '../../platform/webviewPanels.ts';
import { ComparisonController, type ComparisonServices } from './comparison.ts';

const page: WebviewPage<GraphDiffContract> = {
  bundle: 'graphDiff',
  icon: 'git-compare',
  parsers: graphDiffParsers,
};

export type GraphDiffPanels = WebviewPanels<DiffTarget, ComparisonController>;

/** The serializer brings them back by their two sources. */
export function graphDiffPanels(services: ComparisonServices, deps: WebviewDeps): GraphDiffPanels {
  return new WebviewPanels({
    viewType: panelTypes.graphDiff,
    title: 'Comparison',
    target: diffTarget,
    contentOf: (target) => new ComparisonController(services, target),
    isOf: (controller, target) => JSON.stringify(controller.target) === JSON.stringify(target),
    show: (panel, controller) => showController(panel, page, controller, deps),
  });
}
