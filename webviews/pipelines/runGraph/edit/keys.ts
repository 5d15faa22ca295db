/** The editor's keys, the same on the canvas and in the list; which key means what is in canvasKeys.ts. */
import { useEffect, useRef } from 'react';
import { canvasCommands, canvasKeyList, type CanvasAct } from '../../../../src/core/protocol/canvasKeys.ts';
import { useSelected } from '../context.ts';
import {
  chosenNodes,
  chosenTasks,
  copyChosen,
  currentGroup,
  cutChosen,
  deleteChosen,
  duplicateChosen,
  isGroupKind,
  openForm,
  openRename,
  placeFor,
} from './acts.ts';
import { askConnection } from './connectByKeys.ts';
import { useEdit } from './context.ts';
import type { EditStore } from './editStore.ts';
import { openCanvasMenu, openNodeMenu, selectAllOf } from './menus.ts';
import { stepProblem } from './problems.ts';
import { quickAdd } from './quickAdd.ts';

const actByKey: ReadonlyMap<string, CanvasAct> = new Map(
  canvasKeyList.flatMap(({ act, keys }) => keys.map((key) => [key, act] as const)),
);

const NAMES: Readonly<Record<string, string>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ' ': 'space',
  '?': 'shift+/',
  '+': '=',
};

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

/** What a key means on the canvas; with Shift, also what it means without, unless it is a chord. */
export function actOf({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyPress): CanvasAct | undefined {
  if (altKey) return undefined;
  const name = NAMES[key] ?? key.toLowerCase();
  const chord = ctrlKey || metaKey ? 'ctrl+' : '';
  const exact = actByKey.get(`${chord}${shiftKey ? 'shift+' : ''}${name}`);
  return exact ?? (chord === '' ? actByKey.get(name) : undefined);
}

/** Whether it was one of the editor's; the others are the canvas's, the list's, or VS Code's own. */
export function editBy(edit: EditStore, act: CanvasAct): boolean {
  if (act === 'shortcuts') {
    edit.open({ kind: 'shortcuts' });
    return true;
  }
  if (!edit.canEdit) return false;
  if (act === 'back') return stepBack(edit);
  const perform = EDITS[act];
  if (perform === undefined) return false;
  edit.afterEdits(() => perform(edit));
  return true;
}

const EDITS: Readonly<Partial<Record<CanvasAct, (edit: EditStore) => void>>> = {
  add: (edit) =>
    quickAdd(edit, { at: placeFor(edit, chosenNodes(edit).at(-1)?.id), group: currentGroup(edit) }),
  connect: (edit) => {
    const node = chosenNodes(edit).at(-1);
    if (node !== undefined) void askConnection(edit, node);
  },
  rename: openRename,
  delete: (edit) => void deleteChosen(edit),
  duplicate: (edit) => void duplicateChosen(edit),
  group: (edit) => {
    const tasks = chosenTasks(edit);
    if (tasks.length > 0) openForm(edit, { kind: 'subPipeline', tasks });
  },
  selectAll: selectAllOf,
  copy: (edit) => void copyChosen(edit),
  cut: (edit) => void cutChosen(edit),
  paste: (edit) => void edit.paste(currentGroup(edit)),
  openGroup: (edit) => {
    const node = chosenNodes(edit).at(-1);
    if (node !== undefined && isGroupKind(node)) edit.graph.enter(node.id);
  },
  menu: (edit) => {
    const node = chosenNodes(edit).at(-1);
    const at = placeFor(edit, node?.id);
    if (node === undefined) openCanvasMenu(edit, at);
    else openNodeMenu(edit, node, at);
  },
  nextProblem: (edit) => stepProblem(edit, 1),
  previousProblem: (edit) => stepProblem(edit, -1),
};

/** What was said, the chosen edge, the group on screen; `false`: nothing of the editor's was open. */
function stepBack(edit: EditStore): boolean {
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

/** Commands of VS Code: of keys that the user has bound, and of its command palette. */
export function useHostCommands(perform: (act: CanvasAct) => void): void {
  const edit = useEdit();
  const command = useSelected(({ host }) => host?.command);
  // A page that is loaded again does nothing twice.
  const seen = useRef(command?.count);
  useEffect(() => {
    if (command === undefined || command.count === seen.current) return;
    seen.current = command.count;
    // It may have been on its way while the user began to type here.
    if (edit.getSnapshot().popup === undefined) perform(command.name);
  }, [command, edit, perform]);
}

/** Tells VS Code whether its keys are this element's. */
export function useKeyFocus(): { readonly onFocus: () => void; readonly onBlur: () => void } {
  const edit = useEdit();
  const tell = (isFocused: boolean): void => {
    if (edit.canEdit) void edit.graph.request('canvasFocus', { isFocused });
  };
  return { onFocus: () => tell(true), onBlur: () => tell(false) };
}

const commands: ReadonlySet<CanvasAct> = new Set(canvasCommands);

/**
 * What is typed anywhere but on the stage is not for the canvas. VS Code learns a moment too late that the focus has
 * moved, and would take a word's first letters for its keys. Function keys stay VS Code's.
 */
export function keepTyping(stage: () => HTMLElement | null): void {
  document.addEventListener('keydown', (event) => {
    const act = actOf(event);
    if (act === undefined || !commands.has(act) || /^F\d/.test(event.key)) return;
    if (event.target !== stage()) event.stopPropagation();
  });
}
