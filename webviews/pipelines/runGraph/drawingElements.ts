/** A laid-out drawing as xyflow's nodes and edges. Pure. */
import { MarkerType, Position } from '@xyflow/react';
import type { Box, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import type { CanvasEdge } from './graphEdges.tsx';
import type { CanvasNode } from './graphNodes.tsx';
import { absoluteBox } from './navigation.ts';

export interface DrawingElements {
  readonly nodes: CanvasNode[];
  readonly edges: CanvasEdge[];
  /** By node id, in the coordinates of the whole drawing. */
  readonly boxes: ReadonlyMap<string, Box>;
}

export function drawingElements(drawing: LaidOutGraph): DrawingElements {
  const { graph, routes, collapsed } = drawing;
  const parents = new Map(graph.nodes.map((node) => [node.id, node.parent]));
  const groups = new Set(graph.nodes.map((node) => node.parent).filter((id) => id !== undefined));
  const closed = new Set(collapsed);
  const boxes = new Map<string, Box>();
  const nodes: CanvasNode[] = [];
  // xyflow wants parents before their children.
  const depth = (id: string | undefined): number => (id === undefined ? 0 : 1 + depth(parents.get(id)));
  for (const node of [...graph.nodes].sort((a, b) => depth(a.id) - depth(b.id))) {
    const box = drawing.boxes[node.id];
    const absolute = absoluteBox(drawing, parents, node.id);
    if (box === undefined || absolute === undefined) continue;
    boxes.set(node.id, absolute);
    const { x, y, width, height } = box;
    nodes.push({
      id: node.id,
      type: 'pipeline',
      position: { x, y },
      width,
      height,
      // Told, so that xyflow need not mount every node once to measure it.
      measured: { width, height },
      handles: [
        { type: 'target', position: Position.Top, x: width / 2, y: 0, width: 1, height: 1 },
        { type: 'source', position: Position.Bottom, x: width / 2, y: height, width: 1, height: 1 },
      ],
      ...(node.parent === undefined ? {} : { parentId: node.parent }),
      data: { node, isGroup: groups.has(node.id) || closed.has(node.id), isOpen: !closed.has(node.id) },
    });
  }
  const edges: CanvasEdge[] = [];
  for (const edge of graph.edges) {
    if (!boxes.has(edge.from) || !boxes.has(edge.to)) continue;
    const parent = parents.get(edge.from);
    const origin = parent === undefined ? undefined : boxes.get(parent);
    edges.push({
      id: edge.id,
      type: 'pipeline',
      source: edge.from,
      target: edge.to,
      markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: `var(--edge-${edge.kind})` },
      data: {
        edge,
        route: (routes[edge.id] ?? []).map((point) => ({
          x: point.x + (origin?.x ?? 0),
          y: point.y + (origin?.y ?? 0),
        })),
      },
    });
  }
  return { nodes, edges, boxes };
}
