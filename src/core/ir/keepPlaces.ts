import type { Box, GraphEdge } from './graphModel.ts';
import type { PlacedGroup } from './groupLayout.ts';
import { layoutSizes, type Size } from './layoutSizes.ts';
import { routeEdges, type Point } from './routes.ts';

/** Below this, a fresh layout is worth more than places that people remember. */
const minKept = 6;
/** With more of the nodes new or gone than this, too. */
const maxChanged = 0.2;

/** A group's places in the drawing before, from the top left of its content. */
export interface PreviousGroup {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly routes: ReadonlyMap<string, readonly Point[]>;
  /** Its own box in the group around it. */
  readonly box: Box | undefined;
}

/**
 * The drawing before with what is new put where it fits, so that one edit moves little. Undefined when the change is
 * too large for that, or makes an edge point upwards: then dot starts over.
 */
export function keepPlaces(
  sizes: ReadonlyMap<string, Size>,
  edges: readonly GraphEdge[],
  previous: PreviousGroup,
): PlacedGroup | undefined {
  const fresh = [...sizes.keys()].filter((id) => !previous.boxes.has(id));
  const keptCount = sizes.size - fresh.length;
  const gone = previous.boxes.size - keptCount;
  if (keptCount < minKept || fresh.length + gone > Math.max(1, maxChanged * keptCount)) return undefined;
  const boxes = new Map<string, Box>();
  for (const id of sizes.keys()) {
    const box = previous.boxes.get(id);
    if (box !== undefined) boxes.set(id, box);
  }
  const shifts: Shift[] = [];
  const shift = (one: Shift): void => {
    if (one.by <= 0) return;
    shifts.push(one);
    for (const [id, box] of boxes) boxes.set(id, { ...box, ...moved(box, one) });
  };
  for (const [id, size] of sizes) {
    const box = boxes.get(id);
    if (box === undefined) continue;
    if (size.width < box.width || size.height < box.height) return undefined;
    shift({ axis: 'y', from: box.y + box.height, by: size.height - box.height });
    shift({ axis: 'x', from: box.x + box.width, by: size.width - box.width });
    boxes.set(id, { ...box, ...size });
  }
  for (const id of fresh) {
    const size = sizes.get(id);
    if (size !== undefined) boxes.set(id, findPlace(id, size, edges, boxes, shift));
  }
  for (const { from, to } of edges) {
    const start = boxes.get(from);
    const end = boxes.get(to);
    if (start !== undefined && end !== undefined && end.y < start.y + start.height) return undefined;
  }
  return { boxes, routes: keepRoutes(edges, boxes, previous, shifts), ...extent(boxes), isKept: true };
}

/** Everything that begins at or beyond `from` moves. */
interface Shift {
  readonly axis: 'x' | 'y';
  readonly from: number;
  readonly by: number;
}

function moved({ x, y }: Point, { axis, from, by }: Shift): Point {
  return { x: axis === 'x' && x >= from ? x + by : x, y: axis === 'y' && y >= from ? y + by : y };
}

/** Under what it needs, above what needs it (which makes room), as near to both as there is space. */
function findPlace(
  id: string,
  size: Size,
  edges: readonly GraphEdge[],
  boxes: ReadonlyMap<string, Box>,
  shift: (one: Shift) => void,
): Box {
  const above = edges.flatMap(({ from, to }) => (to === id ? (boxes.get(from) ?? []) : []));
  const below = edges.flatMap(({ from, to }) => (from === id ? (boxes.get(to) ?? []) : []));
  const gap = layoutSizes.betweenRanks;
  const ceiling = Math.max(0, ...above.map(({ y, height }) => y + height + gap));
  const floor = Math.min(Infinity, ...below.map(({ y }) => y));
  const neighbours = [...above, ...below];
  if (neighbours.length === 0) return { x: 0, y: extent(boxes).height + gap, ...size };
  const wanted =
    neighbours.reduce((sum, { x, width }) => sum + x + width / 2, 0) / neighbours.length - size.width / 2;
  const y = above.length === 0 ? Math.max(0, floor - gap - size.height) : ceiling;
  shift({ axis: 'y', from: floor, by: y + size.height + gap - floor });
  return { x: freeX(wanted, y, size, boxes), y, ...size };
}

/** The free place in a row that is nearest to `wanted`. */
function freeX(wanted: number, y: number, size: Size, boxes: ReadonlyMap<string, Box>): number {
  const gap = layoutSizes.betweenNodes;
  const row = [...boxes.values()].filter((box) => box.y < y + size.height && y < box.y + box.height);
  const isFree = (x: number): boolean =>
    x >= 0 && row.every((box) => x + size.width + gap <= box.x || box.x + box.width + gap <= x);
  const places = [
    Math.max(0, wanted),
    ...row.flatMap((box) => [box.x - gap - size.width, box.x + box.width + gap]),
  ].filter(isFree);
  return places.reduce(
    (best, x) => (Math.abs(x - wanted) < Math.abs(best - wanted) ? x : best),
    places[0] ?? Math.max(0, wanted),
  );
}

/** The ways of before, moved with their ends; new edges go straight. */
function keepRoutes(
  edges: readonly GraphEdge[],
  boxes: ReadonlyMap<string, Box>,
  previous: PreviousGroup,
  shifts: readonly Shift[],
): ReadonlyMap<string, readonly Point[]> {
  const straight = routeEdges(
    boxes,
    edges.map(({ id, from, to }) => ({ id, from, to, spline: [] })),
  );
  const routes = new Map<string, readonly Point[]>();
  for (const [id, ends] of straight) {
    const route = previous.routes.get(id);
    const [start, end] = [ends[0], ends.at(-1)];
    const [oldStart, oldEnd] = [route?.[0], route?.at(-1)];
    if (route === undefined || start === undefined || end === undefined || !oldStart || !oldEnd) {
      routes.set(id, ends);
      continue;
    }
    const inner = route.slice(1, -1).map((point) => {
      const { x, y } = shifts.reduce(moved, point);
      // What ran straight down from an end still does.
      return { x: point.x === oldStart.x ? start.x : point.x === oldEnd.x ? end.x : x, y };
    });
    routes.set(id, [start, ...inner.filter(({ y }) => y > start.y && y < end.y), end]);
  }
  return routes;
}

function extent(boxes: ReadonlyMap<string, Box>): Size {
  let [width, height] = [0, 0];
  for (const box of boxes.values()) {
    width = Math.max(width, box.x + box.width);
    height = Math.max(height, box.y + box.height);
  }
  return { width, height };
}
