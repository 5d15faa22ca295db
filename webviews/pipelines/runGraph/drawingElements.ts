/** A laid-out drawing as xyflow's nodes and edges. Pure. */
import { Position } from '@xyflow/react';
import type { Box, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import type { EdgeEnd } from './edgeLines.ts';
import type { CanvasEdge } from './graphEdges.tsx';
import type { CanvasNode } from './graphNodes.tsx';
import { absoluteBox } from './navigation.ts';

export interface DrawingElements {
  readonly nodes: CanvasNode[];
  readonly edges: CanvasEdge[];
  /** By node id, in the coordinates of the whole drawing. */
  readonly boxes: ReadonlyMap<string, Box>;
  readonly width: number;
  readonly height: number;
}

/** `scope`: a group whose inside is drawn alone; '' draws all. A group that is not there, or closed, draws all. */
export function drawingElements(drawing: LaidOutGraph, scope = ''): DrawingElements {
  const { routes, collapsed } = drawing;
  const frame = drawing.boxes[scope];
  const inside = `${scope}/`;
  const isAlone =
    frame !== undefined &&
    drawing.graph.nodes.some((node) => node.parent === scope && drawing.boxes[node.id] !== undefined);
  const graph = isAlone
    ? {
        ...drawing.graph,
        nodes: drawing.graph.nodes.filter((node) => node.id.startsWith(inside)),
        edges: drawing.graph.edges.filter((edge) => edge.from.startsWith(inside)),
      }
    : drawing.graph;
  const parents = new Map(
    graph.nodes.map((node) => [node.id, isAlone && node.parent === scope ? undefined : node.parent]),
  );
  const groups = new Set(graph.nodes.map((node) => node.parent));
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
      ...parentOf(parents.get(node.id)),
      data: { node, isGroup: groups.has(node.id) || closed.has(node.id), isOpen: !closed.has(node.id) },
    });
  }
  const ends = new Map<string, EdgeEnd>();
  for (const { id, data } of nodes) {
    const box = boxes.get(id);
    if (box !== undefined) ends.set(id, { node: data.node, box });
  }
  const edges: CanvasEdge[] = [];
  for (const edge of graph.edges) {
    const from = ends.get(edge.from);
    const to = ends.get(edge.to);
    if (from === undefined || to === undefined) continue;
    const parent = parents.get(edge.from);
    const origin = parent === undefined ? undefined : boxes.get(parent);
    edges.push({
      id: edge.id,
      type: 'pipeline',
      source: edge.from,
      target: edge.to,
      data: {
        edge,
        from,
        to,
        route: (routes[edge.id] ?? []).map((point) => ({
          x: point.x + (origin?.x ?? 0),
          y: point.y + (origin?.y ?? 0),
        })),
      },
    });
  }
  const { width, height } = isAlone ? frame : drawing;
  return { nodes, edges, boxes, width, height };
}

function parentOf(id: string | undefined): { readonly parentId?: string } {
  return id === undefined ? {} : { parentId: id };
}
