/** Pointer gestures of the canvas: steps into another group, a box around several. */
import type { GraphNode } from '../../../../src/core/ir/graphModel.ts';
import { followPointer } from './drag.ts';
import type { EditStore } from './editStore.ts';
import { groupOf, isPortNode, type Point } from './ports.ts';

interface Press {
  readonly clientX: number;
  readonly clientY: number;
  readonly pointerId: number;
}

/** Carries the pressed step, and the selection if it is part of it, into the group where it is let go. */
export function dragSteps(edit: EditStore, press: Press, node: GraphNode): void {
  if (isPortNode(node)) return;
  const { selection, nodes } = edit.graph.getSnapshot();
  const tasks = (selection.has(node.id) ? [...selection] : [node.id]).filter((id) => {
    const one = nodes.get(id);
    return one !== undefined && !isPortNode(one);
  });
  const label = tasks.length === 1 ? node.label : `${tasks.length} steps`;
  const home = groupOf(node);
  /** The group under the pointer, unless that changes nothing. */
  const target = (at: Point): string | undefined => {
    const hit = edit.geometry?.hit(at);
    if (hit === undefined) return undefined;
    const isInside = tasks.some((id) => hit.group === id || hit.group.startsWith(`${id}/`));
    return isInside || hit.group === home ? undefined : hit.group;
  };
  followPointer(press, {
    onMove: (at) => {
      edit.geometry?.nudge(at);
      edit.carry({ label, over: target(at) }, at);
    },
    onDrop: (at) => {
      edit.set({ cargo: undefined });
      const group = target(at);
      if (group !== undefined) void edit.perform({ kind: 'moveTo', tasks, group }, at);
    },
    onCancel: () => edit.set({ cargo: undefined }),
  });
}

/** Selects what the box touches; with what was selected before. */
export function dragBox(
  edit: EditStore,
  press: Press,
  draw: (box: { readonly from: Point; readonly to: Point } | undefined) => void,
  inBox: (from: Point, to: Point) => readonly string[],
): void {
  const before = [...edit.graph.getSnapshot().selection];
  const from = { x: press.clientX, y: press.clientY };
  followPointer(press, {
    onMove: (to) => draw({ from, to }),
    onDrop: (to) => {
      draw(undefined);
      edit.graph.selectAll([...new Set([...before, ...inBox(from, to)])]);
    },
    onCancel: () => draw(undefined),
  });
}
