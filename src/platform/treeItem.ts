import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { TreeRow } from './treeRow.ts';

const states: Readonly<Record<TreeRow<never>['expansion'], TreeItemCollapsibleState>> = {
  leaf: TreeItemCollapsibleState.None,
  collapsed: TreeItemCollapsibleState.Collapsed,
  expanded: TreeItemCollapsibleState.Expanded,
};

/** A row as VS Code draws it; its tooltip comes when it is asked for. */
export function treeItem<Node>(row: TreeRow<Node> & { readonly kind: string }): TreeItem {
  const { id, label, description, icon, context, expansion, spoken, command } = row;
  const item = new TreeItem(label, states[expansion]);
  item.id = id;
  item.contextValue = context;
  if (description !== undefined) item.description = description;
  if (icon !== undefined)
    item.iconPath = new ThemeIcon(icon.id, icon.color === undefined ? undefined : new ThemeColor(icon.color));
  if (command !== undefined)
    item.command = { command, title: label, arguments: row.kind === 'message' ? [] : [row] };
  item.accessibilityInformation = { label: [label, spoken, description].filter(Boolean).join(', ') };
  return item;
}
