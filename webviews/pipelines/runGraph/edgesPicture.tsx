/**
 * The edges of a large drawing as one picture behind the cards: hundreds of SVG elements cost more than all the cards.
 * What moves or is meant (near the chosen step, flowing, chosen) is drawn over it as an element.
 */
import { useCallback, useMemo, type ReactElement } from 'react';
import { useSelected, useStore } from './context.ts';
import type { DrawingElements } from './drawingElements.ts';
import { useEditSelected } from './edit/context.ts';
import { smoothPath, type CanvasEdge } from './graphEdges.tsx';
import { useDrawingMarks } from './marks.tsx';
import { MovedPicture, type Paint } from './movedPicture.tsx';

const ARROW = { width: 4, height: 7 };
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
          context.stroke(pathOf(edge, view));
          const end = edge.data.route.at(-1) ?? endOf(edge, view);
          if (end === undefined) continue;
          context.beginPath();
          context.moveTo(end.x, end.y);
          context.lineTo(end.x - ARROW.width, end.y - ARROW.height);
          context.lineTo(end.x + ARROW.width, end.y - ARROW.height);
          context.fill();
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
  return view.edges.find((edge) => context.isPointInStroke(pathOf(edge, view), point.x, point.y));
}

const paths = new WeakMap<CanvasEdge, Path2D>();

function pathOf(edge: CanvasEdge, view: DrawingElements): Path2D {
  const known = paths.get(edge);
  if (known !== undefined) return known;
  const route = edge.data?.route ?? [];
  const start = startOf(edge, view);
  const end = endOf(edge, view);
  const points = route.length >= 2 ? route : start === undefined || end === undefined ? [] : [start, end];
  const path = new Path2D(smoothPath(points));
  paths.set(edge, path);
  return path;
}

function startOf({ source }: CanvasEdge, { boxes }: DrawingElements): Point | undefined {
  const box = boxes.get(source);
  return box === undefined ? undefined : { x: box.x + box.width / 2, y: box.y + box.height };
}

function endOf({ target }: CanvasEdge, { boxes }: DrawingElements): Point | undefined {
  const box = boxes.get(target);
  return box === undefined ? undefined : { x: box.x + box.width / 2, y: box.y };
}

interface Point {
  readonly x: number;
  readonly y: number;
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
