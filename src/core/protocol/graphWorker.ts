/** What the graph worker (src/graph-worker.ts, one Node worker thread) answers: parsing, validation and layout. */
import type { LaidOutGraph } from '../ir/graphModel.ts';
import type { InputParameter, PipelineDocument, Problem } from '../ir/model.ts';

export interface AnalyseRequest {
  /** IR YAML or JSON, one or two documents. */
  readonly text: string;
  /** Ids of groups drawn closed. `undefined`: the worker decides (above 2,000 visible nodes, groups start closed). */
  readonly collapsed?: readonly string[];
  /** Problems only. */
  readonly withoutLayout?: boolean;
  /**
   * Whose request this is, e.g. a document's URI. A newer request with the same key replaces one that waits, and its
   * drawing keeps what did not change in place.
   */
  readonly key?: string;
}

export type Analysis =
  | {
      readonly kind: 'pipeline';
      readonly document: PipelineDocument;
      readonly problems: readonly Problem[];
      /** `undefined` when not asked for, or when the document has no tasks to draw. */
      readonly drawing: LaidOutGraph | undefined;
      /** What a run form asks for. */
      readonly inputs: readonly InputParameter[];
    }
  /** Not a KFP v2 pipeline, or not parseable: one sentence and the place. */
  | { readonly kind: 'notPipeline'; readonly problem: Problem };

/** What crosses between the worker thread and its client (src/clients/graphWorker.ts). */
export interface WorkerRequest {
  readonly id: number;
  readonly request: AnalyseRequest;
}

export type WorkerReply =
  | { readonly id: number; readonly kind: 'analysis'; readonly analysis: Analysis }
  | { readonly id: number; readonly kind: 'error'; readonly message: string };
