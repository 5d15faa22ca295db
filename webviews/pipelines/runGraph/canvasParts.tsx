/** What lies over the drawing: the minimap and what its lines mean. */
import { MiniMap, useStore as useFlowStore } from '@xyflow/react';
import { useMemo, type ReactElement } from 'react';
import type { LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import { useSelected, useStore } from './context.ts';
import type { CanvasNode } from './graphNodes.tsx';

/** Only while part of the drawing is out of sight. */
export function GraphMiniMap({
  drawing,
}: {
  drawing: { readonly width: number; readonly height: number };
}): ReactElement | null {
  // Any change of a status may change a colour.
  useSelected((snapshot) => snapshot.statuses);
  const store = useStore();
  const isAllSeen = useFlowStore(({ transform: [x, y, zoom], width, height }) =>
    [x, y, width - x - drawing.width * zoom, height - y - drawing.height * zoom].every(
      (space) => space >= -1,
    ),
  );
  if (isAllSeen) return null;
  return (
    <MiniMap<CanvasNode>
      pannable
      zoomable
      ariaLabel="Overview of the graph"
      style={{ width: 140, height: 96 }}
      nodeBorderRadius={6}
      nodeClassName={(node) =>
        `mini state-${store.statusOf(node.id)?.state.toLowerCase() ?? 'none'}${node.data.isGroup && node.data.isOpen ? ' mini-group' : ''}`
      }
    />
  );
}

export function Legend({ drawing }: { drawing: LaidOutGraph }): ReactElement | null {
  const kinds = useMemo(() => new Set(drawing.graph.edges.map((edge) => edge.kind)), [drawing]);
  if (kinds.size === 0) return null;
  const text = { parameter: 'parameter', artifact: 'artifact', order: 'order only' } as const;
  return (
    <div className="legend" aria-hidden="true">
      {(['parameter', 'artifact', 'order'] as const)
        .filter((kind) => kinds.has(kind))
        .map((kind) => (
          <span key={kind}>
            <svg width="20" height="6" className={`edge edge-${kind}`}>
              <path className="react-flow__edge-path" d="M0,3 H20" />
            </svg>
            {text[kind]}
          </span>
        ))}
    </div>
  );
}
