/** The canvas's whole contract: a run's graph (runGraph.ts), and edits of its document (graphEdit.ts). */
import { graphEditParsers, type GraphEditResults } from './graphEdit.ts';
import type { ContractOf } from './rpc.ts';
import { runGraphParsers, type RunGraphContract, type RunGraphState } from './runGraph.ts';

export const canvasParsers = { ...runGraphParsers, ...graphEditParsers };

export type GraphEditContract = ContractOf<RunGraphState, typeof graphEditParsers, GraphEditResults>;

export interface CanvasContract {
  readonly state: RunGraphState;
  readonly requests: RunGraphContract['requests'] & GraphEditContract['requests'];
}
