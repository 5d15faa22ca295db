/**
 * A large drawing seen from afar: boxes and lines on one canvas. Thousands of nodes as elements cost 160 ms a frame
 * where a canvas costs 29; nothing could be read at that size anyway.
 */
import { useStore as useFlowStore } from '@xyflow/react';
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

export function Overview(props: { drawing: LaidOutGraph; boxes: ReadonlyMap<string, Box> }): ReactElement {
  const { drawing, boxes } = props;
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const statuses = useSelected((snapshot) => snapshot.statuses);
  const selected = useSelected((snapshot) => snapshot.view.selected);
  const transform = useFlowStore((state) => state.transform);
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const theme = useThemeRevision();

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context === null || context === undefined) return;
    const ratio = window.devicePixelRatio;
    canvas.current.width = width * ratio;
    canvas.current.height = height * ratio;
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
      const state = store.statusOf(node.id)?.state;
      context.globalAlpha = isOpenGroup ? 0.08 : state === undefined ? 0.35 : 0.9;
      context.fillStyle = state === undefined || isOpenGroup ? foreground : colour(STATE_VARIABLE[state]);
      context.fillRect(box.x, box.y, box.width, box.height);
      if (node.id !== selected) continue;
      context.globalAlpha = 1;
      context.strokeStyle = colour('--vscode-focusBorder');
      context.lineWidth = 2 / zoom;
      context.strokeRect(box.x, box.y, box.width, box.height);
    }
  }, [drawing, boxes, statuses, selected, transform, width, height, theme, store]);

  return <canvas ref={canvas} className="overview" data-testid="overview" aria-hidden="true" />;
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
