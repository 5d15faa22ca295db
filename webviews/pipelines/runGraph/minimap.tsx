/** The whole drawing in a corner, with a frame around what is seen; pressed or dragged, it moves the drawing. */
import { useReactFlow, useStoreApi, useStore as useFlowStore } from '@xyflow/react';
import { useEffect, useRef, type PointerEvent, type ReactElement } from 'react';
import { useSelected, useStore } from './context.ts';
import type { DrawingElements } from './drawingElements.ts';
import { MARK_VARIABLE, useDrawingMarks } from './marks.tsx';
import { useThemeRevision } from './movedPicture.tsx';
import { STATE_VARIABLE } from './overview.tsx';

const SIZE = { width: 140, height: 96 };
const PADDING = 6;

export function GraphMiniMap({ view }: { view: DrawingElements }): ReactElement | null {
  // Only while part of the drawing is out of sight.
  const isAllSeen = useFlowStore(({ transform: [x, y, zoom], width, height }) =>
    [x, y, width - x - view.width * zoom, height - y - view.height * zoom].every((space) => space >= -1),
  );
  return isAllSeen ? null : <Map view={view} />;
}

function Map({ view }: { view: DrawingElements }): ReactElement {
  const store = useStore();
  const flow = useReactFlow();
  const api = useStoreApi();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const statuses = useSelected((snapshot) => snapshot.statuses);
  const marks = useDrawingMarks();
  const theme = useThemeRevision();
  const scale = Math.min((SIZE.width - 2 * PADDING) / view.width, (SIZE.height - 2 * PADDING) / view.height);
  const left = (SIZE.width - view.width * scale) / 2;
  const top = (SIZE.height - view.height * scale) / 2;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined) return;
    const ratio = window.devicePixelRatio;
    element.width = SIZE.width * ratio;
    element.height = SIZE.height * ratio;
    context.setTransform(scale * ratio, 0, 0, scale * ratio, left * ratio, top * ratio);
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(name).trim() || '#888888';
    const foreground = colour('--vscode-editor-foreground');
    for (const { id, data } of view.nodes) {
      const box = view.boxes.get(id);
      if (box === undefined) continue;
      const isOpenGroup = data.isGroup && data.isOpen;
      const state = store.statusOf(id)?.state;
      const mark = marks?.nodes.get(id);
      const variable =
        mark !== undefined ? MARK_VARIABLE[mark] : state === undefined ? undefined : STATE_VARIABLE[state];
      context.globalAlpha = isOpenGroup ? 0.12 : variable === undefined ? 0.35 : 0.9;
      context.fillStyle = variable === undefined || isOpenGroup ? foreground : colour(variable);
      context.fillRect(box.x, box.y, Math.max(box.width, 1 / scale), Math.max(box.height, 1 / scale));
    }
  }, [view, statuses, marks, theme, scale, left, top, store]);

  useEffect(() => {
    const place = (): void => {
      const element = frame.current;
      if (element === null) return;
      const { transform, width, height } = api.getState();
      const [x, y, zoom] = transform;
      element.style.transform = `translate(${left - (x / zoom) * scale}px, ${top - (y / zoom) * scale}px)`;
      element.style.width = `${(width / zoom) * scale}px`;
      element.style.height = `${(height / zoom) * scale}px`;
    };
    place();
    return api.subscribe(place);
  }, [api, scale, left, top]);

  const moveTo = (event: PointerEvent<HTMLDivElement>): void => {
    if ((event.buttons & 1) === 0) return;
    const box = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - box.left - left) / scale;
    const y = (event.clientY - box.top - top) / scale;
    const { zoom } = flow.getViewport();
    void flow.setCenter(x, y, { zoom });
  };
  return (
    <div
      className="minimap react-flow__panel bottom right"
      role="img"
      aria-label="Overview of the graph"
      data-testid="minimap"
      style={SIZE}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        moveTo(event);
      }}
      onPointerMove={moveTo}
    >
      <canvas ref={canvas} style={SIZE} />
      <div ref={frame} className="minimap-frame" />
    </div>
  );
}
