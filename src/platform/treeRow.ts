import type { CommandId } from '../contributions.ts';

export interface RowIcon {
  /** Codicon. */
  readonly id: string;
  /** Theme colour. */
  readonly color: string | undefined;
}

/** One row of a tree as plain data; each view adds its kinds. */
export interface TreeRow<Node> {
  /** Unique in the tree and stable over refreshes: VS Code keeps selection and expansion by it. */
  readonly id: string;
  readonly parent: Node | undefined;
  readonly label: string;
  readonly description?: string | undefined;
  readonly icon?: RowIcon | undefined;
  /** First word: the kind; then flags that menus match (package.json, `view/item/context`). */
  readonly context: string;
  readonly expansion: 'leaf' | 'collapsed' | 'expanded';
  /** The state in a word, for screen readers: an icon says it to others. */
  readonly spoken?: string | undefined;
  /** What a click does; the row is the argument, unless it only says something. */
  readonly command?: CommandId | undefined;
}

export type MessageRow<Node> = TreeRow<Node> & { readonly kind: 'message' };

/** A row that only says something; with a command, a click does what helps. */
export function message<Node extends { readonly id: string }>(
  parent: Node | undefined,
  label: string,
  icon: string,
  extra: { readonly description?: string; readonly command?: CommandId } = {},
): MessageRow<Node> {
  return {
    kind: 'message',
    id: `${parent?.id ?? ''}/message`,
    parent,
    label,
    icon: { id: icon, color: undefined },
    context: 'message',
    expansion: 'leaf',
    ...extra,
  };
}

/** A failed look is a row that says what happened; a click does the one thing that helps. */
export function failure<Node extends { readonly id: string }>(
  parent: Node | undefined,
  error: Error,
  help: { readonly description: string; readonly command: CommandId },
): MessageRow<Node> {
  return {
    ...message(parent, error.message, 'error', help),
    id: `${parent?.id ?? ''}/failure`,
    icon: { id: 'error', color: 'testing.iconFailed' },
    spoken: 'failed',
  };
}
