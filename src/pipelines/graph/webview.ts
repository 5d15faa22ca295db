import { ThemeIcon, type WebviewPanel } from 'vscode';
import { DisposableStore } from '../../core/base/disposable.ts';
import { canvasParsers, type CanvasContract } from '../../core/protocol/canvas.ts';
import { attachWebview } from '../../platform/webviewHost.ts';
import type { GraphController } from './controller.ts';
import type { GraphDeps } from './services.ts';

/** Puts the canvas into a panel or an editor, over a controller that goes with it. */
export function showGraph(
  panel: WebviewPanel,
  controller: GraphController,
  { extensionUri, reporter }: Pick<GraphDeps, 'extensionUri' | 'reporter'>,
): void {
  const disposables = new DisposableStore();
  disposables.add(controller);
  panel.iconPath = new ThemeIcon('type-hierarchy');
  const channel = disposables.add(
    attachWebview<CanvasContract>(panel, {
      extensionUri,
      bundle: 'runGraph',
      parsers: canvasParsers,
      handlers: controller.handlers,
      onProblem: (message, cause) => reporter.log(new Error(message, { cause })),
    }),
  );
  const show = (): void => {
    panel.title = controller.title;
    channel.push(controller.state);
  };
  disposables.add(controller.onDidChange(show));
  disposables.add(panel.onDidChangeViewState(() => controller.setVisible(panel.visible)));
  panel.onDidDispose(() => disposables.dispose());
  controller.setVisible(panel.visible);
  show();
}
