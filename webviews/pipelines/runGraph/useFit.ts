import { useReactFlow, useStore as useFlowStore, type Viewport } from '@xyflow/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from './context.ts';

export const ZOOM = { min: 0.05, max: 2 };
const FIT_PADDING = 0.04;

export interface Fit {
  /** Before the first fit the drawing has no zoom of its own. */
  readonly isPlaced: boolean;
  /** The whole drawing, also where it has no elements. */
  readonly fit: (duration?: number) => void;
  /** From now on the place is the user's. */
  readonly keep: (viewport?: Viewport) => void;
  /** From now on it follows the drawing again. */
  readonly follow: () => void;
  readonly isKept: () => boolean;
}

/**
 * Until the user moves the drawing, it stays fitted: to the panel beside it, and to what is drawn. From then on a page
 * of another size, e.g. of a split editor, keeps its middle, or all of the drawing where all of it was seen.
 */
export function useFit(drawing: { readonly width: number; readonly height: number }): Fit {
  const store = useStore();
  const flow = useReactFlow();
  const isMoved = useRef(store.viewport !== undefined);
  const wasFitted = useRef(false);
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const [isPlaced, setPlaced] = useState(store.viewport !== undefined);
  const fit = useCallback(
    (duration = moveDuration()): void => {
      const room = { width: width * (1 - 2 * FIT_PADDING), height: height * (1 - 2 * FIT_PADDING) };
      const zoom = Math.max(ZOOM.min, Math.min(1, room.width / drawing.width, room.height / drawing.height));
      const [x, y] = [(width - drawing.width * zoom) / 2, (height - drawing.height * zoom) / 2];
      void flow.setViewport({ x, y, zoom }, { duration });
    },
    [flow, width, height, drawing.width, drawing.height],
  );
  const last = useRef({ width, height, page: pageSize() });
  useEffect(() => {
    if (width <= 0 || height <= 0) return;
    const before = last.current;
    last.current = { width, height, page: pageSize() };
    if (!isMoved.current) fit(wasFitted.current ? moveDuration() : 0);
    else if (before.page !== pageSize()) {
      // Not for a form beside it, which must not move what the next press is meant for.
      const { x, y, zoom } = flow.getViewport();
      const [right, bottom] = [x + drawing.width * zoom, y + drawing.height * zoom];
      const wasWhole = x >= 0 && y >= 0 && right <= before.width && bottom <= before.height;
      const [dx, dy] = [(width - before.width) / 2, (height - before.height) / 2];
      if (wasWhole) fit(0);
      else void flow.setViewport({ x: x + dx, y: y + dy, zoom });
    }
    wasFitted.current = true;
    setPlaced(true);
  }, [fit, flow, width, height, drawing.width, drawing.height]);
  const keep = useCallback(
    (viewport?: Viewport): void => {
      isMoved.current = true;
      if (viewport !== undefined) store.saveViewport(viewport);
    },
    [store],
  );
  const follow = useCallback((): void => {
    isMoved.current = false;
    fit();
  }, [fit]);
  const isKept = useCallback(() => isMoved.current, []);
  return { isPlaced, fit, keep, follow, isKept };
}

function pageSize(): string {
  return `${window.innerWidth} ${window.innerHeight}`;
}

/** Milliseconds; 0 for people who asked for less motion. */
export function moveDuration(): number {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200;
}

/** While it moves, the drawing is one layer that is only shifted; at rest it is not, or a zoom would leave it blurred. */
export function promote(canvas: HTMLElement | null, isMoving: boolean): void {
  const viewport = canvas?.querySelector<HTMLElement>('.react-flow__viewport');
  viewport?.style.setProperty('will-change', isMoving ? 'transform' : 'auto');
}
