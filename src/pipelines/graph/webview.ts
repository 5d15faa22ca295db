import type { WebviewPanel } from 'vscode';
import { canvasParsers, type CanvasContract } from '../../core/protocol/canvas.ts';
import { showController, type WebviewDeps, type WebviewPage } from '../../platform/webviewHost.ts';
import type { GraphController } from './controller.ts';

const page: WebviewPage<CanvasContract> = {
  bundle: 'runGraph',
  icon: 'type-hierarchy',
  parsers: canvasParsers,
};

/** Puts the canvas into a panel or an editor, over a controller that goes with it. */
export function showGraph(panel: WebviewPanel, controller: GraphController, deps: WebviewDeps): void {
  controller.setVisible(panel.visible);
  panel.onDidChangeViewState(() => controller.setVisible(panel.visible));
  showController(panel, page, controller, deps);
}
