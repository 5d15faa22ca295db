import {
  EventEmitter,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { factsMarkdown } from '../platform/factsMarkdown.ts';
import type { EnvironmentNode } from './rows.ts';
import type { EnvironmentStore } from './store.ts';
import { childrenOf } from './tree.ts';

/** Changes of a busy cluster come in bursts; one refresh shows them all. */
const REFRESH_MS = 150;

/** The Environment view: turns rows into TreeItems and lets the store look only while it is visible. */
export class EnvironmentView implements TreeDataProvider<EnvironmentNode>, Disposable {
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new EventEmitter<EnvironmentNode | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #store: EnvironmentStore;
  readonly #view: TreeView<EnvironmentNode>;
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
    return [...childrenOf(parent, this.#store.state, Date.now())];
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
      this.#changed.fire(undefined);
    }, REFRESH_MS);
  }
}

function treeItem(node: EnvironmentNode): TreeItem {
  const item = new TreeItem(
    node.label,
    node.expansion === 'leaf'
      ? TreeItemCollapsibleState.None
      : node.expansion === 'expanded'
        ? TreeItemCollapsibleState.Expanded
        : TreeItemCollapsibleState.Collapsed,
  );
  item.id = node.id;
  item.contextValue = node.context;
  if (node.description !== undefined) item.description = node.description;
  if (node.icon !== undefined)
    item.iconPath = new ThemeIcon(
      node.icon.id,
      node.icon.color === undefined ? undefined : new ThemeColor(node.icon.color),
    );
  if (node.command !== undefined) item.command = { command: node.command, title: node.label, arguments: [] };
  item.accessibilityInformation = {
    label: [node.label, node.spoken, node.description].filter(Boolean).join(', '),
  };
  return item;
}
