import { Graphviz } from '@hpcc-js/wasm-graphviz';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../../src/core/ir/analyse.ts';
import type { Box, GraphNode, LaidOutGraph, PipelineGraph } from '../../../src/core/ir/graphModel.ts';
import type { DotEngine } from '../../../src/core/ir/groupLayout.ts';
import { layoutGraph } from '../../../src/core/ir/layout.ts';
import { layoutSizes } from '../../../src/core/ir/layoutSizes.ts';
import { sampleText } from '../../builders/pipelineText.ts';

let engine: DotEngine;
beforeAll(async () => {
  const graphviz = await Graphviz.load();
  engine = { dot: (source) => graphviz.dot(source, 'plain') };
});

function node(id: string, parent?: string): GraphNode {
  const range = { start: 0, end: 0 };
  return {
    id,
    parent,
    kind: 'task',
    label: id,
    detail: '',
    component: undefined,
    inputs: [],
    outputs: [],
    range,
  };
}

function graphOf(nodes: readonly GraphNode[], edges: readonly (readonly [string, string])[]): PipelineGraph {
  return {
    pipelineName: 'x',
    nodes,
    edges: edges.map(([from, to]) => ({ id: `${from}->${to}`, from, to, kind: 'order', bindings: [] })),
  };
}

/** Acyclic, with groups two deep; edges run from lower to higher numbers among siblings. */
const graphs = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
    roots: fc.integer({ min: 1, max: 12 }),
    pairs: fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 25 }),
  })
  .map(({ sizes, roots, pairs }) => {
    const nodes = Array.from({ length: roots }, (_, i) => node(`n${i}`));
    const edges = new Map<string, readonly [string, string]>();
    const connect = (ids: readonly string[]): void => {
      for (const [a, b] of pairs) {
        const from = ids[Math.min(a, b)];
        const to = ids[Math.max(a, b)];
        if (a !== b && from !== undefined && to !== undefined) edges.set(`${from} ${to}`, [from, to]);
      }
    };
    connect(nodes.map(({ id }) => id));
    let parent = 'n0';
    for (const size of sizes) {
      const children = Array.from({ length: size }, (_, i) => node(`${parent}/c${i}`, parent));
      nodes.push(...children);
      connect(children.map(({ id }) => id));
      parent = `${parent}/c${size - 1}`;
    }
    return graphOf(nodes, [...edges.values()]);
  });

function boxOf(drawing: LaidOutGraph, id: string): Box {
  const box = drawing.boxes[id];
  if (box === undefined) throw new Error(`no box for ${id}`);
  return box;
}

/** The points of a route as the canvas draws it: a vertical S-curve between each two way points. */
function sampled(route: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  return route.slice(1).flatMap((to, i) => {
    const from = route[i] ?? to;
    return [0.1, 0.25, 0.5, 0.75, 0.9].map((t) => ({
      x: from.x + (to.x - from.x) * (3 * t * t - 2 * t * t * t),
      // Control points at half height.
      y: from.y + (to.y - from.y) * (1.5 * t * (1 - t) ** 2 + 1.5 * t * t * (1 - t) + t ** 3),
    }));
  });
}

function checkDrawing(drawing: LaidOutGraph): void {
  const siblings = Map.groupBy(
    drawing.graph.nodes.filter(({ id }) => drawing.boxes[id] !== undefined),
    ({ parent }) => parent ?? '',
  );
  for (const [parent, nodes] of siblings) {
    const around = parent === '' ? { width: drawing.width, height: drawing.height } : boxOf(drawing, parent);
    const top = parent === '' ? 0 : layoutSizes.groupHeader;
    for (const [i, { id }] of nodes.entries()) {
      const box = boxOf(drawing, id);
      expect(box.x >= 0 && box.y >= top).toBe(true);
      expect(box.x + box.width <= around.width + 0.1 && box.y + box.height <= around.height + 0.1).toBe(true);
      for (const { id: otherId } of nodes.slice(i + 1)) {
        const other = boxOf(drawing, otherId);
        const apart =
          box.x + box.width <= other.x ||
          other.x + other.width <= box.x ||
          box.y + box.height <= other.y ||
          other.y + other.height <= box.y;
        expect(apart, `${id} and ${otherId} overlap`).toBe(true);
      }
    }
  }
  for (const { id, from, to } of drawing.graph.edges) {
    const [start, end] = [drawing.boxes[from], drawing.boxes[to]];
    if (start === undefined || end === undefined) continue;
    expect(end.y, `${id} points down`).toBeGreaterThan(start.y + start.height - 0.1);
    const route = drawing.routes[id] ?? [];
    expect(route[0]?.x).toBeCloseTo(start.x + start.width / 2, 0);
    expect(route[0]?.y).toBeCloseTo(start.y + start.height, 0);
    expect(route.at(-1)?.x).toBeCloseTo(end.x + end.width / 2, 0);
    expect(route.at(-1)?.y).toBeCloseTo(end.y, 0);
  }
}

