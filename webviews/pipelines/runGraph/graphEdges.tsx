/** Edges by what they carry: a parameter, an artifact, or only the order. */
import { BaseEdge, type Edge, type EdgeProps } from '@xyflow/react';
import type { ReactElement } from 'react';
import type { GraphEdge } from '../../../src/core/ir/graphModel.ts';
import type { DiffMark } from '../../../src/core/protocol/graphDiff.ts';
import { useSelected } from './context.ts';
import { edgeLines, type RoutedEdge } from './edgeLines.ts';
import { useEditSelected } from './edit/context.ts';
import type { Point } from './edit/ports.ts';
import { MARK_TEXT, useEdgeMark } from './marks.tsx';

export type CanvasEdge = Edge<RoutedEdge & Record<string, unknown>, 'pipeline'>;

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
  const mark = useEdgeMark(props.id);
  const isChosen = useEditSelected((snapshot) => snapshot.edge === props.id);
  if (data === undefined) return null;
  const { path, arrows } = edgeLines(data);
  return (
    <g
      className={`edge edge-${data.edge.kind}${isNear ? ' near' : ''}${isFlowing ? ' flowing' : ''}${isChosen ? ' chosen' : ''}${
        mark === undefined ? '' : ` diff-${mark}`
      }`}
      data-testid={`edge-${props.id}`}
    >
      <title>
        {mark === undefined ? edgeTitle(data.edge) : `${MARK_TEXT[mark]}\n${edgeTitle(data.edge)}`}
      </title>
      <BaseEdge id={props.id} path={path} interactionWidth={14} />
      <path className="edge-arrows" d={arrows} />
      {mark === undefined ? null : <EdgeSign mark={mark} at={middleOf(data)} />}
    </g>
  );
}

/** Halfway along an edge: what colour alone would say only to some. */
function EdgeSign({ mark, at }: { mark: DiffMark; at: Point }): ReactElement {
  return (
    <g className="edge-sign" transform={`translate(${at.x},${at.y})`} aria-hidden="true">
      <circle r="6.5" />
      <path d={SIGN_PATH[mark]} />
    </g>
  );
}

const SIGN_PATH: Readonly<Record<DiffMark, string>> = {
  added: 'M-3,0 H3 M0,-3 V3',
  removed: 'M-3,0 H3',
  changed: 'M-3.5,1 Q-1.75,-2.5 0,0 T3.5,-1',
};

function middleOf({ route, from, to }: RoutedEdge): Point {
  const half = route.length / 2;
  const [a, b] = [route[Math.ceil(half) - 1] ?? from.box, route[Math.floor(half)] ?? to.box];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function edgeTitle(edge: GraphEdge): string {
  if (edge.bindings.length === 0) return 'Runs after';
  return edge.bindings.map((binding) => `${binding.output} → ${binding.input} (${binding.type})`).join('\n');
}
