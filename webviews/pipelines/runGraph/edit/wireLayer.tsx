/** The wire in the hand and what a drop would say; it follows the pointer without React. */
import { useEffect, useRef, type ReactElement } from 'react';
import { useEdit, useEditSelected } from './context.ts';
import { followPointer } from './drag.ts';
import type { EditStore } from './editStore.ts';
import { askTargets, drop, judge, type Wire, type WireStart } from './wire.ts';
import type { Point } from './ports.ts';

const WIRE_MOVED = 'slipway-wire-moved';

/** From the press on a dot; `from` is its place in the drawing. */
export function dragWire(
  edit: EditStore,
  press: { readonly clientX: number; readonly clientY: number; readonly pointerId: number },
  start: WireStart,
  from: Point,
): void {
  let at: Point = { x: press.clientX, y: press.clientY };
  const targets = Promise.withResolvers<NonNullable<Wire['targets']>>();
  const wireNow = (): Wire | undefined => edit.getSnapshot().wire;
  const look = (): void => {
    const wire = wireNow();
    const { geometry } = edit;
    if (wire === undefined || geometry === undefined) return;
    const over = judge(wire, geometry.hit(at), edit.graph.getSnapshot().nodes);
    if (JSON.stringify(over) !== JSON.stringify(wire.over)) edit.set({ wire: { ...wire, over } });
  };
  followPointer(press, {
    onStart: () => {
      const { node, end, carried, label } = start;
      edit.close();
      edit.forgetRefusal();
      edit.set({
        wire: { node: node.id, end, carried, label, from, targets: undefined, over: undefined },
      });
      askTargets(edit, start).then(targets.resolve, targets.reject);
      targets.promise.then(
        (known) => {
          const wire = wireNow();
          if (wire === undefined) return;
          edit.set({ wire: { ...wire, targets: known } });
          look();
        },
        (error: unknown) => {
          edit.set({ wire: undefined });
          edit.graph.fail(error);
        },
      );
    },
    onMove: (point) => {
      at = point;
      edit.geometry?.nudge(point);
      window.dispatchEvent(new CustomEvent<Point>(WIRE_MOVED, { detail: point }));
      look();
    },
    onDrop: (point) => {
      const hit = edit.geometry?.hit(point);
      const wire = wireNow();
      edit.set({ wire: undefined });
      if (wire === undefined || hit === undefined) return;
      targets.promise
        .then((known) => drop(edit, { ...wire, targets: known }, point, hit))
        .catch((error: unknown) => edit.graph.fail(error));
    },
    onCancel: () => edit.set({ wire: undefined }),
  });
}

export function WireLayer(): ReactElement | null {
  const edit = useEdit();
  const wire = useEditSelected((snapshot) => snapshot.wire);
  const path = useRef<SVGPathElement>(null);
  const note = useRef<HTMLDivElement>(null);
  const isWiring = wire !== undefined;
  useEffect(() => {
    if (!isWiring) return undefined;
    const onMove = (event: Event): void => {
      const now = edit.getSnapshot().wire;
      const start = now === undefined ? undefined : edit.geometry?.toPage(now.from);
      if (!(event instanceof CustomEvent) || start === undefined) return;
      const to = event.detail as Point;
      const bend = Math.max(24, Math.abs(to.y - start.y) / 2) * (now?.end.kind === 'input' ? -1 : 1);
      path.current?.setAttribute(
        'd',
        `M${start.x},${start.y} C${start.x},${start.y + bend} ${to.x},${to.y - bend} ${to.x},${to.y}`,
      );
      if (note.current !== null) note.current.style.translate = `${to.x + 14}px ${to.y + 14}px`;
    };
    window.addEventListener(WIRE_MOVED, onMove);
    return () => window.removeEventListener(WIRE_MOVED, onMove);
  }, [edit, isWiring]);
  if (wire === undefined) return null;
  const { over, carried } = wire;
  const verdict = over === undefined ? '' : over.refused === undefined ? ' fits' : ' refused';
  return (
    <div className="wire-layer" aria-hidden="true">
      <svg className={`edge edge-${carried.kind} wire${verdict}`} data-testid="wire">
        <path ref={path} className="react-flow__edge-path" />
      </svg>
      <div ref={note} className={`wire-note${verdict}`} data-testid="wire-note">
        {over?.refused ?? wire.label}
      </div>
    </div>
  );
}