/** No edge runs under a node that is not one of its ends. */
function checkRoutes(drawing: LaidOutGraph): void {
  const parents = new Map(drawing.graph.nodes.map(({ id, parent }) => [id, parent]));
  for (const { id, from, to } of drawing.graph.edges) {
    const others = drawing.graph.nodes.filter(
      (other) => other.id !== from && other.id !== to && other.parent === parents.get(from),
    );
    for (const { x, y } of sampled(drawing.routes[id] ?? [])) {
      for (const other of others) {
        const box = drawing.boxes[other.id];
        if (box === undefined) continue;
        const isUnder = x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;
        expect(isUnder, `${id} runs under ${other.id}`).toBe(false);
      }
    }
  }
}

test('boxes do not overlap, groups hold their content, edges point down and run beside other nodes', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const drawing = layoutGraph(graph, engine, { collapsed: [] });
      expect(Object.keys(drawing.boxes).length).toBe(graph.nodes.length);
      checkDrawing(drawing);
      checkRoutes(drawing);
    }),
    { numRuns: 60 },
  );
});

test('the same graph gives the same drawing', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      expect(layoutGraph(graph, engine)).toEqual(layoutGraph(graph, engine));
    }),
    { numRuns: 10 },
  );
});

test.each(['if_else_with_oneof_parameters.yaml', 'pipeline_with_loops.yaml', 'collected_parameters.yaml'])(
  '%s is drawn',
  (sample) => {
    const analysis = analyse({ text: sampleText(sample) }, { engine, memory: new Map() });
    if (analysis.kind !== 'pipeline' || analysis.drawing === undefined) throw new Error('no drawing');
    checkDrawing(analysis.drawing);
    checkRoutes(analysis.drawing);
  },
);

describe('closed groups', () => {
  const nested = graphOf(
    [node('a'), node('g'), node('g/b', 'g'), node('g/h', 'g'), node('g/h/c', 'g/h')],
    [
      ['a', 'g'],
      ['g/b', 'g/h'],
    ],
  );

  test('are one node, and nothing inside has a box or a route', () => {
    const drawing = layoutGraph(nested, engine, { collapsed: ['g', 'unknown'] });
    expect(Object.keys(drawing.boxes)).toEqual(['a', 'g']);
    expect(boxOf(drawing, 'g')).toMatchObject(layoutSizes.node);
    expect(Object.keys(drawing.routes)).toEqual(['a->g']);
    expect(drawing.collapsed).toEqual(['g']);
  });

  test('only inside an open one', () => {
    const drawing = layoutGraph(nested, engine, { collapsed: ['g/h'] });
    expect(Object.keys(drawing.boxes).sort()).toEqual(['a', 'g', 'g/b', 'g/h']);
  });

  test('all groups start closed when there is too much to see', () => {
    const children = Array.from({ length: 2_100 }, (_, i) => node(`g/${i}`, 'g'));
    const drawing = layoutGraph(graphOf([node('g'), ...children], []), engine);
    expect(drawing.collapsed).toEqual(['g']);
    expect(Object.keys(drawing.boxes)).toEqual(['g']);
  });
});

test('unconnected nodes make a block, not one endless row', () => {
  const nodes = Array.from({ length: 100 }, (_, i) => node(`n${i}`));
  const drawing = layoutGraph(graphOf(nodes, [['n0', 'n1']]), engine);
  checkDrawing(drawing);
  expect(drawing.width).toBeLessThan(12 * layoutSizes.node.width);
});

test('cycles, self-references and unknown ends are drawn too', () => {
  const graph = graphOf(
    [node('a'), node('b'), node('c')],
    [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['a', 'a'],
      ['a', 'gone'],
    ],
  );
  const drawing = layoutGraph(graph, engine);
  expect(Object.keys(drawing.boxes)).toEqual(['a', 'b', 'c']);
  expect(Object.keys(drawing.routes).sort()).toEqual(['a->b', 'b->c', 'c->a']);
});

