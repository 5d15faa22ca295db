/** Seeded layered graphs, as large as asked for: what layouts and drawings are measured on. */
import type { GraphEdge, GraphNode, PipelineGraph } from '../../src/core/ir/graphModel.ts';

export interface Dag {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly [string, string])[];
}

/** Layers of random width; every node has a parent in the layer above, the rest span one to three layers. */
export function layeredDag(count: number, seed: number): Dag {
  const random = mulberry32(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const nodes = Array.from({ length: count }, (_, i) => `n${i}`);
  const layers: string[][] = [];
  const mean = Math.max(3, Math.round(Math.sqrt(count)));
  for (let at = 0; at < count;) {
    const width = Math.min(count - at, 1 + Math.floor(random() * 2 * mean));
    layers.push(nodes.slice(at, at + width));
    at += width;
  }
  const edges = new Map<string, readonly [string, string]>();
  const add = (from: string | undefined, to: string | undefined): void => {
    if (from !== undefined && to !== undefined) edges.set(`${from} ${to}`, [from, to]);
  };
  for (let layer = 1; layer < layers.length; layer++) {
    for (const node of layers[layer] ?? []) add(pick(layers[layer - 1] ?? []), node);
  }
  while (edges.size < 1.5 * count) {
    const layer = 1 + Math.floor(random() * (layers.length - 1));
    const span = Math.min(layer, 1 + Math.floor(random() * 3));
    add(pick(layers[layer - span] ?? []), pick(layers[layer] ?? []));
  }
  return { nodes, edges: [...edges.values()] };
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function toGraph({ nodes, edges }: Dag): PipelineGraph {
  const range = { start: 0, end: 0 };
  return {
    pipelineName: 'bench',
    nodes: nodes.map((id): GraphNode => ({
      id,
      parent: undefined,
      kind: 'task',
      label: id,
      detail: '',
      component: undefined,
      inputs: [{ name: 'value', kind: 'parameter', type: 'STRING', isOptional: false }],
      outputs: [{ name: 'result', kind: 'parameter', type: 'STRING', isOptional: false }],
      range,
    })),
    edges: edges.map(([from, to]): GraphEdge => ({
      id: `${from}->${to}`,
      from,
      to,
      kind: 'parameter',
      bindings: [{ output: 'result', input: 'value', type: 'STRING' }],
    })),
  };
}
