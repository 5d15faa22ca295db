/** A plain layered layout for drawings in tests: rows by longest path, groups around their content. */
import type { Box, GraphNode, LaidOutGraph, PipelineGraph } from '../../../src/core/ir/graphModel.ts';

const SIZE = { width: 200, height: 56 };
const GAP = { x: 32, y: 48 };
const HEADER = 32;
const PADDING = 20;

export function simpleLayout(graph: PipelineGraph, collapsed: readonly string[] = []): LaidOutGraph {
  const boxes: Record<string, Box> = {};
  const closed = new Set(collapsed);
  const place = (parent: string | undefined): { width: number; height: number } => {
    const nodes = graph.nodes.filter((node) => node.parent === parent);
    const sizes = new Map(nodes.map((node) => [node.id, sizeOf(node)]));
    const level = (id: string, seen: readonly string[] = []): number =>
      Math.max(
        0,
        ...graph.edges
          .filter((edge) => edge.to === id && !seen.includes(edge.from))
          .map((edge) => 1 + level(edge.from, [...seen, id])),
      );
    const levels = new Map<number, GraphNode[]>();
    for (const node of nodes) levels.set(level(node.id), [...(levels.get(level(node.id)) ?? []), node]);
    const rows = [...levels].sort(([a], [b]) => a - b).map(([, row]) => row);
    const widths = rows.map((row) =>
      row.reduce((sum, node) => sum + (sizes.get(node.id)?.width ?? 0) + GAP.x, -GAP.x),
    );
    const width = Math.max(SIZE.width, ...widths);
    const top = parent === undefined ? 0 : HEADER + PADDING;
    const left = parent === undefined ? 0 : PADDING;
    let y = top;
    rows.forEach((row, at) => {
      let x = left + (width - (widths[at] ?? 0)) / 2;
      let height = 0;
      for (const node of row) {
        const size = sizes.get(node.id) ?? SIZE;
        boxes[node.id] = { x, y, ...size };
        x += size.width + GAP.x;
        height = Math.max(height, size.height);
      }
      y += height + GAP.y;
    });
    return { width: width + 2 * left, height: y - GAP.y + left };
  };
  const sizeOf = (node: GraphNode): { width: number; height: number } => {
    if (node.kind === 'input' || node.kind === 'output') return { width: 140, height: 26 };
    const isGroup = graph.nodes.some((one) => one.parent === node.id);
    return isGroup && !closed.has(node.id) ? place(node.id) : SIZE;
  };
  const { width, height } = place(undefined);
  return { graph, boxes, routes: {}, width, height, collapsed };
}
