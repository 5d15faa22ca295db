import {
  EventEmitter,
  MarkdownString,
  Uri,
  type TreeDataProvider,
  type TreeItem,
  type TreeView,
} from 'vscode';
import { delay } from '../core/base/abort.ts';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { setContext } from '../platform/contextKeys.ts';
import { treeItem } from '../platform/treeItem.ts';
import { Poller } from './poller.ts';
import type { PipelineNode } from './rows.ts';
import type { Change, PipelinesStore } from './store.ts';
import { tooltipOf } from './tooltip.ts';
import { childrenOf, runRow } from './tree.ts';

/** The Pipelines view: turns rows into TreeItems and looks at the server only while it is visible. */
export class PipelinesView implements TreeDataProvider<PipelineNode>, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new EventEmitter<PipelineNode | PipelineNode[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #store: PipelinesStore;
  readonly #view: TreeView<PipelineNode>;
  readonly #poller: Poller;
  /** Rows as VS Code knows them, by id: what a refresh of one row must name. */
  readonly #rows = new Map<string, PipelineNode>();
  #pending: Change[] = [];
  #timer: NodeJS.Timeout | undefined;
  #unseen = 0;

  constructor(store: PipelinesStore, view: TreeView<PipelineNode>) {
    this.#store = store;
    this.#view = view;
    this.#poller = this.#disposables.add(new Poller(store, delay));
    this.#disposables.add(store.onDidChange((change) => this.#refreshSoon(change)));
    this.#disposables.add(view.onDidChangeVisibility(({ visible }) => this.#onVisibility(visible)));
    this.#disposables.add(
      view.onDidCollapseElement(({ element }) => {
        if (element.kind === 'run') store.closeRun(element.runId);
      }),
    );
    this.#onVisibility(view.visible);
  }

  get selection(): readonly PipelineNode[] {
    return this.#view.selection;
  }

  /** The row that a menu passed to its command. */
  rowOf(target: object): PipelineNode | undefined {
    return 'id' in target && typeof target.id === 'string' ? this.#rows.get(target.id) : undefined;
  }

  getChildren(parent?: PipelineNode): PipelineNode[] {
    if (parent === undefined) this.#rows.clear();
    if (parent?.kind === 'pipeline') this.#store.openPipeline(parent.pipelineId);
    if (parent?.kind === 'run') this.#store.openRun(parent.runId);
    const children = [...childrenOf(parent, this.#store.state, Date.now())];
    for (const child of children) this.#rows.set(child.id, child);
    return children;
  }

  getParent(node: PipelineNode): PipelineNode | undefined {
    return node.parent;
  }

  getTreeItem(node: PipelineNode): TreeItem {
    return itemOf(this.#latest(node));
  }

  resolveTreeItem(item: TreeItem, node: PipelineNode): TreeItem {
    item.tooltip = new MarkdownString(tooltipOf(this.#latest(node)));
    return item;
  }

  /** Looks at the server now, e.g. because a run was started. */
  wake(): void {
    this.#poller.wake();
  }

  /** Shows one more ended run on the view's badge, until the view is seen. */
  addBadge(): void {
    if (this.#view.visible) return;
    this.#unseen++;
    this.#showBadge();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  /** VS Code asks for a refreshed row by its old object. */
  #latest(node: PipelineNode): PipelineNode {
    if (node.kind !== 'run' || node.parent === undefined) return node;
    return runRow(node.parent, this.#store.findRun(node.runId) ?? node.run, Date.now());
  }

  #onVisibility(isVisible: boolean): void {
    this.#poller.setWatching(isVisible);
    if (!isVisible) return;
    this.#unseen = 0;
    this.#showBadge();
  }

  #showBadge(): void {
    const count = this.#unseen;
    this.#view.badge =
      count === 0
        ? undefined
        : { value: count, tooltip: count === 1 ? '1 run has ended' : `${count} runs have ended` };
  }

  /** Changes come in bursts; one refresh shows them all. */
  #refreshSoon(change: Change): void {
    this.#pending.push(change);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh(this.#pending.splice(0));
    }, 50);
  }

  #refresh(changes: readonly Change[]): void {
    setContext('slipway.pipelines.isFiltered', this.#store.isFiltered);
    if (changes.some((change) => change.kind === 'all')) {
      this.#changed.fire(undefined);
      return;
    }
    const rows = [...this.#rows.values()].filter((row) => changes.some((change) => isAbout(change, row)));
    if (rows.length > 0) this.#changed.fire(rows);
  }
}

function isAbout(change: Change, row: PipelineNode): boolean {
  if (change.kind === 'versions') return row.kind === 'pipeline' && row.pipelineId === change.id;
  return row.kind === 'run' && change.kind !== 'all' && row.runId === change.id;
}

function itemOf(node: PipelineNode): TreeItem {
  const item = treeItem(node);
  if (node.kind === 'file') item.resourceUri = Uri.parse(node.uri);
  return item;
}
