/**
 * The edges of a large drawing as one picture behind the cards: hundreds of SVG elements cost more than all the cards.
 * What moves or is meant (near the chosen step, flowing, chosen) is drawn over it as an element.
 */
import { useCallback, useMemo, type ReactElement } from 'react';
import { useSelected, useStore } from './context.ts';
import type { DrawingElements } from './drawingElements.ts';
import { useEditSelected } from './edit/context.ts';
import { edgeLines, type RoutedEdge } from './edgeLines.ts';
import type { CanvasEdge } from './graphEdges.tsx';
import { useDrawingMarks } from './marks.tsx';
import { MovedPicture, type Paint } from './movedPicture.tsx';

const WIDTH = { parameter: 1.2, artifact: 1.6, order: 1.2 } as const;
const DASH = [3, 4];
/** Pixels beside an edge that still mean it. */
const REACH = 7;

export function EdgesPicture({ view }: { view: DrawingElements }): ReactElement {
  const paint = useCallback<Paint>(
    (context) => {
      for (const kind of ['parameter', 'artifact', 'order'] as const) {
        const colour = resolved(`--edge-${kind}`);
        context.strokeStyle = colour;
        context.fillStyle = colour;
        context.lineWidth = WIDTH[kind];
        context.setLineDash(kind === 'order' ? DASH : []);
        for (const edge of view.edges) {
          if (edge.data?.edge.kind !== kind) continue;
          const { line, arrows } = pathsOf(edge.data);
          context.stroke(line);
          context.fill(arrows);
        }
      }
    },
    [view],
  );
  return <MovedPicture className="edges-picture" testId="edges-picture" paint={paint} />;
}

/** Edges that must be elements although the picture has them. */
export function useLivelyEdges(edges: readonly CanvasEdge[]): CanvasEdge[] {
  const store = useStore();
  const active = useSelected((snapshot) => snapshot.active);
  const selection = useSelected((snapshot) => snapshot.selection);
  const statuses = useSelected((snapshot) => snapshot.statuses);
  const chosen = useEditSelected((snapshot) => snapshot.edge);
  const marks = useDrawingMarks();
  return useMemo(
    () =>
      edges.filter(
        ({ id, source, target }) =>
          id === chosen ||
          marks?.edges.has(id) === true ||
          source === active ||
          target === active ||
          selection.has(source) ||
          selection.has(target) ||
          store.statusOf(target)?.state === 'RUNNING',
      ),
    // A new status may set an edge in motion.
    [edges, active, selection, statuses, chosen, marks, store],
  );
}

/** The edge at a point of the drawing. */
export function edgeAt(
  view: DrawingElements,
  point: { readonly x: number; readonly y: number },
  zoom: number,
): CanvasEdge | undefined {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return undefined;
  context.lineWidth = (2 * REACH) / zoom;
  return view.edges.find(
    ({ data }) => data !== undefined && context.isPointInStroke(pathsOf(data).line, point.x, point.y),
  );
}

interface EdgePaths {
  readonly line: Path2D;
  readonly arrows: Path2D;
}
const paths = new WeakMap<RoutedEdge, EdgePaths>();

function pathsOf(edge: RoutedEdge): EdgePaths {
  const found = paths.get(edge);
  if (found !== undefined) return found;
  const lines = edgeLines(edge);
  const made = { line: new Path2D(lines.path), arrows: new Path2D(lines.arrows) };
  paths.set(edge, made);
  return made;
}

/** A canvas knows no variables: an element is asked what one comes to. */
function resolved(variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
