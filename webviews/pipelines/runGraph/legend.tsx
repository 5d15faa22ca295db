/** What the lines of the drawing mean. */
import { useMemo, type ReactElement } from 'react';
import type { LaidOutGraph } from '../../../src/core/ir/graphModel.ts';

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
