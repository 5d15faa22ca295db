/** One pointer gesture from press to release: of a wire, of steps, of a palette entry, of a selection box. */
import type { Point } from './ports.ts';

/** Less than this is a click with an unsteady hand. */
const THRESHOLD = 4;

export interface DragHandlers {
  readonly onStart?: (at: Point) => void;
  readonly onMove: (at: Point) => void;
  readonly onDrop: (at: Point) => void;
  /** By Escape, or because the window lost the pointer. */
  readonly onCancel: () => void;
}

/** Follows the pointer that is pressed now; a press that never moves is left to be a click. */
export function followPointer(
  press: { readonly clientX: number; readonly clientY: number; readonly pointerId: number },
  handlers: DragHandlers,
): void {
  const controller = new AbortController();
  const { signal } = controller;
  let isDragging = false;
  const end = (): void => controller.abort();
  window.addEventListener(
    'pointermove',
    (event) => {
      if (event.pointerId !== press.pointerId) return;
      const at = { x: event.clientX, y: event.clientY };
      if (!isDragging) {
        if (Math.hypot(at.x - press.clientX, at.y - press.clientY) < THRESHOLD) return;
        isDragging = true;
        handlers.onStart?.({ x: press.clientX, y: press.clientY });
      }
      handlers.onMove(at);
    },
    { signal },
  );
  window.addEventListener(
    'pointerup',
    (event) => {
      if (event.pointerId !== press.pointerId) return;
      end();
      if (!isDragging) return;
      swallowClick();
      handlers.onDrop({ x: event.clientX, y: event.clientY });
    },
    { signal },
  );
  const cancel = (): void => {
    end();
    if (isDragging) handlers.onCancel();
  };
  window.addEventListener('pointercancel', cancel, { signal });
  window.addEventListener('blur', cancel, { signal });
  window.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || !isDragging) return;
      event.stopPropagation();
      cancel();
    },
    { signal, capture: true },
  );
}

/** The browser sends a click after a drag that ends where it began; nobody meant one. */
function swallowClick(): void {
  const onClick = (event: MouseEvent): void => event.stopPropagation();
  window.addEventListener('click', onClick, { capture: true, once: true });
  setTimeout(() => window.removeEventListener('click', onClick, { capture: true }), 0);
}
