import { SlipwayError } from '../../core/base/errors.ts';
import type { GraphEditContract } from '../../core/protocol/canvas.ts';
import type { Handlers } from '../../core/protocol/rpc.ts';

function refuse(): Promise<never> {
  return Promise.reject(new SlipwayError('readOnly', 'A run cannot be edited. Open its pipeline’s file.'));
}

/** What a graph of a run alone says to edits: the page offers none, so one that comes is an error. */
export const nothingToEdit: Handlers<GraphEditContract> = {
  edit: refuse,
  targets: refuse,
  inspect: refuse,
  inspectGroup: refuse,
  problems: refuse,
  applyFix: refuse,
  showProblemText: refuse,
  palette: refuse,
  paletteItem: refuse,
  copy: refuse,
  paste: refuse,
  editCode: refuse,
  newPythonComponent: refuse,
  canvasFocus: refuse,
  undo: refuse,
  redo: refuse,
  exportDrawing: refuse,
};
