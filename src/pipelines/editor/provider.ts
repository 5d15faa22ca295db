/** Pipeline files as graphs: the custom editor `slipway.pipelineEditor`. Its document is VS Code's own text document. */
import {
  commands,
  Uri,
  ViewColumn,
  type CustomTextEditorProvider,
  type TextDocument,
  type WebviewPanel,
} from 'vscode';
import type { Disposable } from '../../core/base/disposable.ts';
import type { CanvasCommand } from '../../core/protocol/canvasKeys.ts';
import { editorType } from '../../contributions.ts';
import { setContext } from '../../platform/contextKeys.ts';
import { GraphController } from '../graph/controller.ts';
import { graphServices, type GraphDeps } from '../graph/services.ts';
import { showGraph } from '../graph/webview.ts';
import type { EditedText } from './editedText.ts';
import { GraphEditor } from './graphEditor.ts';
import type { EditServices } from './services.ts';
import type { ShownRuns } from './shownRuns.ts';
import { DocumentText } from './vscodeText.ts';

interface OpenEditor {
  readonly uri: string;
  readonly panel: WebviewPanel;
  readonly controller: GraphController;
  readonly editor: GraphEditor;
}

/** Documents that are not edited as the text they are; `undefined` for all others. */
export type OpenText = (document: TextDocument) => (EditedText & Disposable) | undefined;

export class PipelineEditors implements CustomTextEditorProvider {
  readonly #deps: GraphDeps;
  readonly #editServices: EditServices;
  readonly #runs: ShownRuns;
  readonly #openText: OpenText | undefined;
  readonly #onOpen: (uri: Uri) => void;
  /** The last one used comes last. */
  readonly #open = new Set<OpenEditor>();
  /** By URI: what an editor that is about to open does first. */
  readonly #wishes = new Map<string, (controller: GraphController) => void>();

  constructor(
    deps: GraphDeps & { readonly openText?: OpenText },
    editServices: EditServices,
    runs: ShownRuns,
    onOpen: (uri: Uri) => void,
  ) {
    this.#deps = deps;
    this.#editServices = editServices;
    this.#runs = runs;
    this.#openText = deps.openText;
    this.#onOpen = onOpen;
  }

  resolveCustomTextEditor(document: TextDocument, panel: WebviewPanel): void {
    const text = this.#openText?.(document) ?? new DocumentText(document);
    const editor = new GraphEditor(text, this.#deps.worker, this.#editServices);
    const { uri } = text;
    const controller = new GraphController(graphServices(this.#deps), { editor, runId: this.#runs.get(uri) });
    const opened: OpenEditor = { uri, panel, controller, editor };
    this.#open.add(opened);
    setContext('slipway.hasGraph', true);
    const remember = (runId: string | undefined): void =>
      this.#deps.reporter.background(this.#runs.set(uri, runId));
    controller.onDidChange(() => remember(controller.runId));
    panel.onDidChangeViewState(() => {
      if (!panel.active) return;
      this.#open.delete(opened);
      this.#open.add(opened);
    });
    panel.onDidDispose(() => {
      this.#open.delete(opened);
      setContext('slipway.hasGraph', this.#open.size > 0);
      text.dispose();
      if (this.#find(document.uri) === undefined) remember(undefined);
    });
    showGraph(panel, controller, this.#deps);
    this.#wishes.get(uri)?.(controller);
    this.#wishes.delete(uri);
    this.#onOpen(document.uri);
  }

  /** Brings the file's graph to the front, or opens it. */
  async open(uri: Uri, column: ViewColumn = ViewColumn.Active): Promise<void> {
    const known = this.#find(uri);
    if (known !== undefined) known.panel.reveal();
    else await commands.executeCommand('vscode.openWith', uri, editorType, column);
  }

  /** The file's graph becomes this run's. */
  openRun(uri: Uri, runId: string): Promise<void> {
    return this.#openFor(uri, (controller) => controller.showRun(runId));
  }

  /** Selects a node of the file's graph, beside the text that has the focus. */
  reveal(uri: Uri, nodeId: string): Promise<void> {
    return this.#openFor(uri, (controller) => controller.reveal(nodeId), ViewColumn.Beside);
  }

  /** Selects a node where the file's graph is open; the focus stays where it is. */
  highlight(uri: Uri, nodeId: string): void {
    this.#find(uri)?.controller.reveal(nodeId);
  }

  /** The editor that shows this run already. */
  uriOfRun(runId: string): Uri | undefined {
    const found = [...this.#open].find(({ controller }) => controller.runId === runId);
    return found === undefined ? undefined : Uri.parse(found.uri);
  }

  /** The graph that was looked at last. */
  get latest():
    | { readonly uri: Uri; readonly editor: GraphEditor; reveal(nodeId: string | undefined): void }
    | undefined {
    const found = [...this.#open].at(-1);
    if (found === undefined) return undefined;
    const { panel, controller, editor } = found;
    return {
      uri: Uri.parse(found.uri),
      editor,
      reveal: (nodeId) => {
        panel.reveal();
        if (nodeId !== undefined) controller.reveal(nodeId);
      },
    };
  }

  /** For the graph that has the focus. */
  command(name: CanvasCommand): void {
    [...this.#open].findLast(({ panel }) => panel.active)?.controller.command(name);
  }

  async #openFor(uri: Uri, wish: (controller: GraphController) => void, column?: ViewColumn): Promise<void> {
    const known = this.#find(uri);
    if (known === undefined) this.#wishes.set(uri.toString(), wish);
    else wish(known.controller);
    await this.open(uri, column);
  }

  #find(uri: Uri): OpenEditor | undefined {
    const key = uri.toString();
    return [...this.#open].findLast((one) => one.uri === key);
  }
}
