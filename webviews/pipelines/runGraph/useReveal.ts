import { useReactFlow } from '@xyflow/react';
import { useCallback, type RefObject } from 'react';
import type { Box } from '../../../src/core/ir/graphModel.ts';
import { moveDuration } from './useFit.ts';

const MARGIN = 24;
/** Of a group that is larger than the view, the header is enough. */
const HEADER = { width: 200, height: 56 };

/** Brings a node to where nothing lies over it, if it is not wholly there. */
export function useReveal(
  root: RefObject<HTMLElement | null>,
  boxes: ReadonlyMap<string, Box>,
): (nodeId: string) => void {
  const flow = useReactFlow();
  return useCallback(
    (nodeId) => {
      const box = boxes.get(nodeId);
      const element = root.current;
      if (box === undefined || element === null) return;
      const { x, y, zoom } = flow.getViewport();
      const [width, height] = [Math.min(box.width, HEADER.width), Math.min(box.height, HEADER.height)];
      const duration = moveDuration();
      if (zoom < 0.4) {
        void flow.setCenter(box.x + width / 2, box.y + height / 2, { zoom: 0.8, duration });
        return;
      }
      const [left, top] = [box.x * zoom + x, box.y * zoom + y];
      const [right, bottom] = [left + width * zoom, top + height * zoom];
      const dx = push(left, right, element.clientWidth);
      const dy = push(top, bottom, floorBelow(element, left + dx, right + dx));
      if (dx !== 0 || dy !== 0) void flow.setViewport({ x: x + dx, y: y + dy, zoom }, { duration });
    },
    [root, boxes, flow],
  );
}

/** No further than it takes: the eye keeps its place. */
function push(low: number, high: number, size: number): number {
  if (low < MARGIN) return MARGIN - low;
  return high > size - MARGIN ? Math.max(size - MARGIN - high, MARGIN - low) : 0;
}

/** Where the canvas ends between two sides: the minimap and the zoom buttons lie at its bottom. */
function floorBelow(canvas: HTMLElement, left: number, right: number): number {
  const area = canvas.getBoundingClientRect();
  const tops = [...canvas.querySelectorAll('.react-flow__panel')]
    .map((panel) => panel.getBoundingClientRect())
    .filter((panel) => panel.left - area.left < right && panel.right - area.left > left)
    .map((panel) => panel.top - area.top);
  return Math.min(canvas.clientHeight, ...tops);
}
