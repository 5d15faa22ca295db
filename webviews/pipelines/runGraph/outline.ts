/** The graph and its run as one indented list: what the list and the timeline show, row by row. Pure. */
import type { GraphEdge, GraphNode } from '../../../src/core/ir/graphModel.ts';
import type { TaskRow, TaskRowState } from '../../../src/core/protocol/runGraph.ts';
import { isFinalState, type NodeStatus, type TaskIndex } from './fold.ts';

/** More iterations than this show only their first ones and the failed ones, until asked for. */
export const FOLD_ITERATIONS_BEYOND = 20;

export interface OutlineItem {
  /** Unique in the list and steady between updates. */
  readonly key: string;
  readonly kind: 'node' | 'iteration' | 'more';
  readonly nodeId: string;
  readonly task: TaskRow | undefined;
  readonly label: string;
  readonly detail: string;
  readonly nodeKind: GraphNode['kind'];
  readonly state: TaskRowState | undefined;
  /** Of loops: `n/m`. */
  readonly progress: string | undefined;
  readonly level: number;
  readonly hasChildren: boolean;
  readonly isExpanded: boolean;
  /** Place among its siblings, from 1, and their number; for screen readers. */
  readonly position: number;
  readonly siblings: number;
  readonly parentKey: string | undefined;
}

export interface OutlineOptions {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly index: TaskIndex | undefined;
  /** Keys the user flipped: groups start open, iterations start closed (three hundred open ones are no overview). */
  readonly toggled: ReadonlySet<string>;
  /** Keys of loops whose iterations are all shown. */
  readonly unfolded: ReadonlySet<string>;
  /** For nodes that have no task. */
  readonly fallback: (nodeId: string) => NodeStatus | undefined;
}

interface Draft extends Omit<OutlineItem, 'level' | 'position' | 'siblings' | 'parentKey' | 'isExpanded'> {
  readonly children: () => readonly Draft[];
}

/** Rows of the list and the timeline, in the order in which they run; those of closed groups are left out. */
export function outline(options: OutlineOptions): readonly OutlineItem[] {
  const { index, toggled } = options;
  const byParent = new Map<string | undefined, GraphNode[]>();
  for (const node of inRunningOrder(options.nodes, options.edges)) {
    if (node.kind === 'input' || node.kind === 'output') continue;
    const siblings = byParent.get(node.parent);
    if (siblings === undefined) byParent.set(node.parent, [node]);
    else siblings.push(node);
  }

  const nodeDraft = (node: GraphNode, task: TaskRow | undefined, prefix: string): Draft => {
    const key = `${prefix}${node.id}`;
    const iterations = task === undefined || index === undefined ? [] : index.iterationsOf(task);
    const inner = byParent.get(node.id) ?? [];
    const finished = iterations.filter((row) => isFinalState(row.state)).length;
    return {
      key,
      kind: 'node',
      nodeId: node.id,
      task,
      label: node.label,
      detail: node.detail,
      nodeKind: node.kind,
      state: task?.state ?? options.fallback(node.id)?.state,
      progress:
        iterations.length > 0
          ? `${finished}/${Math.max(iterations.length, task?.iterationCount ?? 0)}`
          : undefined,
      hasChildren: iterations.length > 0 || inner.length > 0,
      children: () =>
        iterations.length > 0 ? iterationDrafts(node, iterations, key) : nodeDrafts(inner, task, prefix),
    };
  };

  const nodeDrafts = (
    nodes: readonly GraphNode[],
    parent: TaskRow | undefined,
    prefix: string,
  ): readonly Draft[] => {
    const tasks = new Map<string, TaskRow>();
    if (parent !== undefined && index !== undefined) {
      for (const row of index.childrenOf(parent)) tasks.set(row.path, row);
    }
    return nodes.map((node) => nodeDraft(node, tasks.get(node.id), prefix));
  };

  const iterationDrafts = (node: GraphNode, rows: readonly TaskRow[], key: string): readonly Draft[] => {
    const isFolded = rows.length > FOLD_ITERATIONS_BEYOND && !options.unfolded.has(key);
    const shown = isFolded
      ? rows.filter((row, at) => at < FOLD_ITERATIONS_BEYOND || row.state === 'FAILED')
      : rows;
    const inner = byParent.get(node.id) ?? [];
    const drafts = shown.map((row): Draft => ({
      key: `${key}#${row.iteration ?? 0}`,
      kind: 'iteration',
      nodeId: node.id,
      task: row,
      label: `Iteration ${row.iteration ?? 0}`,
      detail: '',
      nodeKind: 'dag',
      state: row.state,
      progress: undefined,
      hasChildren: inner.length > 0,
      children: () => nodeDrafts(inner, row, `${key}#${row.iteration ?? 0}:`),
    }));
    if (shown.length === rows.length) return drafts;
    return [
      ...drafts,
      {
        key: `${key}#more`,
        kind: 'more',
        nodeId: node.id,
        task: undefined,
        label: `Show ${rows.length - shown.length} more iterations`,
        detail: '',
        nodeKind: 'dag',
        state: undefined,
        progress: undefined,
        hasChildren: false,
        children: () => [],
      },
    ];
  };

  const items: OutlineItem[] = [];
  const walk = (drafts: readonly Draft[], level: number, parentKey: string | undefined): void => {
    drafts.forEach((draft, at) => {
      const { children, ...rest } = draft;
      const startsOpen = draft.kind !== 'iteration';
      const isExpanded = draft.hasChildren && toggled.has(draft.key) !== startsOpen;
      items.push({ ...rest, level, position: at + 1, siblings: drafts.length, parentKey, isExpanded });
      if (isExpanded) walk(children(), level + 1, draft.key);
    });
  };
  walk(nodeDrafts(byParent.get(undefined) ?? [], index?.root, ''), 1, undefined);
  return items;
}

/** Producers before consumers, and the document's order where edges leave a choice: documents are often sorted by name. */
function inRunningOrder(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): readonly GraphNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const waitsFor = new Map<string, number>();
  const after = Map.groupBy(edges, (edge) => edge.from);
  for (const { to } of edges) waitsFor.set(to, (waitsFor.get(to) ?? 0) + 1);
  const placed = new Set<GraphNode>();
  for (const start of nodes) {
    // Depth first, so that a chain stays together.
    const ready = (waitsFor.get(start.id) ?? 0) === 0 ? [start] : [];
    for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
      if (placed.has(node)) continue;
      placed.add(node);
      for (const { to } of (after.get(node.id) ?? []).toReversed()) {
        const left = (waitsFor.get(to) ?? 0) - 1;
        waitsFor.set(to, left);
        const next = byId.get(to);
        if (next !== undefined && left === 0) ready.push(next);
      }
    }
  }
  // What is left waits for itself: a broken document, listed all the same.
  return [...placed, ...nodes.filter((node) => !placed.has(node))];
}
