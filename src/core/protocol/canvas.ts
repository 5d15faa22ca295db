/** The canvas's whole contract: a run's graph (runGraph.ts), and edits of its document (graphEdit.ts). */
import type { z } from 'zod';
import { graphEditParams, type GraphEditResults } from './graphEdit.ts';
import type { ParamParsers } from './rpc.ts';
import { runGraphParsers, type RunGraphContract, type RunGraphState } from './runGraph.ts';

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- the rpc's constraint needs its implicit index signature
export type GraphEditContract = {
  readonly state: RunGraphState;
  readonly requests: {
    readonly [M in keyof GraphEditResults]: {
      readonly params: z.infer<(typeof graphEditParams)[M]>;
      readonly result: GraphEditResults[M];
    };
  };
};

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- as above
export type CanvasContract = {
  readonly state: RunGraphState;
  readonly requests: RunGraphContract['requests'] & GraphEditContract['requests'];
};

export const canvasParsers: ParamParsers<CanvasContract> = { ...runGraphParsers, ...graphEditParams };
