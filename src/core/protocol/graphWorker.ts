/** What the graph worker (src/graph-worker.ts, one Node worker thread) answers: parsing, validation and layout. */
import type { JsonValue } from '../base/json.ts';
import type { LaidOutGraph } from '../ir/graphModel.ts';
import type { InputParameter, PipelineDocument, Problem } from '../ir/model.ts';

export interface AnalyseRequest {
  /** IR YAML or JSON, one or two documents. */
  readonly text: string;
  /** Ids of groups drawn closed. `undefined`: the worker decides (above 2,000 visible nodes, groups start closed). */
  readonly collapsed?: readonly string[];
  /** Problems only. */
  readonly withoutLayout?: boolean;
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

/** Parameters a run would start with: defaults overlaid with what the user set. */
export type RunParameters = Readonly<Record<string, JsonValue>>;
