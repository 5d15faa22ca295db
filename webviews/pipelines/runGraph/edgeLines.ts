/** The lines of an edge: one from the dot of each output to the dot of the input that takes it, together between ranks. Pure. */
import type { Box, GraphEdge, GraphNode } from '../../../src/core/ir/graphModel.ts';
import { portPlace } from './edit/geometry.ts';
import { orderOffset, type Point } from './edit/ports.ts';

export interface EdgeEnd {
  readonly node: GraphNode;
  /** In the coordinates of the whole drawing, as the route. */
  readonly box: Box;
}

export interface RoutedEdge {
  readonly edge: GraphEdge;
  readonly from: EdgeEnd;
  readonly to: EdgeEnd;
  /** From the middle of one box to the middle of the other; empty: straight. */
  readonly route: readonly Point[];
}

export interface EdgeLines {
  /** One SVG path of all of them. */
  readonly path: string;
  /** The arrowheads at their ends, to be filled. */
  readonly arrows: string;
}

const ARROW = { width: 3.5, height: 7 };
const known = new WeakMap<RoutedEdge, EdgeLines>();

/** Made once per edge: the same object for the same edge. */
export function edgeLines(edge: RoutedEdge): EdgeLines {
  const found = known.get(edge);
  if (found !== undefined) return found;
  const ends = new Set<string>();
  const paths = new Set<string>();
  for (const [start, end] of endPairs(edge)) {
    paths.add(smoothPath(strand(edge.route, start, end)));
    ends.add(`M${end.x},${end.y} l${-ARROW.width},${-ARROW.height} h${2 * ARROW.width} z`);
  }
  const lines = { path: [...paths].join(' '), arrows: [...ends].join(' ') };
  known.set(edge, lines);
  return lines;
}

function endPairs({ edge, from, to }: RoutedEdge): readonly (readonly [Point, Point])[] {
  if (edge.kind === 'order')
    return [
      [{ ...middle(from, 'output'), x: from.box.x + orderOffset(from.box.width) }, middle(to, 'input')],
    ];
  return edge.bindings.map(({ output, input }) => [
    portOf(from, 'output', output) ?? middle(from, 'output'),
    portOf(to, 'input', input) ?? middle(to, 'input'),
  ]);
}

function portOf({ node, box }: EdgeEnd, side: 'input' | 'output', name: string): Point | undefined {
  const ports = side === 'input' ? node.inputs : node.outputs;
  const at = ports.findIndex((port) => port.name === name);
  return at === -1 ? undefined : portPlace(node, box, side, at);
}

function middle({ box }: EdgeEnd, side: 'input' | 'output'): Point {
  return { x: box.x + box.width / 2, y: side === 'input' ? box.y : box.y + box.height };
}

/** The route, with what of it runs straight from an end moved to that end's dot. */
function strand(route: readonly Point[], start: Point, end: Point): readonly Point[] {
  const [first, last] = [route[0], route.at(-1)];
  if (first === undefined || last === undefined || route.length < 2) return [start, end];
  const leaves = route.findIndex(({ x }) => x !== first.x);
  const arrives = route.findLastIndex(({ x }) => x !== last.x);
  return route.map(({ x, y }, at) => {
    if (at === 0) return start;
    if (at === route.length - 1) return end;
    if (leaves === -1 || at < leaves) return { x: start.x, y };
    return at > arrives ? { x: end.x, y } : { x, y };
  });
}

/** A curve that leaves and enters every way point vertically, as a drawing from top to bottom reads best. */
function smoothPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${first.x},${first.y}`;
  let { x, y } = first;
  for (const point of rest) {
    const between = (y + point.y) / 2;
    path += ` C${x},${between} ${point.x},${between} ${point.x},${point.y}`;
    ({ x, y } = point);
  }
  return path;
}
