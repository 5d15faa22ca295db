/**
 * A picture behind or in place of the drawing's elements. It is painted for one place and zoom; while the drawing moves
 * it is only moved, which costs next to nothing, and painted again when it no longer covers the view or when a zoom has
 * come to rest.
 */
import { useStoreApi, type Transform } from '@xyflow/react';
import { useEffect, useRef, useState, type ReactElement } from 'react';

/** How far the picture reaches beyond the view on each side, as a share of it: that far it only has to be moved. */
const MARGIN = 0.4;
/** After so long without a move, a picture that was scaled is painted anew. */
const SETTLE_MS = 90;

/** Into a context of the drawing's coordinates. */
export type Paint = (context: CanvasRenderingContext2D, zoom: number) => void;

export function MovedPicture(props: { className: string; testId: string; paint: Paint }): ReactElement {
  const { paint } = props;
  const flow = useStoreApi();
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeRevision();

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    let painted: Transform = [0, 0, 1];
    let size = { width: 0, height: 0 };
    let settling: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      const { transform, width, height } = flow.getState();
      const edge = { x: Math.round(width * MARGIN), y: Math.round(height * MARGIN) };
      painted = transform;
      size = { width, height };
      element.style.transform = '';
      element.style.inset = `${-edge.y}px auto auto ${-edge.x}px`;
      element.style.width = `${width + 2 * edge.x}px`;
      element.style.height = `${height + 2 * edge.y}px`;
      const context = element.getContext('2d');
      if (context === null) return;
      const ratio = window.devicePixelRatio;
      element.width = (width + 2 * edge.x) * ratio;
      element.height = (height + 2 * edge.y) * ratio;
      const [x, y, zoom] = transform;
      context.setTransform(zoom * ratio, 0, 0, zoom * ratio, (x + edge.x) * ratio, (y + edge.y) * ratio);
      paint(context, zoom);
    };
    const follow = (): void => {
      const { transform, width, height } = flow.getState();
      if (width !== size.width || height !== size.height) {
        draw();
        return;
      }
      const [x, y, zoom] = transform;
      const scale = zoom / painted[2];
      const [dx, dy] = [x - painted[0] * scale, y - painted[1] * scale];
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
  }, [paint, theme, flow]);

  return <canvas ref={canvas} className={props.className} data-testid={props.testId} aria-hidden="true" />;
}

/** Moves when VS Code changes the theme: it rewrites the root's style. */
export function useThemeRevision(): number {
  const [revision, setRevision] = useState(0);
  useEffect(() => {
    const observer = new MutationObserver(() => setRevision((before) => before + 1));
    observer.observe(document.documentElement, { attributeFilter: ['style', 'class'] });
    return () => observer.disconnect();
  }, []);
  return revision;
}
