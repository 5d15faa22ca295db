/**
 * Positions for a pipeline's drawing. Each open group is laid out alone, from the inside out, by Graphviz's dot;
 * its box is then one node of the group around it. Files: layout (groups) → groupLayout (one group) → routes.
 */
import type { Box, GraphEdge, GraphNode, LaidOutGraph, PipelineGraph } from './graphModel.ts';
import { layoutGroup, type DotEngine, type PlacedGroup } from './groupLayout.ts';
import { layoutSizes, maxVisibleNodes, nodeSize, type Size } from './layoutSizes.ts';

export interface LayoutOptions {
  /** Groups drawn closed. Undefined: none, or all when there would be too much to see. */
  readonly collapsed?: readonly string[] | undefined;
  /** The drawing before: what did not change stays where it was. */
  readonly previous?: LaidOutGraph | undefined;
  /** Size of a node that is not an open group. */
  readonly size?: (node: GraphNode) => Size;
}

/** The same graph gives the same drawing, and order in the document is order in the drawing where edges allow it. */
export function layoutGraph(
  graph: PipelineGraph,
  engine: DotEngine,
  options: LayoutOptions = {},
): LaidOutGraph {
  const children = Map.groupBy(graph.nodes, ({ parent }) => parent ?? '');
  const groups = new Set([...children.keys()].filter((id) => id !== ''));
  const collapsed = new Set(options.collapsed ?? defaultCollapsed(graph, groups));
  const parents = new Map(graph.nodes.map((node) => [node.id, node.parent ?? '']));
  const edges = Map.groupBy(graph.edges, ({ from }) => parents.get(from) ?? '');
  const layout: Layout = {
    children,
    edges,
    collapsed,
    engine,
    size: options.size ?? (({ kind }) => nodeSize(kind)),
    boxes: new Map(),
    routes: new Map(),
  };
  const { width, height } = place(layout, '', { left: layoutSizes.margin, top: layoutSizes.margin });
  return {
    graph,
    boxes: Object.fromEntries(layout.boxes),
    routes: Object.fromEntries(layout.routes),
    width: width + 2 * layoutSizes.margin,
    height: height + 2 * layoutSizes.margin,
    collapsed: [...collapsed].filter((id) => groups.has(id)),
  };
}

interface Layout {
  readonly children: ReadonlyMap<string, readonly GraphNode[]>;
  readonly edges: ReadonlyMap<string, readonly GraphEdge[]>;
  readonly collapsed: ReadonlySet<string>;
  readonly engine: DotEngine;
  readonly size: (node: GraphNode) => Size;
  readonly boxes: Map<string, Box>;
  readonly routes: Map<string, LaidOutGraph['routes'][string]>;
}

/** Lays out one group's content and all groups in it; returns the content's size. */
function place(layout: Layout, group: string, offset: { left: number; top: number }): Size {
  const nodes = layout.children.get(group) ?? [];
  const sizes = new Map(nodes.map((node) => [node.id, sizeOf(layout, node)]));
  const placed: PlacedGroup = layoutGroup(sizes, layout.edges.get(group) ?? [], layout.engine);
  for (const [id, box] of placed.boxes) {
    layout.boxes.set(id, { ...box, x: box.x + offset.left, y: box.y + offset.top });
  }
  for (const [id, route] of placed.routes) {
    layout.routes.set(
      id,
      route.map(({ x, y }) => ({ x: x + offset.left, y: y + offset.top })),
    );
  }
  return placed;
}

function sizeOf(layout: Layout, node: GraphNode): Size {
  if (!layout.children.has(node.id) || layout.collapsed.has(node.id)) return layout.size(node);
  const { groupHeader, groupMinWidth, groupPadding } = layoutSizes;
  const content = place(layout, node.id, { left: groupPadding, top: groupHeader });
  return {
    width: Math.max(content.width + 2 * groupPadding, groupMinWidth),
    height: content.height + groupHeader + groupPadding,
  };
}

function defaultCollapsed(graph: PipelineGraph, groups: ReadonlySet<string>): readonly string[] {
  return graph.nodes.length > maxVisibleNodes ? [...groups] : [];
}
