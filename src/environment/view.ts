import { EventEmitter, MarkdownString, type TreeDataProvider, type TreeItem, type TreeView } from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { factsMarkdown } from '../platform/factsMarkdown.ts';
import { treeItem } from '../platform/treeItem.ts';
import type { EnvironmentNode } from './rows.ts';
import { ShownRows } from './shownRows.ts';
import type { EnvironmentStore } from './store.ts';
import { childrenOf } from './tree.ts';

/** Changes of a busy cluster come in bursts; one refresh shows them all. */
const REFRESH_MS = 150;

/** The Environment view: turns rows into TreeItems and lets the store look only while it is visible. */
export class EnvironmentView implements TreeDataProvider<EnvironmentNode>, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(
    new EventEmitter<EnvironmentNode | EnvironmentNode[] | undefined>(),
  );
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #store: EnvironmentStore;
  readonly #view: TreeView<EnvironmentNode>;
  readonly #shown = new ShownRows();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: EnvironmentStore, view: TreeView<EnvironmentNode>) {
    this.#store = store;
    this.#view = view;
    this.#disposables.add(store.onDidChange(() => this.#refreshSoon()));
    this.#disposables.add(view.onDidChangeVisibility(({ visible }) => store.setVisible(visible)));
    store.setVisible(view.visible);
  }

  /** What a command without a target acts on. */
  get selected(): EnvironmentNode | undefined {
    return this.#view.selection[0];
  }

  getChildren(parent?: EnvironmentNode): EnvironmentNode[] {
    if (parent?.kind === 'pod') this.#store.openPod(parent.namespace, parent.name);
    const rows = [...childrenOf(parent, this.#store.state, Date.now())];
    this.#shown.show(parent, rows);
    return rows;
  }

  getParent(node: EnvironmentNode): EnvironmentNode | undefined {
    return node.parent;
  }

  getTreeItem(node: EnvironmentNode): TreeItem {
    return treeItem(node);
  }

  resolveTreeItem(item: TreeItem, node: EnvironmentNode): TreeItem {
    item.tooltip = new MarkdownString(factsMarkdown(node.label, node.facts ?? []));
    return item;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const now = Date.now();
      const changed = this.#shown.update((parent) => childrenOf(parent, this.#store.state, now));
      if (changed === undefined) this.#changed.fire(undefined);
      else if (changed.length > 0) this.#changed.fire([...changed]);
    }, REFRESH_MS);
  }
}
