import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphEdge, GraphNode, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import {
  absoluteBox,
  GraphNavigator,
  type Direction,
} from '../../../webviews/pipelines/runGraph/navigation.ts';
import { edge, node } from '../../browser/harness/builders.ts';

/** Boxes of 100 × 40 at these places, in their groups. */
function drawing(
  places: Readonly<Record<string, readonly [number, number]>>,
  edges: readonly GraphEdge[],
  sizes: Readonly<Record<string, readonly [number, number]>> = {},
): LaidOutGraph {
  const nodes: readonly GraphNode[] = Object.keys(places).map((id) => node(id));
  return {
    graph: { pipelineName: 'p', nodes, edges },
    boxes: Object.fromEntries(
      Object.entries(places).map(([id, [x, y]]) => {
        const [width, height] = sizes[id] ?? [100, 40];
        return [id, { x, y, width, height }];
      }),
    ),
    routes: {},
    width: 1_000,
    height: 1_000,
    collapsed: [],
  };
}

const diamond = drawing(
  {
    top: [100, 0],
    left: [0, 100],
    right: [200, 100],
    group: [90, 200],
    'group/a': [10, 50],
    'group/b': [10, 120],
    end: [100, 500],
  },
  [
    edge('top', 'left'),
    edge('top', 'right'),
    edge('left', 'group'),
    edge('right', 'group'),
    edge('group/a', 'group/b'),
    edge('group', 'end'),
  ],
  { group: [120, 180] },
);

describe('GraphNavigator', () => {
  const navigator = new GraphNavigator(diamond);
  const walk = (start: string | undefined, ...ways: Direction[]): string | undefined =>
    ways.reduce<string | undefined>((at, way) => navigator.move(at, way), start);

  it('starts at the top and goes down along edges, into a group and out of it', () => {
    expect(walk(undefined, 'down')).toBe('top');
    expect(walk('top', 'down')).toBe('left');
    expect(walk('top', 'down', 'down')).toBe('group');
    expect(walk('group', 'down')).toBe('group/a');
    expect(walk('group/a', 'down')).toBe('group/b');
    expect(walk('group/b', 'down')).toBe('end');
    expect(walk('end', 'down')).toBe('end');
  });

  it('goes up along edges and from the first step to its group', () => {
    expect(walk('group/b', 'up', 'up', 'up')).toBe('left');
    expect(walk('left', 'up')).toBe('top');
    expect(walk('top', 'up')).toBe('top');
  });

  it('goes sideways in a row, and stays at its ends', () => {
    expect(walk('left', 'right')).toBe('right');
    expect(walk('right', 'left')).toBe('left');
    expect(walk('right', 'right')).toBe('right');
    expect(walk('top', 'left')).toBe('top');
  });

  it('knows first and last, and starts over from what is gone', () => {
    expect(walk('group', 'first')).toBe('top');
    expect(walk('top', 'last')).toBe('end');
    expect(walk('was-here', 'down')).toBe('top');
  });

  it('reaches every node from the first by the arrows alone', () => {
    const seen = new Set<string>();
    const queue = ['top'];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const way of ['up', 'down', 'left', 'right'] as const) {
        const next = navigator.move(at, way);
        if (next !== undefined) queue.push(next);
      }
    }
    expect([...seen].sort()).toEqual(Object.keys(diamond.boxes).sort());
  });

  it('always answers with a node that is drawn', () => {
    const ids = Object.keys(diamond.boxes);
    fc.assert(
      fc.property(
        fc.constantFrom(...ids),
        fc.array(fc.constantFrom('up', 'down', 'left', 'right', 'first', 'last')),
        (start, ways) => {
          expect(ids).toContain(walk(start, ...(ways as Direction[])));
        },
      ),
    );
  });

  it('leaves out what is inside a closed group', () => {
    const boxes = Object.fromEntries(
      Object.entries(diamond.boxes).filter(([id]) => !id.startsWith('group/')),
    );
    const closed = new GraphNavigator({ ...diamond, boxes, collapsed: ['group'] });
    expect(closed.move('group', 'down')).toBe('end');
  });
});

describe('absoluteBox', () => {
  it('adds up the places of the groups around', () => {
    const parents = new Map(diamond.graph.nodes.map((one) => [one.id, one.parent]));
    expect(absoluteBox(diamond, parents, 'group/b')).toEqual({ x: 100, y: 320, width: 100, height: 40 });
    expect(absoluteBox(diamond, parents, 'nothing')).toBeUndefined();
  });
});
