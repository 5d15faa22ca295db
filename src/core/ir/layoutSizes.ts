import type { NodeKind } from './graphModel.ts';

/** Pixels of everything the layout leaves room for; the canvas draws with the same numbers. */
export const layoutSizes = {
  node: { width: 200, height: 56 },
  /** A group's input or output. */
  port: { width: 160, height: 32 },
  /** Above an open group's content. */
  groupHeader: 44,
  groupPadding: 16,
  /** Least width of an open group, so that its header can be read. */
  groupMinWidth: 200,
  betweenNodes: 28,
  betweenRanks: 44,
  /** Around the whole drawing. */
  margin: 16,
} as const;

/** Above this many visible nodes, groups start closed. */
export const maxVisibleNodes = 2_000;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size of a node that is not an open group. */
export function nodeSize(kind: NodeKind): Size {
  return kind === 'input' || kind === 'output' ? layoutSizes.port : layoutSizes.node;
}
