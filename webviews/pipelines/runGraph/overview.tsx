/**
 * A large drawing seen from afar: boxes and lines on one canvas. Thousands of nodes as elements cost 160 ms a frame
 * where a canvas costs 29; nothing could be read at that size anyway.
 */
import { useStoreApi, type Transform } from '@xyflow/react';
import { useEffect, useRef, useState, type ReactElement } from 'react';
import type { Box, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import type { TaskRowState } from '../../../src/core/protocol/runGraph.ts';
import { useSelected, useStore } from './context.ts';

/** Drawings with fewer boxes are drawn as elements at any zoom. */
export const OVERVIEW_FROM_NODES = 400;
export const OVERVIEW_BELOW_ZOOM = 0.35;

const STATE_VARIABLE: Readonly<Record<TaskRowState, string>> = {
  PENDING: '--vscode-descriptionForeground',
  RUNNING: '--vscode-charts-blue',
  SUCCEEDED: '--vscode-testing-iconPassed',
  CACHED: '--vscode-testing-iconPassed',
  FAILED: '--vscode-testing-iconFailed',
  SKIPPED: '--vscode-disabledForeground',
};

/** How far the picture reaches beyond the view on each side, as a share of it: that far it only has to be moved. */
const MARGIN = 0.4;
/** After so long without a move, a picture that was scaled is drawn anew. */
const SETTLE_MS = 90;

/**
 * A picture is drawn for one place and zoom. While the drawing moves, the picture is moved, which costs next to nothing;
 * it is drawn again when it no longer covers the view, and when a zoom has come to rest.
 */
export function Overview(props: { drawing: LaidOutGraph; boxes: ReadonlyMap<string, Box> }): ReactElement {
  const { drawing, boxes } = props;
  const store = useStore();
  const flow = useStoreApi();
  const canvas = useRef<HTMLCanvasElement>(null);
  const statuses = useSelected((snapshot) => snapshot.statuses);
  const selection = useSelected((snapshot) => snapshot.selection);
  const theme = useThemeRevision();

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    let drawn: Transform = [0, 0, 1];
    let drawnSize = { width: 0, height: 0 };
    let settling: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      const { transform, width, height } = flow.getState();
      const edge = { x: Math.round(width * MARGIN), y: Math.round(height * MARGIN) };
      drawn = transform;
      drawnSize = { width, height };
      element.style.transform = '';
      element.style.inset = `${-edge.y}px auto auto ${-edge.x}px`;
      element.style.width = `${width + 2 * edge.x}px`;
      element.style.height = `${height + 2 * edge.y}px`;
      paint(element, {
        transform: [transform[0] + edge.x, transform[1] + edge.y, transform[2]],
        width: width + 2 * edge.x,
        height: height + 2 * edge.y,
        drawing,
        boxes,
        selection,
        stateOf: (nodeId) => store.statusOf(nodeId)?.state,
      });
    };
    const follow = (): void => {
      const { transform, width, height } = flow.getState();
      if (width !== drawnSize.width || height !== drawnSize.height) {
        draw();
        return;
      }
      const [x, y, zoom] = transform;
      const scale = zoom / drawn[2];
      const [dx, dy] = [x - drawn[0] * scale, y - drawn[1] * scale];
      if (dx === 0 && dy === 0 && scale === 1) return;
      // What the picture shows, in the view's pixels now.
      const [left, top] = [dx - width * MARGIN * scale, dy - height * MARGIN * scale];
      const [right, bottom] = [dx + width * (1 + MARGIN) * scale, dy + height * (1 + MARGIN) * scale];
      if (left > 0 || top > 0 || right < width || bottom < height) {
        draw();
        return;
      }
      element.style.transformOrigin = `${width * MARGIN}px ${height * MARGIN}px`;
      element.style.transform = `translate(${dx}px, ${dy}px) scale(${scale})`;
      clearTimeout(settling);
      if (scale !== 1) settling = setTimeout(draw, SETTLE_MS);
    };
    draw();
    const unsubscribe = flow.subscribe(follow);
    return () => {
      clearTimeout(settling);
      unsubscribe();
    };
  }, [drawing, boxes, statuses, selection, theme, store, flow]);

  return <canvas ref={canvas} className="overview" data-testid="overview" aria-hidden="true" />;
}

interface Painting {
  readonly transform: Transform;
  readonly width: number;
  readonly height: number;
  readonly drawing: LaidOutGraph;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly selection: ReadonlySet<string>;
  readonly stateOf: (nodeId: string) => TaskRowState | undefined;
}

function paint(canvas: HTMLCanvasElement, painting: Painting): void {
  const { transform, width, height, drawing, boxes, selection, stateOf } = painting;
  const context = canvas.getContext('2d');
  if (context === null) return;
  const ratio = window.devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const [x, y, zoom] = transform;
  context.setTransform(zoom * ratio, 0, 0, zoom * ratio, x * ratio, y * ratio);
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim() || '#888888';
  const foreground = colour('--vscode-editor-foreground');

  context.globalAlpha = 0.25;
  context.strokeStyle = foreground;
  context.lineWidth = 0.75 / zoom;
  context.beginPath();
  for (const { from, to } of drawing.graph.edges) {
    const [start, end] = [boxes.get(from), boxes.get(to)];
    if (start === undefined || end === undefined) continue;
    context.moveTo(start.x + start.width / 2, start.y + start.height);
    context.lineTo(end.x + end.width / 2, end.y);
  }
  context.stroke();

  for (const node of drawing.graph.nodes) {
    const box = boxes.get(node.id);
    if (box === undefined) continue;
    const isOpenGroup = box.height > 100;
    const state = stateOf(node.id);
    context.globalAlpha = isOpenGroup ? 0.08 : state === undefined ? 0.35 : 0.9;
    context.fillStyle = state === undefined || isOpenGroup ? foreground : colour(STATE_VARIABLE[state]);
    context.fillRect(box.x, box.y, box.width, box.height);
    if (!selection.has(node.id)) continue;
    context.globalAlpha = 1;
    context.strokeStyle = colour('--vscode-focusBorder');
    context.lineWidth = 2 / zoom;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
}

/** The innermost box at a point of the drawing. */
export function nodeAt(
  boxes: ReadonlyMap<string, Box>,
  point: { readonly x: number; readonly y: number },
): string | undefined {
  let found: string | undefined;
  // Children come after their groups.
  for (const [id, box] of boxes) {
    if (point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y && point.y <= box.y + box.height)
      found = id;
  }
  return found;
}

/** Moves when VS Code changes the theme: it rewrites the root's style. */
function useThemeRevision(): number {
  const [revision, setRevision] = useState(0);
  useEffect(() => {
    const observer = new MutationObserver(() => setRevision((before) => before + 1));
    observer.observe(document.documentElement, { attributeFilter: ['style', 'class'] });
    return () => observer.disconnect();
  }, []);
  return revision;
}
