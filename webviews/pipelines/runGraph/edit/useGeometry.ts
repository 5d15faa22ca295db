import { useReactFlow } from '@xyflow/react';
import { useEffect, useMemo, type RefObject } from 'react';
import type { Box } from '../../../../src/core/ir/graphModel.ts';
import type { CanvasNode } from '../graphNodes.tsx';
import { useEdit } from './context.ts';
import { hitTest, type CanvasGeometry, type DrawnNode } from './geometry.ts';

/** Pixels from the border where dragging moves the drawing, and how far each move takes it. */
const BORDER = 36;
const STEP = 14;

/** While the canvas is on screen, whoever follows the pointer asks it what is where. */
export function useGeometry(options: {
  root: RefObject<HTMLElement | null>;
  nodes: readonly CanvasNode[];
  boxes: ReadonlyMap<string, Box>;
  scope: string;
  reveal: (nodeId: string) => void;
}): void {
  const { root, nodes, boxes, scope, reveal } = options;
  const edit = useEdit();
  const flow = useReactFlow();
  const drawn = useMemo(
    () =>
      nodes.flatMap(({ id, data }): readonly DrawnNode[] => {
        const box = boxes.get(id);
        return box === undefined ? [] : [{ node: data.node, box, isOpen: data.isGroup && data.isOpen }];
      }),
    [nodes, boxes],
  );
  useEffect(() => {
    const geometry: CanvasGeometry = {
      hit: (at) => hitTest(drawn, scope, flow.screenToFlowPosition(at)),
      anchor: (nodeId) => {
        const box = boxes.get(nodeId);
        if (box === undefined) return undefined;
        const { x, y } = flow.flowToScreenPosition({ x: box.x + Math.min(box.width, 200) / 2, y: box.y });
        const { zoom } = flow.getViewport();
        return { x, y: y + Math.min(box.height, 56) * zoom + 4 };
      },
      toPage: (point) => flow.flowToScreenPosition(point),
      toFlow: (point) => flow.screenToFlowPosition(point),
      nudge: ({ x, y }) => {
        const area = root.current?.getBoundingClientRect();
        if (area === undefined) return;
        const push = (at: number, low: number, high: number): number =>
          at < low + BORDER ? STEP : at > high - BORDER ? -STEP : 0;
        const [dx, dy] = [push(x, area.left, area.right), push(y, area.top, area.bottom)];
        if (dx === 0 && dy === 0) return;
        const viewport = flow.getViewport();
        void flow.setViewport({ ...viewport, x: viewport.x + dx, y: viewport.y + dy });
      },
      reveal,
    };
    edit.setGeometry(geometry);
    return () => edit.setGeometry(undefined);
  }, [edit, flow, drawn, boxes, scope, root, reveal]);
}