describe('without dot', () => {
  const broken: DotEngine = {
    dot() {
      throw new RangeError('memory access out of bounds');
    },
  };

  test('a drawing is plainer and still sound', () => {
    fc.assert(
      fc.property(graphs, (graph) => checkDrawing(layoutGraph(graph, broken, { collapsed: [] }))),
      { numRuns: 40 },
    );
  });

  test('cycles are drawn too', () => {
    const ring = Array.from({ length: 50 }, (_, i) => [`n${i}`, `n${(i + 1) % 50}`] as const);
    const drawing = layoutGraph(
      graphOf(
        ring.map(([id]) => node(id)),
        ring,
      ),
      broken,
    );
    expect(Object.keys(drawing.routes).length).toBe(50);
  });

  test.each([
    ['every task waits for all before it', 200, 1],
    ['20,000 tasks', 20_000, 5_000],
  ])('dot is not asked when %s', (_name, count, step) => {
    const ids = Array.from({ length: count }, (_, i) => `n${i}`);
    const edges = ids.flatMap((to, i) =>
      Array.from({ length: Math.ceil(i / step) }, (_, j) => [`n${j * step}`, to] as const),
    );
    let isAsked = false;
    const asked: DotEngine = {
      dot() {
        isAsked = true;
        return '';
      },
    };
    const drawing = layoutGraph(
      graphOf(
        ids.map((id) => node(id)),
        edges,
      ),
      asked,
      { collapsed: [] },
    );
    expect(isAsked).toBe(false);
    expect(Object.keys(drawing.boxes).length).toBe(count);
  });
});

describe('an edit', () => {
  const chain = Array.from({ length: 12 }, (_, i) => `n${i}`);
  const edges = chain.slice(1).map((id, i) => [`n${Math.max(0, i - 2)}`, id] as const);
  const before = graphOf(
    [...chain.map((id) => node(id)), ...chain.map((id) => node(`n3/${id}`, 'n3'))],
    [...edges, ...edges.map(([from, to]) => [`n3/${from}`, `n3/${to}`] as const)],
  );
  const draw = (graph: PipelineGraph, previous?: LaidOutGraph): LaidOutGraph =>
    layoutGraph(graph, engine, { collapsed: [], previous });

  test('that changes nothing moves nothing', () => {
    const drawing = draw(before);
    expect(draw(before, drawing)).toEqual(drawing);
  });

  test('a new task goes under what it needs; nothing else moves', () => {
    const drawing = draw(before);
    const after = draw(
      graphOf(
        [...before.nodes, node('new')],
        [...edges, ['n5', 'new'], ...edges.map(([from, to]) => [`n3/${from}`, `n3/${to}`] as const)],
      ),
      drawing,
    );
    checkDrawing(after);
    for (const { id } of before.nodes) expect(boxOf(after, id)).toEqual(boxOf(drawing, id));
  });

  test('inside a group leaves the places around it in order', () => {
    const drawing = draw(before);
    const after = draw(
      graphOf(
        [...before.nodes, node('n3/new', 'n3')],
        [...before.edges.map(({ from, to }) => [from, to] as const), ['n3/n11', 'n3/new']],
      ),
      drawing,
    );
    checkDrawing(after);
    for (const id of chain) {
      expect(boxOf(after, id).y).toBeGreaterThanOrEqual(boxOf(drawing, id).y);
      expect(boxOf(after, id).x).toBeGreaterThanOrEqual(boxOf(drawing, id).x);
    }
    for (const id of chain) expect(boxOf(after, `n3/${id}`)).toEqual(boxOf(drawing, `n3/${id}`));
  });

  test('of any kind keeps the drawing sound', () => {
    const change = fc.record({
      graph: graphs,
      from: fc.nat(11),
      to: fc.nat(11),
      parent: fc.constantFrom(undefined, 'n0'),
      remove: fc.nat(20),
    });
    fc.assert(
      fc.property(change, ({ graph, from, to, parent, remove }) => {
        const drawing = layoutGraph(graph, engine, { collapsed: [] });
        const prefix = parent === undefined ? 'n' : 'n0/c';
        const id = parent === undefined ? 'new' : 'n0/new';
        const gone = graph.edges[remove]?.id;
        const pairs = graph.edges
          .filter((edge) => edge.id !== gone)
          .map((edge) => [edge.from, edge.to] as const);
        const ids = new Set(graph.nodes.map((one) => one.id));
        const added = [
          [`${prefix}${Math.min(from, to)}`, id] as const,
          [id, `${prefix}${Math.max(from, to) + 1}`] as const,
        ];
        const after = graphOf(
          [...graph.nodes, node(id, parent)],
          [...pairs, ...added.filter((pair) => pair.every((end) => end === id || ids.has(end)))],
        );
        checkDrawing(layoutGraph(after, engine, { collapsed: [], previous: drawing }));
      }),
      { numRuns: 60 },
    );
  });
});
