import type { ReactElement } from 'react';
import type { Point } from './ports.ts';

/** Shift and a press on the empty canvas, or in an open group. */
export function isBoxPress(
  { shiftKey, button, target }: { shiftKey: boolean; button: number; target: EventTarget },
  canEdit: boolean,
): boolean {
  return (
    canEdit &&
    shiftKey &&
    button === 0 &&
    target instanceof Element &&
    target.closest('.card, .group-header, .port, .react-flow__panel, .popup') === null
  );
}

export function SelectionBox({ from, to }: { from: Point; to: Point }): ReactElement {
  return (
    <div
      className="selection-box"
      aria-hidden="true"
      style={{
        left: Math.min(from.x, to.x),
        top: Math.min(from.y, to.y),
        width: Math.abs(to.x - from.x),
        height: Math.abs(to.y - from.y),
      }}
    />
  );
}
