/**
 * What the graph worker (src/graph-worker.ts, one Node worker thread) answers: parsing, validation and layout, and
 * the planning of edits, so that no text is ever parsed on the extension host's thread.
 */
import type { FoundComponent } from '../ir/edit/definitions.ts';
import type { Gesture, GestureSource, TaskClipboard } from '../ir/edit/gesture.ts';
import type { Plan } from '../ir/edit/plan.ts';
import type { LaidOutGraph } from '../ir/graphModel.ts';
import type { InputParameter, PipelineDocument, Problem } from '../ir/model.ts';
import type { DiffChanges, Side } from './graphDiff.ts';

/** A text to be looked at or edited. */
export interface TextRequest {
  /** IR YAML or JSON, one or two documents. */
  readonly text: string;
  /** Whose text it is, e.g. a document's URI: what was read of its last version is read quickly again. */
  readonly source?: string;
}

export interface AnalyseRequest extends TextRequest {
  /** Ids of groups drawn closed. `undefined`: the worker decides (above 2,000 visible nodes, groups start closed). */
  readonly collapsed?: readonly string[];
  /** Problems only. */
  readonly withoutLayout?: boolean;
  /**
   * Whose request this is, e.g. an editor's. A newer request with the same key replaces one that waits, and its
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
      /**
       * Hash of what the text means: equal for texts that differ in comments, order of keys and quotes. Set with a
       * drawing.
       */
      readonly meaning: string | undefined;
    }
  /** Not a KFP v2 pipeline, or not parseable: one sentence and the place. */
  | { readonly kind: 'notPipeline'; readonly problem: Problem };

/** `collapsed` and `key` as in AnalyseRequest. */
export interface DiffRequest extends Pick<AnalyseRequest, 'collapsed' | 'key'> {
  readonly before: TextRequest;
  readonly after: TextRequest;
}

export type Comparison =
  /** `drawing` is undefined when neither has a task. */
  | {
      readonly kind: 'compared';
      readonly changes: DiffChanges;
      readonly drawing: LaidOutGraph | undefined;
    }
  /** Of the texts that are no pipelines, or cannot be parsed. */
  | { readonly kind: 'notPipeline'; readonly problems: Readonly<Record<Side, Problem | undefined>> };

/** Which inputs of the document take a source, and why the others refuse it. */
export interface Targets {
  readonly inputs: readonly {
    readonly task: string;
    readonly input: string;
    readonly refused: string | undefined;
  }[];
}

/** Everything the worker can be asked, by name. */
export interface WorkerCalls {
  readonly analyse: { readonly request: AnalyseRequest; readonly reply: Analysis };
  readonly diff: { readonly request: DiffRequest; readonly reply: Comparison };
  readonly plan: {
    readonly request: TextRequest & { readonly gesture: Gesture };
    readonly reply: Plan;
  };
  /** `undefined`: none of the tasks is in the text. */
  readonly copy: {
    readonly request: TextRequest & { readonly nodeIds: readonly string[] };
    readonly reply: TaskClipboard | undefined;
  };
  readonly targets: {
    readonly request: TextRequest & { readonly from: GestureSource };
    readonly reply: Targets;
  };
  /** What another file could take from this one. */
  readonly definitions: {
    readonly request: TextRequest;
    readonly reply: readonly FoundComponent[];
  };
}
export type WorkerCall = keyof WorkerCalls;

/** What crosses between the worker thread and its client (src/clients/graphWorker.ts). */
export type WorkerRequest = {
  readonly [K in WorkerCall]: {
    readonly id: number;
    readonly kind: K;
    readonly request: WorkerCalls[K]['request'];
  };
}[WorkerCall];

export type WorkerReply =
  | {
      readonly [K in WorkerCall]: {
        readonly id: number;
        readonly kind: K;
        readonly reply: WorkerCalls[K]['reply'];
      };
    }[WorkerCall]
  | { readonly id: number; readonly kind: 'error'; readonly message: string };
