/** Layout of seeded layered DAGs (nodes 160 x 40, 1.5 edges a node) beside elkjs layered and dagre. */
import dagre from '@dagrejs/dagre';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import ELK from 'elkjs/lib/elk.bundled.js';
import { z } from 'zod';
import type { LaidOutGraph } from '../../src/core/ir/graphModel.ts';
import { layoutGraph } from '../../src/core/ir/layout.ts';
import { layeredDag, toGraph, type Dag } from './layeredDag.ts';
import { medianMs, type BenchSuite } from './suite.ts';

type Centers = ReadonlyMap<string, { readonly x: number; readonly y: number }>;

const size = { width: 160, height: 40 };
const cases = [50, 200, 1000, 5000];

export const run: BenchSuite = async (report) => {
  const graphviz = await Graphviz.load();
  const engine = { dot: (source: string) => graphviz.dot(source, 'plain') };
  const draw = (dag: Dag, previous?: LaidOutGraph): LaidOutGraph =>
    layoutGraph(toGraph(dag), engine, { collapsed: [], size: () => size, previous });
  const ours = (dag: Dag): Centers => centersOf(draw(dag));
  const elk = new ELK();
  const peers = [
    { name: 'elkjs', layout: (dag: Dag) => layoutWithElk(elk, dag), most: 5000 },
    { name: 'dagre', layout: layoutWithDagre, most: 1000 },
  ];
  for (const count of cases) {
    const dag = layeredDag(count, 1);
    const times = count > 1000 ? 1 : count > 200 ? 3 : 7;
    let centers = ours(dag);
    const ms = await medianMs(times, () => (centers = ours(dag)));
    for (const { name, layout, most } of peers) {
      if (count > most) continue;
      // Both warm, as in an editor that stays open; from 1,000 on a warm-up would cost more than it changes.
      if (count <= 200) await layout(dag);
      let theirCenters: Centers = new Map();
      const theirs = await medianMs(name === 'dagre' && count >= 1000 ? 1 : times, async () => {
        theirCenters = await layout(dag);
      });
      report({ case: String(count), metric: 'ms', ours: ms, peer: name, theirs });
      report({
        case: String(count),
        metric: 'crossings',
        ours: crossings(dag, centers),
        peer: name,
        theirs: crossings(dag, theirCenters),
      });
    }
  }
  for (const count of [50, 200, 1000]) {
    for (const [edit, change] of Object.entries(edits)) {
      const moves: number[] = [];
      const theirMoves: number[] = [];
      for (const seed of [1, 2, 3]) {
        const dag = layeredDag(count, seed);
        const before = draw(dag);
        moves.push(medianMove(centersOf(before), centersOf(draw(change(dag), before))));
        theirMoves.push(medianMove(await layoutWithElk(elk, dag), await layoutWithElk(elk, change(dag))));
      }
      report({
        case: `stability-${count}-${edit}`,
        metric: 'px',
        ours: median(moves),
        peer: 'elkjs',
        theirs: median(theirMoves),
      });
    }
  }
};

const edits: Readonly<Record<string, (dag: Dag) => Dag>> = {
  'add-edge': ({ nodes, edges }) => ({
    nodes,
    edges: [...edges, [nodes[0] ?? '', nodes[nodes.length - 1] ?? '']],
  }),
  'add-node': ({ nodes, edges }) => ({
    nodes: [...nodes, 'new'],
    edges: [...edges, [nodes[nodes.length >> 1] ?? '', 'new']],
  }),
  'insert-node': ({ nodes, edges }) => {
    const [from = '', to = ''] = edges[edges.length >> 1] ?? [];
    return { nodes: [...nodes, 'new'], edges: [...edges, [from, 'new'], ['new', to]] };
  },
  'remove-edge': ({ nodes, edges }) => ({ nodes, edges: edges.filter((_, i) => i !== edges.length >> 1) }),
};

async function layoutWithElk(elk: InstanceType<typeof ELK>, { nodes, edges }: Dag): Promise<Centers> {
  const result = await elk.layout({
    id: 'root',
    layoutOptions: { 'elk.algorithm': 'layered', 'elk.direction': 'DOWN' },
    children: nodes.map((id) => ({ id, ...size })),
    edges: edges.map(([from, to]) => ({ id: `${from}->${to}`, sources: [from], targets: [to] })),
  });
  return new Map((result.children ?? []).map(({ id, x = 0, y = 0 }) => [id, { x: x + 80, y: y + 20 }]));
}

const point = z.object({ x: z.number(), y: z.number() });

function layoutWithDagre({ nodes, edges }: Dag): Promise<Centers> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'TB' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of nodes) graph.setNode(id, { ...size });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  return Promise.resolve(
    new Map(
      nodes.map((id) => {
        const { x, y } = point.parse(graph.node(id));
        return [id, { x, y }];
      }),
    ),
  );
}

/** Crossings of straight lines between node centres: the same test for every tool, whatever its routes. */
function crossings({ edges }: Dag, centers: Centers): number {
  const lines = edges
    .map(([from, to]) => {
      const a = centers.get(from) ?? { x: Number.NaN, y: Number.NaN };
      const b = centers.get(to) ?? { x: Number.NaN, y: Number.NaN };
      return { a, b, low: Math.min(a.y, b.y), high: Math.max(a.y, b.y) };
    })
    .sort((one, other) => one.low - other.low);
  let count = 0;
  for (const [i, one] of lines.entries()) {
    for (let j = i + 1; j < lines.length; j++) {
      const other = lines[j];
      if (other === undefined || other.low >= one.high) break;
      const splits =
        side(one.a, one.b, other.a) * side(one.a, one.b, other.b) < 0 &&
        side(other.a, other.b, one.a) * side(other.a, other.b, one.b) < 0;
      if (splits) count++;
    }
  }
  return count;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function side(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

function centersOf({ boxes }: LaidOutGraph): Centers {
  return new Map(Object.entries(boxes).map(([id, { x, y }]) => [id, { x: x + 80, y: y + 20 }]));
}

function medianMove(before: Centers, after: Centers): number {
  const moves = [...before].map(([id, { x, y }]) => {
    const moved = after.get(id) ?? { x, y };
    return Math.hypot(moved.x - x, moved.y - y);
  });
  return median(moves);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
