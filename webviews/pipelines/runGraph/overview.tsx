/**
 * A large drawing seen from afar: boxes and lines on one canvas. Thousands of nodes as elements cost 160 ms a frame
 * where a canvas costs 29; nothing could be read at that size anyway.
 */
import { useCallback, type ReactElement } from 'react';
import type { Box, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import type { TaskRowState } from '../../../src/core/protocol/runGraph.ts';
import { useSelected, useStore } from './context.ts';
import { MARK_VARIABLE, useDrawingMarks } from './marks.tsx';
import { MovedPicture, type Paint } from './movedPicture.tsx';

/** Drawings with fewer boxes are drawn as elements at any zoom. */
export const OVERVIEW_FROM_NODES = 400;
export const OVERVIEW_BELOW_ZOOM = 0.35;

export const STATE_VARIABLE: Readonly<Record<TaskRowState, string>> = {
  PENDING: '--vscode-descriptionForeground',
  RUNNING: '--vscode-charts-blue',
  SUCCEEDED: '--vscode-testing-iconPassed',
  CACHED: '--vscode-testing-iconPassed',
  FAILED: '--vscode-testing-iconFailed',
  SKIPPED: '--vscode-disabledForeground',
};

export function Overview(props: { drawing: LaidOutGraph; boxes: ReadonlyMap<string, Box> }): ReactElement {
  const { drawing, boxes } = props;
  const store = useStore();
  const statuses = useSelected((snapshot) => snapshot.statuses);
  const selection = useSelected((snapshot) => snapshot.selection);
  const marks = useDrawingMarks();
  const paint = useCallback<Paint>(
    (context, zoom) => {
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
        const state = store.statusOf(node.id)?.state;
        const mark = marks?.nodes.get(node.id);
        const variable =
          mark !== undefined ? MARK_VARIABLE[mark] : state === undefined ? undefined : STATE_VARIABLE[state];
        context.globalAlpha = isOpenGroup ? 0.08 : variable === undefined ? 0.35 : 0.9;
        context.fillStyle = variable === undefined || isOpenGroup ? foreground : colour(variable);
        context.fillRect(box.x, box.y, box.width, box.height);
        if (!selection.has(node.id)) continue;
        context.globalAlpha = 1;
        context.strokeStyle = colour('--vscode-focusBorder');
        context.lineWidth = 2 / zoom;
        context.strokeRect(box.x, box.y, box.width, box.height);
      }
    },
    // A new status is a new picture.
    [drawing, boxes, statuses, selection, marks, store],
  );
  return <MovedPicture className="overview" testId="overview" paint={paint} />;
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
