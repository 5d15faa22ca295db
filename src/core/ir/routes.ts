import type { Box } from './graphModel.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Bézier control points as Graphviz found them; empty when it was not asked. */
  readonly spline: readonly Point[];
}

/** A row of nodes. dot gives all of them the same centre line. */
interface Rank {
  readonly center: number;
  top: number;
  bottom: number;
}

/**
 * Way points for edges that run from the bottom of one box to the top of another, drawn as vertical S-curves between
 * each two. They bend only in the free space between ranks: within a rank they go straight down, where dot left room.
 */
export function routeEdges(
  boxes: ReadonlyMap<string, Box>,
  edges: readonly PlacedEdge[],
): ReadonlyMap<string, readonly Point[]> {
  const ranks = findRanks(boxes);
  const routes = new Map<string, readonly Point[]>();
  for (const { id, from, to, spline } of edges) {
    const start = boxes.get(from);
    const end = boxes.get(to);
    if (start !== undefined && end !== undefined) routes.set(id, route(start, end, spline, ranks));
  }
  return routes;
}

function route(from: Box, to: Box, spline: readonly Point[], ranks: readonly Rank[]): readonly Point[] {
  const start = { x: from.x + from.width / 2, y: from.y + from.height };
  const end = { x: to.x + to.width / 2, y: to.y };
  // A cycle makes one edge point upwards; it is drawn from centre to centre and validate.ts says the rest.
  if (end.y <= start.y) return [start, end];
  const points: Point[] = [start];
  const add = (x: number, y: number): void => {
    // Where places were kept, rows may overlap in height.
    if (y > (points.at(-1)?.y ?? start.y) && y < end.y) points.push({ x, y });
  };
  for (let i = rankIndex(ranks, from); i <= rankIndex(ranks, to); i++) {
    const rank = ranks[i];
    if (rank === undefined) continue;
    if (rank.center <= from.y + from.height) add(start.x, rank.bottom);
    else if (rank.center >= to.y) add(end.x, rank.top);
    else if (spline.length > 0) {
      const x = xAt(spline, rank.center);
      add(x, rank.top);
      add(x, rank.bottom);
    }
  }
  return [...points, end];
}

function findRanks(boxes: ReadonlyMap<string, Box>): readonly Rank[] {
  const ranks = new Map<number, Rank>();
  for (const { y, height } of boxes.values()) {
    const center = y + height / 2;
    const key = Math.round(center);
    const rank = ranks.get(key) ?? ranks.get(key - 1) ?? ranks.get(key + 1);
    if (rank === undefined) ranks.set(key, { center, top: y, bottom: y + height });
    else {
      rank.top = Math.min(rank.top, y);
      rank.bottom = Math.max(rank.bottom, y + height);
    }
  }
  return [...ranks.values()].sort((a, b) => a.center - b.center);
}

function rankIndex(ranks: readonly Rank[], { y, height }: Box): number {
  const center = y + height / 2;
  let [low, high] = [0, ranks.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranks[middle]?.center ?? Infinity) < center - 1.5) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a piecewise cubic Bézier curve that runs downwards crosses the height `y`. */
function xAt(spline: readonly Point[], y: number): number {
  for (let i = 0; i + 3 < spline.length; i += 3) {
    const [p0, p1, p2, p3] = spline.slice(i, i + 4);
    if (p0 === undefined || p1 === undefined || p2 === undefined || p3 === undefined) break;
    if (y > p3.y && i + 6 < spline.length) continue;
    let [low, high] = [0, 1];
    for (let step = 0; step < 20; step++) {
      const t = (low + high) / 2;
      if (bezier(p0.y, p1.y, p2.y, p3.y, t) < y) low = t;
      else high = t;
    }
    return bezier(p0.x, p1.x, p2.x, p3.x, (low + high) / 2);
  }
  return spline.at(-1)?.x ?? 0;
}

function bezier(a: number, b: number, c: number, d: number, t: number): number {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}
