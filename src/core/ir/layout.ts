/**
 * Positions for a pipeline's drawing. Each open group is laid out alone, from the inside out, by Graphviz's dot;
 * its box is then one node of the group around it. Files: layout (groups) → groupLayout (one group) → routes.
 */
import type { Box, GraphEdge, GraphNode, LaidOutGraph, PipelineGraph } from './graphModel.ts';
import { layoutGroup, type DotEngine } from './groupLayout.ts';
import type { PreviousGroup } from './keepPlaces.ts';
import { layoutSizes, maxVisibleNodes, nodeSize, type Size } from './layoutSizes.ts';
import type { Point } from './routes.ts';

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
    previous: options.previous === undefined ? new Map() : previousGroups(options.previous),
  };
  const { width, height } = place(layout, '');
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
  /** By group: those that were open. */
  readonly previous: ReadonlyMap<string, PreviousGroup>;
}

const rootOffset = { x: layoutSizes.margin, y: layoutSizes.margin };
const groupOffset = { x: layoutSizes.groupPadding, y: layoutSizes.groupHeader };

/** Lays out one group's content and all groups in it; returns the content's size. */
function place(layout: Layout, group: string): Size & { readonly isKept: boolean } {
  const nodes = layout.children.get(group) ?? [];
  const sizes = new Map(nodes.map((node) => [node.id, sizeOf(layout, node)]));
  const edges = layout.edges.get(group) ?? [];
  const placed = layoutGroup(sizes, edges, layout.engine, keepable(layout, group, nodes));
  const offset = group === '' ? rootOffset : groupOffset;
  for (const [id, box] of placed.boxes) layout.boxes.set(id, { ...box, ...move(box, offset) });
  for (const [id, route] of placed.routes) {
    layout.routes.set(
      id,
      route.map((point) => move(point, offset)),
    );
  }
  return placed;
}

/** Places are kept only while the same groups are open: opening one is a wish to see another drawing. */
function keepable(layout: Layout, group: string, nodes: readonly GraphNode[]): PreviousGroup | undefined {
  const previous = layout.previous.get(group);
  const isSame = nodes.every(
    ({ id }) => previous?.boxes.has(id) !== true || layout.previous.has(id) === isOpen(layout, id),
  );
  return isSame ? previous : undefined;
}

function isOpen(layout: Layout, id: string): boolean {
  return layout.children.has(id) && !layout.collapsed.has(id);
}

function sizeOf(layout: Layout, node: GraphNode): Size {
  if (!isOpen(layout, node.id)) return layout.size(node);
  const { groupHeader, groupMinWidth, groupPadding } = layoutSizes;
  const content = place(layout, node.id);
  // A group that kept its places keeps its size, or everything around it would move.
  const before = content.isKept ? layout.previous.get(node.id)?.box : undefined;
  return {
    width: Math.max(content.width + 2 * groupPadding, groupMinWidth, before?.width ?? 0),
    height: Math.max(content.height + groupHeader + groupPadding, before?.height ?? 0),
  };
}

function previousGroups({ graph, boxes, routes }: LaidOutGraph): ReadonlyMap<string, PreviousGroup> {
  const groups = new Map<string, Map<string, Box>>();
  const parents = new Map<string, string>();
  for (const { id, parent = '' } of graph.nodes) {
    const box = boxes[id];
    if (box === undefined) continue;
    parents.set(id, parent);
    const group = groups.get(parent) ?? new Map<string, Box>();
    groups.set(parent, group);
    group.set(id, { ...box, ...move(box, back(parent)) });
  }
  const routesOf = Map.groupBy(graph.edges, ({ from }) => parents.get(from));
  return new Map(
    [...groups].map(([group, groupBoxes]) => [
      group,
      {
        boxes: groupBoxes,
        routes: new Map(
          (routesOf.get(group) ?? []).map(({ id }) => [
            id,
            (routes[id] ?? []).map((point) => move(point, back(group))),
          ]),
        ),
        box: boxes[group],
      },
    ]),
  );
}

function back(group: string): Point {
  const { x, y } = group === '' ? rootOffset : groupOffset;
  return { x: -x, y: -y };
}

function move(point: Point, by: Point): Point {
  return { x: point.x + by.x, y: point.y + by.y };
}

function defaultCollapsed(graph: PipelineGraph, groups: ReadonlySet<string>): readonly string[] {
  return graph.nodes.length > maxVisibleNodes ? [...groups] : [];
}
