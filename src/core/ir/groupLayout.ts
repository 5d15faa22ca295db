import type { Box, GraphEdge } from './graphModel.ts';
import { keepPlaces, type PreviousGroup } from './keepPlaces.ts';
import { layoutSizes, type Size } from './layoutSizes.ts';
import { findRows, layoutRows } from './rowLayout.ts';
import { routeEdges, type PlacedEdge, type Point } from './routes.ts';

/** Graphviz, passed in because ring 0 loads no wasm: `dot -Tplain`. */
export interface DotEngine {
  dot(source: string): string;
}

/** Positions from the top left of the content. */
export interface PlacedGroup extends Size {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly routes: ReadonlyMap<string, readonly Point[]>;
  /** True when it is the drawing before with an edit in it (keepPlaces.ts). */
  readonly isKept: boolean;
}

/** Graphviz counts in inches of 72 points; a point is our pixel. */
const pixelsPerInch = 72;
/** Above this, a drawing is looked at from afar: its long edges go straight. */
const maxRoutedEdges = 3_000;
/**
 * dot's search for positions grows faster than its use: these bounds (iterations per node) still cross fewer edges
 * than other tools do (bench dag-layout).
 */
const searchBounds = [
  { above: 3_000, attributes: ',nslimit=0.3,searchsize=100' },
  { above: 500, attributes: ',nslimit=0.5' },
  { above: 0, attributes: '' },
] as const;
/** dot takes seconds at this many nodes and passing edges, and minutes at a few times as many. */
const maxDotNodes = 10_000;
/** More unconnected nodes than this go into a grid instead of one long row. */
const maxLoneRow = 5;

/** Lays out the nodes of one group, given their sizes in document order. */
export function layoutGroup(
  sizes: ReadonlyMap<string, Size>,
  edges: readonly GraphEdge[],
  engine: DotEngine,
  previous: PreviousGroup | undefined,
): PlacedGroup {
  const known = edges.filter(({ from, to }) => from !== to && sizes.has(from) && sizes.has(to));
  const kept = previous === undefined ? undefined : keepPlaces(sizes, known, previous);
  if (kept !== undefined) return kept;
  const connected = new Set(known.flatMap(({ from, to }) => [from, to]));
  const lone = [...sizes.keys()].filter((id) => !connected.has(id));
  const gridded = new Set(lone.length > maxLoneRow || connected.size === 0 ? lone : []);
  const drawn = [...sizes].filter(([id]) => !gridded.has(id));
  const main = drawn.length === 0 ? emptyGroup : layoutConnected(new Map(drawn), known, engine);
  if (gridded.size === 0) return main;
  return below(
    main,
    grid(
      [...sizes].filter(([id]) => gridded.has(id)),
      main.width,
    ),
  );
}

const emptyGroup: PlacedGroup = { boxes: new Map(), routes: new Map(), width: 0, height: 0, isKept: false };

function layoutConnected(
  sizes: ReadonlyMap<string, Size>,
  edges: readonly GraphEdge[],
  engine: DotEngine,
): PlacedGroup {
  const rows = findRows(sizes.keys(), edges);
  // dot puts a node of its own wherever an edge passes a rank: dense graphs have far more of them than nodes.
  const passed = edges.reduce(
    (sum, { from, to }) => sum + Math.max(0, (rows.get(to) ?? 0) - (rows.get(from) ?? 0) - 1),
    0,
  );
  if (sizes.size + passed > maxDotNodes) return layoutRows(sizes, edges, rows);
  try {
    return runDot(sizes, edges, engine);
  } catch {
    // dot ran out of stack or memory: a plainer drawing is better than none.
    return layoutRows(sizes, edges, rows);
  }
}

