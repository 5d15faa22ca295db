/** One panel per comparison. */
import { ThemeIcon, ViewColumn, type WebviewPanel } from 'vscode';
import { panelTypes } from '../../contributions.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import {
  diffTarget,
  graphDiffParsers,
  type DiffTarget,
  type GraphDiffContract,
} from '../../core/protocol/graphDiff.ts';
import type { ErrorReporter } from '../../platform/errorReporter.ts';
import { attachWebview, createPanel } from '../../platform/webviewHost.ts';
import type { Uri } from 'vscode';
import { ComparisonController, type ComparisonServices } from './comparison.ts';

export interface GraphDiffDeps {
  readonly extensionUri: Uri;
  readonly reporter: ErrorReporter;
  readonly services: ComparisonServices;
}

interface OpenPanel {
  readonly panel: WebviewPanel;
  readonly controller: ComparisonController;
}

export class GraphDiffPanels implements Disposable {
  readonly #deps: GraphDiffDeps;
  readonly #open = new Set<OpenPanel>();

  constructor(deps: GraphDiffDeps) {
    this.#deps = deps;
  }

  open(target: DiffTarget): void {
    const key = JSON.stringify(target);
    const known = [...this.#open].find(({ controller }) => JSON.stringify(controller.target) === key);
    if (known !== undefined) known.panel.reveal();
    else this.#fill(createPanel(panelTypes.graphDiff, 'Comparison', { column: ViewColumn.Active }), target);
  }

  /** The comparison in front. */
  get active(): ComparisonController | undefined {
    return [...this.#open].find(({ panel }) => panel.active)?.controller;
  }

  /** For the serializer: gives a panel that VS Code brought back its content again. */
  restore(panel: WebviewPanel, state: unknown): void {
    const saved = typeof state === 'object' && state !== null && 'target' in state ? state.target : undefined;
    const target = diffTarget.safeParse(saved);
    if (target.success) this.#fill(panel, target.data);
    else panel.dispose();
  }

  dispose(): void {
    for (const { panel } of [...this.#open]) panel.dispose();
  }

  #fill(panel: WebviewPanel, target: DiffTarget): void {
    const { extensionUri, reporter, services } = this.#deps;
    const disposables = new DisposableStore();
    const controller = disposables.add(new ComparisonController(services, target));
    const opened: OpenPanel = { panel, controller };
    this.#open.add(opened);
    panel.iconPath = new ThemeIcon('git-compare');
    const channel = disposables.add(
      attachWebview<GraphDiffContract>(panel, {
        extensionUri,
        bundle: 'graphDiff',
        parsers: graphDiffParsers,
        handlers: controller.handlers,
        onProblem: (message, cause) => reporter.log(new Error(message, { cause })),
      }),
    );
    const show = (): void => {
      panel.title = controller.state.title;
      channel.push(controller.state);
    };
    disposables.add(controller.onDidChange(show));
    panel.onDidDispose(() => {
      this.#open.delete(opened);
      disposables.dispose();
    });
    show();
  }
}
