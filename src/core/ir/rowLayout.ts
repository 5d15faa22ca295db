import type { Box, GraphEdge } from './graphModel.ts';
import type { PlacedGroup } from './groupLayout.ts';
import { layoutSizes, type Size } from './layoutSizes.ts';
import { routeEdges } from './routes.ts';

/** Row of each node: one below the lowest it depends on. Linear; an edge that closes a cycle does not count. */
export function findRows(ids: Iterable<string>, edges: readonly GraphEdge[]): ReadonlyMap<string, number> {
  const outgoing = Map.groupBy(edges, ({ from }) => from);
  const open = new Map([...ids].map((id) => [id, 0]));
  for (const { to } of edges) open.set(to, (open.get(to) ?? 0) + 1);
  const rows = new Map<string, number>();
  const reached = new Map<string, number>();
  const queue: string[] = [];
  const visit = (start: string): void => {
    queue.push(start);
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      if (rows.has(id)) continue;
      const row = reached.get(id) ?? 0;
      rows.set(id, row);
      for (const { to } of outgoing.get(id) ?? []) {
        if (rows.has(to)) continue;
        reached.set(to, Math.max(reached.get(to) ?? 0, row + 1));
        const left = (open.get(to) ?? 0) - 1;
        open.set(to, left);
        if (left === 0) queue.push(to);
      }
    }
  };
  for (const [id, count] of [...open]) if (count === 0) visit(id);
  // Only cycles are left: each is entered at its first node in the document.
  for (const id of open.keys()) visit(id);
  return rows;
}

/** Nodes in rows, near what they depend on: for drawings too large for a better layout. Linear but for sorting. */
export function layoutRows(
  sizes: ReadonlyMap<string, Size>,
  edges: readonly GraphEdge[],
  rows: ReadonlyMap<string, number>,
): PlacedGroup {
  const above = Map.groupBy(edges, ({ to }) => to);
  const centers = new Map<string, number>();
  const boxes = new Map<string, Box>();
  const byRow = Map.groupBy(sizes.keys(), (id) => rows.get(id) ?? 0);
  let [width, y] = [0, 0];
  for (const row of [...byRow.keys()].sort((a, b) => a - b)) {
    const ids = byRow.get(row) ?? [];
    const wanted = new Map(ids.map((id, i) => [id, meanCenter(above.get(id) ?? [], centers) ?? i]));
    let [x, height] = [0, 0];
    for (const id of ids.toSorted((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0))) {
      const size = sizes.get(id) ?? layoutSizes.node;
      boxes.set(id, { x, y, ...size });
      centers.set(id, x + size.width / 2);
      x += size.width + layoutSizes.betweenNodes;
      height = Math.max(height, size.height);
    }
    width = Math.max(width, x - layoutSizes.betweenNodes);
    y += height + layoutSizes.betweenRanks;
  }
  const plain = edges.map(({ id, from, to }) => ({ id, from, to, spline: [] }));
  return {
    boxes,
    routes: routeEdges(boxes, plain),
    width,
    height: Math.max(0, y - layoutSizes.betweenRanks),
    isKept: false,
  };
}

function meanCenter(edges: readonly GraphEdge[], centers: ReadonlyMap<string, number>): number | undefined {
  const known = edges.flatMap(({ from }) => centers.get(from) ?? []);
  return known.length === 0 ? undefined : known.reduce((sum, center) => sum + center, 0) / known.length;
}