function runDot(
  sizes: ReadonlyMap<string, Size>,
  edges: readonly GraphEdge[],
  engine: DotEngine,
): PlacedGroup {
  const ids = [...sizes.keys()];
  const index = new Map(ids.map((id, i) => [id, i]));
  const isRouted = edges.length <= maxRoutedEdges;
  // Parallel edges of different kinds are one to dot, and share their way.
  const pairs = new Map(
    edges.map((edge) => {
      const pair = `${index.get(edge.from) ?? -1}->${index.get(edge.to) ?? -1}`;
      return [pair, edge] as const;
    }),
  );
  const inches = (pixels: number): string => (pixels / pixelsPerInch).toFixed(4);
  const source = [
    `digraph{graph[nodesep=${inches(layoutSizes.betweenNodes)},ranksep=${inches(layoutSizes.betweenRanks)}`,
    isRouted ? '' : ',splines=false',
    searchBounds.find(({ above }) => ids.length > above)?.attributes ?? '',
    '];node[shape=box,fixedsize=true,label=""];',
    ...[...sizes.values()].map(
      ({ width, height }, i) => `${i}[width=${inches(width)},height=${inches(height)}];`,
    ),
    ...[...pairs.keys()].map((pair) => `${pair}[arrowhead=none];`),
    '}',
  ].join('');
  const { centers, height, splines } = readPlain(engine.dot(source));
  const boxes = new Map<string, Box>();
  for (const [id, size] of sizes) {
    const center = centers.get(String(index.get(id)));
    if (center === undefined) continue;
    boxes.set(id, { x: center.x - size.width / 2, y: center.y - size.height / 2, ...size });
  }
  const placed: PlacedEdge[] = edges.map((edge) => ({
    id: edge.id,
    from: edge.from,
    to: edge.to,
    spline: splines.get(`${index.get(edge.from) ?? -1}->${index.get(edge.to) ?? -1}`) ?? [],
  }));
  return normalise(boxes, routeEdges(boxes, placed), height);
}

/** Moves everything so that the boxes and way points begin at 0, 0. */
function normalise(
  boxes: ReadonlyMap<string, Box>,
  routes: ReadonlyMap<string, readonly Point[]>,
  height: number,
): PlacedGroup {
  let [left, top, right, bottom] = [Infinity, Infinity, 0, height];
  for (const { x, y, width, height: boxHeight } of boxes.values()) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + boxHeight);
  }
  for (const route of routes.values()) {
    for (const { x } of route) {
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  const move = ({ x, y }: Point): Point => ({ x: round(x - left), y: round(y - top) });
  return {
    boxes: new Map([...boxes].map(([id, box]) => [id, { ...box, ...move(box) }])),
    routes: new Map([...routes].map(([id, route]) => [id, route.map(move)])),
    width: round(right - left),
    height: round(bottom - top),
    isKept: false,
  };
}

interface Plain {
  readonly centers: ReadonlyMap<string, Point>;
  readonly height: number;
  /** By `tail->head`: the Bézier control points, downwards. */
  readonly splines: ReadonlyMap<string, readonly Point[]>;
}

/** Graphviz's `plain` format: `node name x y …`, `edge tail head n x1 y1 …`; inches, y upwards. */
function readPlain(plain: string): Plain {
  const centers = new Map<string, Point>();
  const splines = new Map<string, readonly Point[]>();
  let height = 0;
  const point = (x: string | undefined, y: string | undefined): Point => ({
    x: Number(x) * pixelsPerInch,
    y: height - Number(y) * pixelsPerInch,
  });
  for (const line of plain.split('\n')) {
    const words = line.split(' ');
    if (words[0] === 'graph') height = Number(words[3]) * pixelsPerInch;
    else if (words[0] === 'node') centers.set(words[1] ?? '', point(words[2], words[3]));
    else if (words[0] === 'edge') {
      const points = Array.from({ length: Number(words[3]) }, (_, i) =>
        point(words[4 + 2 * i], words[5 + 2 * i]),
      );
      splines.set(`${words[1] ?? ''}->${words[2] ?? ''}`, points);
    }
  }
  return { centers, height, splines };
}

/** Rows about as wide as what is above them, or as a square would be. */
function grid(sizes: readonly (readonly [string, Size])[], width: number): PlacedGroup {
  const gap = layoutSizes.betweenNodes;
  const cell = Math.max(...sizes.map(([, size]) => size.width)) + gap;
  const columns = Math.max(
    Math.min(maxLoneRow, sizes.length),
    Math.ceil(Math.sqrt(sizes.length)),
    Math.floor((width + gap) / cell),
  );
  const boxes = new Map<string, Box>();
  let [right, y] = [0, 0];
  for (let row = 0; row < sizes.length; row += columns) {
    const cells = sizes.slice(row, row + columns);
    let x = 0;
    for (const [id, size] of cells) {
      boxes.set(id, { x, y, ...size });
      x += size.width + gap;
    }
    right = Math.max(right, x - gap);
    y += Math.max(...cells.map(([, size]) => size.height)) + gap;
  }
  return { boxes, routes: new Map(), width: right, height: y - gap, isKept: false };
}

function below(above: PlacedGroup, under: PlacedGroup): PlacedGroup {
  const top = above.height === 0 ? 0 : above.height + layoutSizes.betweenRanks;
  return {
    boxes: new Map([
      ...above.boxes,
      ...[...under.boxes].map(([id, box]) => [id, { ...box, y: box.y + top }] as const),
    ]),
    routes: above.routes,
    width: Math.max(above.width, under.width),
    height: top + under.height,
    isKept: false,
  };
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
