/** Graphs of runs that no open file stands for: one panel each. */
import { ViewColumn, type WebviewPanel } from 'vscode';
import { panelTypes } from '../../contributions.ts';
import type { Disposable } from '../../core/base/disposable.ts';
import { graphTarget } from '../../core/protocol/runGraph.ts';
import { createPanel } from '../../platform/webviewHost.ts';
import { GraphController } from './controller.ts';
import { graphServices, type GraphDeps } from './services.ts';
import { showGraph } from './webview.ts';

interface OpenPanel {
  readonly panel: WebviewPanel;
  readonly controller: GraphController;
}

export class RunGraphPanels implements Disposable {
  readonly #deps: GraphDeps;
  readonly #open = new Set<OpenPanel>();

  constructor(deps: GraphDeps) {
    this.#deps = deps;
  }

  open(runId: string): void {
    const known = [...this.#open].find(({ controller }) => controller.runId === runId);
    if (known !== undefined) known.panel.reveal();
    else this.#fill(createPanel(panelTypes.runGraph, 'Pipeline', { column: ViewColumn.Active }), runId);
  }

  /** The run whose graph is in front. */
  get activeRun(): string | undefined {
    return [...this.#open].find(({ panel }) => panel.active)?.controller.runId;
  }

  /** For the serializer: gives a panel that VS Code brought back its content again. */
  restore(panel: WebviewPanel, state: unknown): void {
    const saved = typeof state === 'object' && state !== null && 'target' in state ? state.target : undefined;
    const target = graphTarget.safeParse(saved);
    if (target.data?.runId === undefined) panel.dispose();
    else this.#fill(panel, target.data.runId);
  }

  dispose(): void {
    for (const { panel } of [...this.#open]) panel.dispose();
  }

  #fill(panel: WebviewPanel, runId: string): void {
    const controller = new GraphController(graphServices(this.#deps), { runId });
    const opened: OpenPanel = { panel, controller };
    this.#open.add(opened);
    panel.onDidDispose(() => this.#open.delete(opened));
    showGraph(panel, controller, this.#deps);
  }
}
