/**
 * The part of a large drawing that is mounted: what is seen, and some way around it. Within that, moving the drawing
 * costs no work at all; xyflow's own culling mounts and unmounts at every move.
 */
import { useStoreApi, type Transform } from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import type { Box } from '../../../src/core/ir/graphModel.ts';
import type { DrawingElements } from './drawingElements.ts';
import type { CanvasEdge } from './graphEdges.tsx';
import type { CanvasNode } from './graphNodes.tsx';

/** Smaller drawings are mounted whole. */
const ALL_UP_TO = 120;
/** How far beyond the view, as a share of it on each side. */
const AROUND = 0.3;
/** A region this many times wider than it would be now holds too much. */
const TOO_WIDE = 2.5;

export interface SeenElements {
  readonly nodes: CanvasNode[];
  readonly edges: CanvasEdge[];
}

/** `edges`: those that are elements; the others need no ends. */
export function useSeen(view: DrawingElements, edges: readonly CanvasEdge[]): SeenElements {
  const flow = useStoreApi();
  const isSmall = view.nodes.length <= ALL_UP_TO;
  const [region, setRegion] = useState<Box>();
  useEffect(() => {
    if (isSmall) return undefined;
    const look = (): void => {
      const { transform, width, height } = flow.getState();
      if (width <= 0 || height <= 0) return;
      setRegion((before) => {
        const seen = seenBox(transform, width, height);
        const wanted = grown(seen);
        return before !== undefined && holds(before, seen) && before.width <= TOO_WIDE * wanted.width
          ? before
          : wanted;
      });
    };
    look();
    return flow.subscribe(look);
  }, [flow, isSmall]);
  const bounds = useMemo(
    () => (isSmall ? undefined : edges.map((edge) => edgeBounds(edge, view.boxes))),
    [view, edges, isSmall],
  );
  return useMemo(() => {
    if (bounds === undefined) return view;
    return region === undefined ? NOTHING : elementsIn({ ...view, edges: [...edges] }, bounds, region);
  }, [view, edges, bounds, region]);
}

const NOTHING: SeenElements = { nodes: [], edges: [] };

/** What meets the region; an edge brings both its ends, and every node the groups around it. Pure. */
export function elementsIn(
  { nodes, edges, boxes }: DrawingElements,
  bounds: readonly Box[],
  region: Box,
): SeenElements {
  const wanted = new Set<string>();
  const parents = new Map(nodes.map((node) => [node.id, node.parentId]));
  const want = (id: string): void => {
    for (let at: string | undefined = id; at !== undefined && !wanted.has(at); at = parents.get(at))
      wanted.add(at);
  };
  for (const { id } of nodes) {
    const box = boxes.get(id);
    if (box !== undefined && meets(box, region)) want(id);
  }
  const seenEdges = edges.filter((_, at) => {
    const box = bounds[at];
    return box !== undefined && meets(box, region);
  });
  for (const { source, target } of seenEdges) {
    want(source);
    want(target);
  }
  return { nodes: nodes.filter(({ id }) => wanted.has(id)), edges: seenEdges };
}

/** Around an edge's ends and way points. */
export function edgeBounds({ source, target, data }: CanvasEdge, boxes: ReadonlyMap<string, Box>): Box {
  const corners = [boxes.get(source), boxes.get(target)].flatMap((box) =>
    box === undefined ? [] : [box, { x: box.x + box.width, y: box.y + box.height }],
  );
  const points = [...corners, ...(data?.route ?? [])];
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

function seenBox([x, y, zoom]: Transform, width: number, height: number): Box {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

function grown({ x, y, width, height }: Box): Box {
  const [dx, dy] = [width * AROUND, height * AROUND];
  return { x: x - dx, y: y - dy, width: width + 2 * dx, height: height + 2 * dy };
}

function holds(outer: Box, inner: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function meets(a: Box, b: Box): boolean {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}
