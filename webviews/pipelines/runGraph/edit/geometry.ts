/** Where things of the drawing are on the page, for whatever the pointer does. */
import type { Box, GraphNode } from '../../../../src/core/ir/graphModel.ts';
import { layoutSizes } from '../../../../src/core/ir/layoutSizes.ts';
import { isPortNode, portOffset, type Point } from './ports.ts';

export interface Hit {
  /** The card, the closed group, or the header of an open group under the pointer. */
  readonly node: string | undefined;
  /** The innermost open group under the pointer, '' for the pipeline. */
  readonly group: string;
  /** The dot under the pointer, of `node`. */
  readonly port: { readonly side: 'input' | 'output'; readonly name: string } | undefined;
}

/** Points are in the page's pixels. */
export interface CanvasGeometry {
  hit(at: Point): Hit;
  /** Beside a node, if it is drawn. */
  anchor(nodeId: string): Point | undefined;
  toPage(flow: Point): Point;
  toFlow(page: Point): Point;
  /** Moves the drawing while something is dragged near its border. */
  nudge(at: Point): void;
  reveal(nodeId: string): void;
}

/** Pixels of the drawing around a dot that count as the dot. */
const REACH = 11;
/** A card's dots stand out a little. */
const RIM = 5;

export interface DrawnNode {
  readonly node: GraphNode;
  readonly box: Box;
  readonly isOpen: boolean;
}

/** What is at a point of the drawing. `nodes`: groups before what is in them. Pure. */
export function hitTest(nodes: Iterable<DrawnNode>, scope: string, { x, y }: Point): Hit {
  let node: DrawnNode | undefined;
  let group = scope;
  for (const drawn of nodes) {
    const { box } = drawn;
    if (x < box.x - RIM || x > box.x + box.width + RIM) continue;
    if (y < box.y - RIM || y > box.y + box.height + RIM) continue;
    if (drawn.isOpen) {
      group = drawn.node.id;
      node = y <= box.y + layoutSizes.groupHeader ? drawn : undefined;
    } else node = drawn;
  }
  if (node === undefined) return { node: undefined, group, port: undefined };
  return { node: node.node.id, group, port: portAt(node, { x, y }) };
}

function portAt({ node, box, isOpen }: DrawnNode, at: Point): Hit['port'] {
  for (const side of ['input', 'output'] as const) {
    if (side === 'output' && isOpen) continue;
    const ports = side === 'input' ? node.inputs : node.outputs;
    for (const [index, port] of ports.entries()) {
      const place = portPlace(node, box, side, index);
      if (Math.hypot(place.x - at.x, place.y - at.y) <= REACH) return { side, name: port.name };
    }
  }
  return undefined;
}

/** A dot's centre in the drawing. */
export function portPlace(node: GraphNode, box: Box, side: 'input' | 'output', index: number): Point {
  const count = side === 'input' ? node.inputs.length : node.outputs.length;
  const x = isPortNode(node) ? box.width / 2 : portOffset(box.width, count, index);
  return { x: box.x + x, y: side === 'input' ? box.y : box.y + box.height };
}
