/** One group drawn as if it were the whole pipeline. */
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { describe, expect, it } from 'vitest';
import { layoutGraph } from '../../../../src/core/ir/layout.ts';
import { drawingElements } from '../../../../webviews/pipelines/runGraph/drawingElements.ts';
import { churnGraph } from '../../../browser/harness/builders.ts';

describe('a group alone', async () => {
  const graphviz = await Graphviz.load();
  const engine = { dot: (source: string) => graphviz.dot(source, 'plain') };
  const drawing = layoutGraph(churnGraph, engine, {});

  it('has its steps and their edges, placed from its own corner, in its own size', () => {
    const { nodes, edges, boxes, width, height } = drawingElements(drawing, 'for-loop-1');
    expect(nodes.map(({ id }) => id).sort()).toEqual(['for-loop-1/score', 'for-loop-1/train']);
    expect(nodes.every((node) => node.parentId === undefined)).toBe(true);
    expect(edges.map(({ source, target }) => [source, target])).toEqual([
      ['for-loop-1/train', 'for-loop-1/score'],
    ]);
    expect({ width, height }).toEqual({
      width: drawing.boxes['for-loop-1']?.width,
      height: drawing.boxes['for-loop-1']?.height,
    });
    for (const { id } of nodes) expect(boxes.get(id)).toEqual(drawing.boxes[id]);
  });

  it('keeps inner groups inside', () => {
    const { nodes } = drawingElements(drawing, 'condition-branches-1');
    const step = nodes.find(({ id }) => id === 'condition-branches-1/condition-2/package-model');
    expect(step?.parentId).toBe('condition-branches-1/condition-2');
  });

  it('that is closed or gone draws the whole', () => {
    const all = drawingElements(drawing).nodes.length;
    expect(drawingElements(drawing, 'gone').nodes).toHaveLength(all);
    const closed = layoutGraph(churnGraph, engine, { collapsed: ['for-loop-1'] });
    expect(drawingElements(closed, 'for-loop-1').nodes).toHaveLength(drawingElements(closed).nodes.length);
  });
});
