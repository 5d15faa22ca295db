import type { GestureKind } from '../gesture.ts';
import type { EditOf } from '../spec.ts';
import { addBranch, addOneOf, setCondition, wrapInIf } from './conditions.ts';
import { wrapInExitHandler } from './exitHandler.ts';
import { groupAsSubPipeline, moveTo, renameComponent, unpack } from './groups.ts';
import { setLoop, wrapInLoop } from './loops.ts';

/** What plan.ts looks up for gestures that change which group a task is in. */
export const controlFlowEdits = {
  wrapInIf,
  addBranch,
  setCondition,
  addOneOf,
  wrapInLoop,
  setLoop,
  wrapInExitHandler,
  groupAsSubPipeline,
  unpack,
  moveTo,
  renameComponent,
} satisfies { readonly [K in GestureKind]?: EditOf<K> };
