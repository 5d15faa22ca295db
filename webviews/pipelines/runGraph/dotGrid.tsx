/**
 * The dots behind the drawing, so that the eye feels it move. They are painted once for a zoom and then only shifted by
 * less than a gap; xyflow's own background is painted anew, as large as the view, for every frame of a move.
 */
import { useStoreApi } from '@xyflow/react';
import { useEffect, useRef, type ReactElement } from 'react';

/** Between two dots, in the drawing's pixels; on screen it is doubled until it is at least `LEAST` of the page's. */
const GAP = 20;
const LEAST = 14;

export function DotGrid(): ReactElement {
  const flow = useStoreApi();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = (): void => {
      if (element.current === null) return;
      const [x, y, zoom] = flow.getState().transform;
      const gap = gapAt(zoom);
      const { style } = element.current;
      // The same value again costs nothing.
      style.inset = `${-gap}px`;
      style.backgroundSize = `${gap}px ${gap}px`;
      style.transform = `translate(${x % gap}px, ${y % gap}px)`;
    };
    place();
    return flow.subscribe(place);
  }, [flow]);
  return <div ref={element} className="dot-grid" aria-hidden="true" />;
}

function gapAt(zoom: number): number {
  let gap = GAP * zoom;
  while (gap < LEAST) gap *= 2;
  return gap;
}
