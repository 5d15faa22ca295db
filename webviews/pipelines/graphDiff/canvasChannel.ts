/** The run graph's canvas over two versions: it gets their drawing, and there is nothing else to ask for. */
import { SlipwayError } from '../../../src/core/base/errors.ts';
import type { CanvasContract } from '../../../src/core/protocol/canvas.ts';
import type { GraphDiffContract, GraphDiffState } from '../../../src/core/protocol/graphDiff.ts';
import type { RequestOptions, WebviewChannel } from '../../../src/core/protocol/rpc.ts';
import type { RunGraphState } from '../../../src/core/protocol/runGraph.ts';
import type { CanvasChannel } from '../runGraph/store.ts';

type Requests = CanvasContract['requests'];
type Drawing = Requests['drawing'];

export function drawingOnly(channel: WebviewChannel<GraphDiffContract>): CanvasChannel {
  return {
    request: <M extends keyof Requests>(
      method: M,
      params: Requests[M]['params'],
      options?: RequestOptions,
    ): Promise<Requests[M]['result']> =>
      method === 'drawing'
        ? // That M is 'drawing' here, the compiler does not see.
          channel.request('drawing', params as Drawing['params'], options)
        : Promise.reject(new SlipwayError('cancelled', 'Two versions are compared here: nothing runs.')),
  };
}

/** What the canvas knows of the comparison: a drawing that can be looked at. */
export function canvasState({ title, comparison }: GraphDiffState): RunGraphState {
  return {
    target: {},
    title,
    environment: { name: '', status: 'unknown', message: undefined },
    document: documentOf(comparison),
    canRun: false,
    run: undefined,
    runs: [],
    busy: undefined,
    editing: { kind: 'readOnly', reason: undefined },
    reveal: undefined,
    paletteRevision: 0,
  };
}

function documentOf(comparison: GraphDiffState['comparison']): RunGraphState['document'] {
  if (comparison.kind === 'loading') return { kind: 'loading' };
  if (comparison.kind === 'unreadable') return { kind: 'failed', message: '' };
  const { revision, isStale, isDrawn } = comparison;
  return isDrawn
    ? { kind: 'drawn', revision, isStale, problem: undefined, problemCount: 0 }
    : { kind: 'empty', revision };
}
