/** Edges by what they carry: a parameter, an artifact, or only the order. */
import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react';
import type { ReactElement } from 'react';
import type { GraphEdge } from '../../../src/core/ir/graphModel.ts';
import { useSelected } from './context.ts';
import { useEditSelected } from './edit/context.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

export type CanvasEdge = Edge<
  {
    readonly edge: GraphEdge;
    /** Way points in the coordinates of the whole drawing; empty: straight from node to node. */
    readonly route: readonly Point[];
  },
  'pipeline'
>;

export function PipelineEdge(props: EdgeProps<CanvasEdge>): ReactElement | null {
  const { data } = props;
  const from = data?.edge.from;
  const to = data?.edge.to;
  const isNear = useSelected(
    ({ active, view }) =>
      (active !== undefined && (active === from || active === to)) ||
      (view.selected !== undefined && (view.selected === from || view.selected === to)),
  );
  const isFlowing = useSelected((_, store) => to !== undefined && store.statusOf(to)?.state === 'RUNNING');
  const isChosen = useEditSelected((snapshot) => snapshot.edge === props.id);
  if (data === undefined) return null;
  const path = data.route.length >= 2 ? smoothPath(data.route) : getBezierPath(props)[0];
  return (
    <g
      className={`edge edge-${data.edge.kind}${isNear ? ' near' : ''}${isFlowing ? ' flowing' : ''}${isChosen ? ' chosen' : ''}`}
      data-testid={`edge-${props.id}`}
    >
      <title>{edgeTitle(data.edge)}</title>
      <BaseEdge id={props.id} path={path} markerEnd={props.markerEnd ?? ''} interactionWidth={14} />
    </g>
  );
}

/** A curve that leaves and enters every way point vertically, as a drawing from top to bottom reads best. */
export function smoothPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${first.x},${first.y}`;
  let { x, y } = first;
  for (const point of rest) {
    const middle = (y + point.y) / 2;
    path += ` C${x},${middle} ${point.x},${middle} ${point.x},${point.y}`;
    ({ x, y } = point);
  }
  return path;
}

export function edgeTitle(edge: GraphEdge): string {
  if (edge.bindings.length === 0) return 'Runs after';
  return edge.bindings.map((binding) => `${binding.output} → ${binding.input} (${binding.type})`).join('\n');
}
