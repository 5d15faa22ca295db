/** Where the arrow keys lead in the drawing: along edges, into and out of groups. Pure. */
import type { Box, GraphEdge, GraphNode, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';

export type Direction = 'up' | 'down' | 'left' | 'right' | 'first' | 'last';

export class GraphNavigator {
  readonly #drawing: LaidOutGraph;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #after = new Map<string, string[]>();
  readonly #before = new Map<string, string[]>();
  readonly #children = new Map<string | undefined, GraphNode[]>();
  readonly #order: readonly string[];

  constructor(drawing: LaidOutGraph) {
    this.#drawing = drawing;
    for (const node of drawing.graph.nodes) {
      if (drawing.boxes[node.id] === undefined) continue;
      this.#nodes.set(node.id, node);
      append(this.#children, node.parent, node);
    }
    for (const edge of drawing.graph.edges) this.#link(edge);
    this.#order = this.#readingOrder(undefined);
  }

  /** The node to go to, or the same one when there is none that way. Without a start: the first. */
  move(from: string | undefined, direction: Direction): string | undefined {
    const first = this.#order[0];
    if (direction === 'first' || from === undefined || !this.#nodes.has(from)) return first;
    if (direction === 'last') return this.#order.at(-1);
    if (direction === 'down') return this.#down(from);
    if (direction === 'up') return this.#up(from);
    return this.#sideways(from, direction) ?? from;
  }

  #link(edge: GraphEdge): void {
    if (!this.#nodes.has(edge.from) || !this.#nodes.has(edge.to)) return;
    append(this.#after, edge.from, edge.to);
    append(this.#before, edge.to, edge.from);
  }

  #down(from: string): string {
    const inner = this.#firstOf(from);
    if (inner !== undefined) return inner;
    let at: string | undefined = from;
    while (at !== undefined) {
      const next = this.#nearest(at, this.#after.get(at) ?? []);
      if (next !== undefined) return next;
      at = this.#nodes.get(at)?.parent;
    }
    return from;
  }

  #up(from: string): string {
    const previous = this.#nearest(from, this.#before.get(from) ?? []);
    return previous ?? this.#nodes.get(from)?.parent ?? from;
  }

  #sideways(from: string, direction: 'left' | 'right'): string | undefined {
    const here = this.#box(from);
    if (here === undefined) return undefined;
    const siblings = (this.#children.get(this.#nodes.get(from)?.parent) ?? []).filter((node) => {
      const box = this.#box(node.id);
      if (box === undefined || node.id === from) return false;
      const overlaps = box.y < here.y + here.height && here.y < box.y + box.height;
      return overlaps && (direction === 'left' ? centre(box) < centre(here) : centre(box) > centre(here));
    });
    return this.#nearest(
      from,
      siblings.map((node) => node.id),
      (box) => Math.abs(centre(box) - centre(here)),
    );
  }

  #firstOf(group: string): string | undefined {
    const children = this.#children.get(group) ?? [];
    return [...children].sort((a, b) => this.#compare(a.id, b.id))[0]?.id;
  }

  #readingOrder(group: string | undefined): readonly string[] {
    const children = [...(this.#children.get(group) ?? [])].sort((a, b) => this.#compare(a.id, b.id));
    return children.flatMap((node) => [node.id, ...this.#readingOrder(node.id)]);
  }

  #compare(a: string, b: string): number {
    const [one, two] = [this.#box(a), this.#box(b)];
    if (one === undefined || two === undefined) return 0;
    return one.y - two.y || one.x - two.x;
  }

  /** By default the next row first, and in it the one most below or above. */
  #nearest(
    from: string,
    candidates: readonly string[],
    measure = (box: Box, here: Box): number =>
      Math.abs(box.y - here.y) + Math.abs(centre(box) - centre(here)) / 1000,
  ): string | undefined {
    const here = this.#box(from);
    if (here === undefined) return candidates[0];
    const distance = (id: string): number => {
      const box = this.#box(id);
      return box === undefined ? Number.POSITIVE_INFINITY : measure(box, here);
    };
    return [...candidates].sort((a, b) => distance(a) - distance(b))[0];
  }

  #box(id: string): Box | undefined {
    return this.#drawing.boxes[id];
  }
}

function centre(box: Box): number {
  return box.x + box.width / 2;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

/** A node's box in the coordinates of the whole drawing. */
export function absoluteBox(
  drawing: LaidOutGraph,
  parents: ReadonlyMap<string, string | undefined>,
  id: string,
): Box | undefined {
  const own = drawing.boxes[id];
  if (own === undefined) return undefined;
  let { x, y } = own;
  let parent = parents.get(id);
  while (parent !== undefined) {
    const box = drawing.boxes[parent];
    if (box !== undefined) {
      x += box.x;
      y += box.y;
    }
    parent = parents.get(parent);
  }
  return { x, y, width: own.width, height: own.height };
}
