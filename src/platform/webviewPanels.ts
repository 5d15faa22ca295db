import type { WebviewPanel } from 'vscode';
import type { Disposable } from '../core/base/disposable.ts';
import type { Parser } from '../core/protocol/rpc.ts';
import { createPanel } from './webviewHost.ts';

/** One type of panels. The page keeps its `target` in its state, by which it finds its content after a reload. */
export interface PanelType<Target, Content> {
  readonly viewType: string;
  /** Until the content has its own. */
  readonly title: string;
  readonly target: Parser<Target>;
  contentOf(target: Target): Content;
  isOf(content: Content, target: Target): boolean;
  show(panel: WebviewPanel, content: Content): void;
}

/** The open panels of a type: one for each target. */
export class WebviewPanels<Target, Content> implements Disposable {
  readonly #type: PanelType<Target, Content>;
  readonly #open = new Set<{ readonly panel: WebviewPanel; readonly content: Content }>();

  constructor(type: PanelType<Target, Content>) {
    this.#type = type;
  }

  /** Brings the target's panel to the front, or opens it. */
  open(target: Target): void {
    const { viewType, title } = this.#type;
    const known = [...this.#open].find(({ content }) => this.#type.isOf(content, target));
    if (known !== undefined) known.panel.reveal();
    else this.#fill(createPanel(viewType, title), target);
  }

  /** What the panel in front shows. */
  get active(): Content | undefined {
    return [...this.#open].find(({ panel }) => panel.active)?.content;
  }

  /** For the serializer: gives a panel that VS Code brought back its content again. */
  restore(panel: WebviewPanel, state: unknown): void {
    const saved = typeof state === 'object' && state !== null && 'target' in state ? state.target : undefined;
    const target = this.#type.target.safeParse(saved);
    if (target.success) this.#fill(panel, target.data);
    else panel.dispose();
  }

  dispose(): void {
    for (const { panel } of [...this.#open]) panel.dispose();
  }

  #fill(panel: WebviewPanel, target: Target): void {
    const opened = { panel, content: this.#type.contentOf(target) };
    this.#open.add(opened);
    panel.onDidDispose(() => this.#open.delete(opened));
    this.#type.show(panel, opened.content);
  }
}
