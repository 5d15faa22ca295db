/**
 * What can be done on the canvas by a key: one table for the page's own keys, its sheet of shortcuts, and the commands
 * and keybindings in package.json (a test compares). The page acts on the default keys itself, so that typing ahead
 * never waits for the host; a key that the user binds comes back to it as a command.
 */
export type CanvasKeyGroup = 'Move' | 'Edit' | 'Look';

interface KeyRow {
  readonly title: string;
  readonly group: CanvasKeyGroup;
  /** As package.json writes them, the first one is its keybinding; the page takes `cmd` for `ctrl`. */
  readonly keys: readonly [string, ...string[]];
  readonly mac?: string;
  /** VS Code's own, or only of use in the page: not in package.json. */
  readonly isBuiltIn?: true;
}

const canvasKeys = {
  up: { title: 'Go Up Along the Edges', group: 'Move', keys: ['up'] },
  down: { title: 'Go Down Along the Edges', group: 'Move', keys: ['down'] },
  left: { title: 'Go Left', group: 'Move', keys: ['left'] },
  right: { title: 'Go Right', group: 'Move', keys: ['right'] },
  first: { title: 'Go to the First Step', group: 'Move', keys: ['home'] },
  last: { title: 'Go to the Last Step', group: 'Move', keys: ['end'] },
  inspect: { title: 'Open the Step, Then Its Form', group: 'Move', keys: ['enter'] },
  openGroup: { title: 'Open the Group Alone', group: 'Move', keys: ['o'] },
  toggleGroup: { title: 'Expand or Collapse the Group', group: 'Move', keys: ['space'] },
  back: { title: 'Let Go, Then One Group Up', group: 'Move', keys: ['escape'], isBuiltIn: true },
  add: { title: 'Add a Step', group: 'Edit', keys: ['a'] },
  connect: { title: 'Connect to…', group: 'Edit', keys: ['c'] },
  rename: { title: 'Rename', group: 'Edit', keys: ['f2'] },
  delete: { title: 'Delete', group: 'Edit', keys: ['delete', 'backspace'], mac: 'backspace' },
  duplicate: { title: 'Duplicate', group: 'Edit', keys: ['ctrl+d'], mac: 'cmd+d' },
  group: { title: 'Group as Sub-Pipeline…', group: 'Edit', keys: ['ctrl+g'], mac: 'cmd+g' },
  selectAll: { title: 'Select All', group: 'Edit', keys: ['ctrl+a'], mac: 'cmd+a' },
  menu: { title: 'Show What Else Can Be Done', group: 'Edit', keys: ['shift+f10', 'contextmenu'] },
  cut: { title: 'Cut', group: 'Edit', keys: ['ctrl+x'], isBuiltIn: true },
  copy: { title: 'Copy', group: 'Edit', keys: ['ctrl+c'], isBuiltIn: true },
  paste: { title: 'Paste', group: 'Edit', keys: ['ctrl+v'], isBuiltIn: true },
  undo: { title: 'Undo', group: 'Edit', keys: ['ctrl+z'], isBuiltIn: true },
  redo: { title: 'Redo', group: 'Edit', keys: ['ctrl+shift+z'], isBuiltIn: true },
  run: { title: 'Run', group: 'Look', keys: ['r'] },
  find: { title: 'Find a Step', group: 'Look', keys: ['ctrl+f'], mac: 'cmd+f' },
  nextProblem: { title: 'Next Problem', group: 'Look', keys: ['f8'] },
  previousProblem: { title: 'Previous Problem', group: 'Look', keys: ['shift+f8'] },
  fit: { title: 'Fit the Whole Pipeline', group: 'Look', keys: ['f'] },
  zoomToSelection: { title: 'Zoom to Selection', group: 'Look', keys: ['z'] },
  zoomIn: { title: 'Zoom In', group: 'Look', keys: ['='] },
  zoomOut: { title: 'Zoom Out', group: 'Look', keys: ['-'] },
  shortcuts: { title: 'Keyboard Shortcuts', group: 'Look', keys: ['shift+/'] },
} as const satisfies Readonly<Record<string, KeyRow>>;

/** Whatever the page does at a key. */
export type CanvasAct = keyof typeof canvasKeys;

type BuiltIn = 'back' | 'cut' | 'copy' | 'paste' | 'undo' | 'redo';
/** What package.json has a command `slipway.canvas.<name>` for. */
export type CanvasCommand = Exclude<CanvasAct, BuiltIn>;
export type CanvasCommandId = `slipway.canvas.${CanvasCommand}`;

export interface CanvasKey extends KeyRow {
  readonly act: CanvasAct;
}

export const canvasKeyList: readonly CanvasKey[] = (Object.keys(canvasKeys) as CanvasAct[]).map((act) => ({
  act,
  ...canvasKeys[act],
}));

export const canvasCommands: readonly CanvasCommand[] = canvasKeyList
  .filter((row) => row.isBuiltIn !== true)
  .map(({ act }) => act as CanvasCommand);
