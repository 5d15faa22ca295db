/** What of a large drawing is mounted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaidOutGraph } from '../../../../src/core/ir/graphModel.ts';
import { drawingElements } from '../../../../webviews/pipelines/runGraph/drawingElements.ts';
import { edgeBounds, elementsIn } from '../../../../webviews/pipelines/runGraph/useSeen.ts';
import { edge, node } from '../../../browser/harness/builders.ts';

/** Cards in a grid, each with an edge to the one below; the last column in a group. */
function grid(columns: number, rows: number): LaidOutGraph {
  const ids = (x: number): string[] =>
    Array.from({ length: rows }, (_, y) => (x === columns - 1 ? `group/n${x}-${y}` : `n${x}-${y}`));
  const all = Array.from({ length: columns }, (_, x) => ids(x));
  const boxes: Record<string, LaidOutGraph['boxes'][string]> = {
    group: { x: (columns - 1) * 300, y: 0, width: 240, height: rows * 100 },
  };
  for (const [x, column] of all.entries())
    for (const [y, id] of column.entries())
      boxes[id] = { x: x === columns - 1 ? 20 : x * 300, y: y * 100 + 40, width: 200, height: 56 };
  return {
    graph: {
      pipelineName: 'grid',
      nodes: [node('group', { kind: 'dag' }), ...all.flat().map((id) => node(id))],
      edges: all.flatMap((column) => column.slice(1).map((id, at) => edge(column[at] ?? '', id))),
    },
    boxes,
    routes: {},
    width: columns * 300,
    height: rows * 100,
    collapsed: [],
  };
}

describe('a region of a drawing', () => {
  const view = drawingElements(grid(6, 12));
  const bounds = view.edges.map((one) => edgeBounds(one, view.boxes));

  it('has every card that it shows, the ends of every edge in it, and the groups around them', () => {
    fc.assert(
      fc.property(
        fc.record({
          x: fc.integer({ min: -400, max: 2_000 }),
          y: fc.integer({ min: -400, max: 1_500 }),
          width: fc.integer({ min: 1, max: 900 }),
          height: fc.integer({ min: 1, max: 700 }),
        }),
        (region) => {
          const { nodes, edges } = elementsIn(view, bounds, region);
          const ids = new Set(nodes.map(({ id }) => id));
          for (const [id, box] of view.boxes) {
            const isShown =
              box.x < region.x + region.width &&
              region.x < box.x + box.width &&
              box.y < region.y + region.height &&
              region.y < box.y + box.height;
            if (isShown) expect(ids).toContain(id);
          }
          for (const { source, target } of edges) {
            expect(ids).toContain(source);
            expect(ids).toContain(target);
          }
          for (const { parentId } of nodes) if (parentId !== undefined) expect(ids).toContain(parentId);
        },
      ),
    );
  });

  it('leaves out what is far away', () => {
    const { nodes } = elementsIn(view, bounds, { x: 0, y: 0, width: 200, height: 200 });
    expect(nodes.length).toBeLessThan(6);
  });
});
