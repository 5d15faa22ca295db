/** The editor's keys, the same on the canvas and in the list. */
import type { KeyboardEvent } from 'react';
import {
  chosenNodes,
  copyChosen,
  currentGroup,
  cutChosen,
  deleteChosen,
  duplicateChosen,
  isGroupKind,
  openRename,
  placeFor,
} from './acts.ts';
import { askConnection } from './connectByKeys.ts';
import type { EditStore } from './editStore.ts';
import { openCanvasMenu, openNodeMenu, selectAllOf } from './menus.ts';
import { quickAdd } from './quickAdd.ts';

/** Whether the key was one of ours. Undo and redo are the editor's own keys. */
export function editByKey(edit: EditStore, event: KeyboardEvent): boolean {
  if (!edit.canEdit || event.altKey) return false;
  if (event.ctrlKey || event.metaKey)
    return event.shiftKey ? false : editByChord(edit, event.key.toLowerCase());
  const { active, nodes } = edit.graph.getSnapshot();
  const node = chosenNodes(edit).at(-1) ?? (active === undefined ? undefined : nodes.get(active));
  const at = placeFor(edit, node?.id);
  switch (event.key) {
    case 'Delete':
    case 'Backspace':
      void deleteChosen(edit);
      return true;
    case 'F2':
      openRename(edit);
      return true;
    case 'a':
    case 'A':
      quickAdd(edit, { at, group: currentGroup(edit) });
      return true;
    case 'c':
    case 'C':
      if (node !== undefined) void askConnection(edit, node);
      return true;
    case 'o':
    case 'O':
      if (node !== undefined && isGroupKind(node)) edit.graph.enter(node.id);
      return true;
    case 'ContextMenu':
      return openMenu(edit, at);
    case 'F10':
      return event.shiftKey && openMenu(edit, at);
    case 'Escape':
      return escape(edit);
    default:
      return false;
  }
}

function openMenu(edit: EditStore, at: { readonly x: number; readonly y: number }): boolean {
  const node = chosenNodes(edit).at(-1);
  if (node === undefined) openCanvasMenu(edit, at);
  else openNodeMenu(edit, node, at);
  return true;
}

/** One step back: what was said, the chosen edge, the group on screen; `false`: nothing of ours was open. */
function escape(edit: EditStore): boolean {
  const { refusal, edge } = edit.getSnapshot();
  const { selection, view } = edit.graph.getSnapshot();
  if (refusal !== undefined) edit.forgetRefusal();
  else if (edge !== undefined) edit.set({ edge: undefined });
  else if (selection.size === 0 && view.scope !== '') edit.graph.enter(parentOf(view.scope));
  else return false;
  return true;
}

function parentOf(group: string): string {
  return group.split('/').slice(0, -1).join('/');
}

function editByChord(edit: EditStore, key: string): boolean {
  switch (key) {
    case 'a':
      selectAllOf(edit);
      return true;
    case 'c':
      void copyChosen(edit);
      return true;
    case 'x':
      void cutChosen(edit);
      return true;
    case 'v':
      void edit.paste(currentGroup(edit));
      return true;
    case 'd':
      void duplicateChosen(edit);
      return true;
    default:
      return false;
  }
}
