/**
 * What the run graph's panel (src/pipelines/graph) and its webview (webviews/pipelines/runGraph.tsx) say to each
 * other. The pushed state is small: drawings, tasks, logs and previews are pulled when their revision moves.
 * Times are milliseconds since the epoch; `undefined` is "not yet" and does not survive JSON as a key.
 */
import type { CanvasCommand } from './canvasKeys.ts';
import { z } from 'zod';
import type { JsonValue } from '../base/json.ts';
import type { LaidOutGraph } from '../ir/graphModel.ts';
import type { Editing } from './graphEdit.ts';
import type { ContractOf } from './rpc.ts';

export type TaskRowState = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'SKIPPED' | 'FAILED' | 'CACHED';
export type RunRowState =
  'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'SKIPPED' | 'FAILED' | 'CANCELING' | 'CANCELED' | 'PAUSED';

/** What the panel shows; kept by the webview across reloads and given back to the serializer. */
export const graphTarget = z.object({
  /** A pipeline file, or nothing when the panel was opened on a run of an uploaded pipeline. */
  uri: z.string().optional(),
  runId: z.string().optional(),
});
export type GraphTarget = z.infer<typeof graphTarget>;

export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly state: RunRowState;
  readonly createdAt: number;
  readonly finishedAt: number | undefined;
}

export interface RunView extends RunSummary {
  readonly error: string | undefined;
  /** `reconnecting`: the service does not answer; what is shown is the last that was heard. */
  readonly connection: 'live' | 'reconnecting';
  /** Moves when `tasks` would answer something new. */
  readonly tasksRevision: number;
  /** It is drawn on the file it was started from, which means something else by now. */
  readonly isEdited: boolean;
}

export type DocumentView =
  | { readonly kind: 'loading' }
  /** `isStale`: the text is broken now, this is its last good drawing. `problem`: the first error, one sentence. */
  | {
      readonly kind: 'drawn';
      readonly revision: number;
      readonly isStale: boolean;
      readonly problem: string | undefined;
      readonly problemCount: number;
    }
  /** A pipeline without tasks. */
  | { readonly kind: 'empty'; readonly revision: number }
  | { readonly kind: 'notPipeline'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface RunGraphState {
  readonly target: GraphTarget;
  readonly title: string;
  readonly environment: {
    readonly name: string;
    /** `unknown`: not looked at yet. */
    readonly status: 'unknown' | 'ready' | 'starting' | 'stopped' | 'failed';
    readonly message: string | undefined;
  };
  readonly document: DocumentView;
  /** A pipeline file without errors. */
  readonly canRun: boolean;
  readonly run: RunView | undefined;
  /** Earlier runs of this pipeline, newest first, at most 50. */
  readonly runs: readonly RunSummary[];
  /** What the panel is doing for the user, e.g. "Starting the run"; shown as progress. */
  readonly busy: string | undefined;
  readonly editing: Editing;
  /** Moves when the palette would answer something new. */
  readonly paletteRevision: number;
  /** A node to select and bring into view; a new `count` is a new wish. */
  readonly reveal: { readonly nodeId: string; readonly count: number } | undefined;
  /** A command of the canvas that came by VS Code; a new `count` is a new call. */
  readonly command?: { readonly name: CanvasCommand; readonly count: number } | undefined;
}

/** One task of a run; iterations share their loop body's path and are told apart by their ancestors. */
export interface TaskRow {
  readonly id: string;
  readonly parentId: string | undefined;
  /** Id of its GraphNode; empty for the root. */
  readonly path: string;
  readonly name: string;
  readonly kind: string;
  readonly state: TaskRowState;
  readonly iteration: number | undefined;
  readonly iterationCount: number | undefined;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly attempts: number;
  /** Short badges, e.g. "not in its image". */
  readonly notes: readonly string[];
}

export interface ArtifactView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly uri: string;
  readonly metrics: MetricsView | undefined;
  /** Metadata that is not drawn as metrics. */
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
}

export interface MetricsView {
  readonly scalars: readonly { readonly name: string; readonly value: number }[];
  readonly confusionMatrix: ConfusionMatrix | undefined;
  readonly roc: RocCurve | undefined;
}

export interface ConfusionMatrix {
  readonly labels: readonly string[];
  /** `rows[actual][predicted]`. */
  readonly rows: readonly (readonly number[])[];
  readonly accuracy: number;
  readonly perLabel: readonly {
    readonly precision: number | undefined;
    readonly recall: number | undefined;
  }[];
}

export interface RocCurve {
  /** By rising false positive rate; thinned to what a drawing needs. */
  readonly points: readonly {
    readonly falsePositiveRate: number;
    readonly truePositiveRate: number;
    /** `undefined`: above every score (scikit-learn writes infinity). */
    readonly threshold: number | undefined;
  }[];
  /** Of all points, by the trapezoidal rule. */
  readonly areaUnderCurve: number;
}

export interface IoView {
  readonly name: string;
  readonly kind: 'parameter' | 'artifact';
  readonly type: string;
  /** Set for parameters once they have a value. */
  readonly value: JsonValue | undefined;
  readonly producer: string | undefined;
  readonly artifacts: readonly ArtifactView[];
}

export interface TaskDetail {
  readonly nodeId: string;
  /** `undefined` before a run reached the task. */
  readonly taskId: string | undefined;
  readonly title: string;
  readonly state: TaskRowState | undefined;
  readonly error: string | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** Names that address logs, oldest first. */
  readonly attempts: readonly string[];
  readonly notes: readonly { readonly name: string; readonly value: string }[];
  /** Facts of the document: component, image, packages. */
  readonly definition: readonly { readonly name: string; readonly value: string }[];
  readonly inputs: readonly IoView[];
  readonly outputs: readonly IoView[];
  readonly hasSource: boolean;
}

export interface LogChunk {
  readonly text: string;
  /** Ask again from here. */
  readonly next: number;
  /** Text before this chunk was dropped, because the log is longer than what is kept. */
  readonly isGap: boolean;
  readonly hasEnded: boolean;
}

export type ArtifactPreview =
  | { readonly kind: 'text'; readonly text: string; readonly isTruncated: boolean }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly isTruncated: boolean;
    }
  | { readonly kind: 'image'; readonly mimeType: string; readonly base64: string }
  /** HTML, or Markdown as HTML: shown in a frame that runs no scripts. */
  | { readonly kind: 'html'; readonly html: string }
  /** One sentence why there is nothing to see. */
  | { readonly kind: 'none'; readonly message: string };

/** Why a step was taken from the cache, or why it was not. */
export interface CacheView {
  readonly kind:
    | 'hit'
    /** Caching is off for the step. */
    | 'off'
    /** No earlier run executed it. */
    | 'first'
    /** It was off when the step ran before, so nothing was kept. */
    | 'notKept'
    /** Something of the key changed. */
    | 'differs'
    /** Nothing that can be seen from here changed: what it made is gone, or caching is off for the whole run. */
    | 'same';
  /** The run with the nearest earlier execution. */
  readonly against: { readonly id: string; readonly name: string } | undefined;
  readonly differences: readonly {
    /** `Input rows`, `Image`, `Code`, … */
    readonly name: string;
    readonly before: string | undefined;
    readonly after: string | undefined;
  }[];
}

export interface FailureView {
  readonly reason: string;
  readonly lines: readonly string[];
  readonly likelyCause: string | undefined;
  /** `churn.py:42`; followed by the request `followFailure`. */
  readonly sourceLabel: string | undefined;
  readonly actionLabel: string | undefined;
}

const id = z.string().min(1).max(2_000);
const none = z.object({});

const graphActs = ['run', 'runWith', 'terminate', 'retry', 'startService', 'openText', 'showLog'] as const;
export type GraphAct = (typeof graphActs)[number];

export const runGraphParsers = {
  /** `collapsed: null`: the worker decides which groups start closed. */
  drawing: z.object({ collapsed: z.array(id).max(20_000).nullable() }),
  tasks: none,
  /** `nodeId` empty: the run as a whole. `taskId`: one of several tasks behind the node. */
  task: z.object({ nodeId: z.string().max(2_000), taskId: id.nullable() }),
  /** Waits up to 20 s for text beyond `from`. */
  readLog: z.object({ taskId: id, attempt: id, from: z.int().min(0) }),
  preview: z.object({ artifactId: id }),
  explain: z.object({ taskId: id }),
  whyCache: z.object({ taskId: id }),
  /** A new run with the same inputs, in which this step and what waits for it run anew and the rest is cached. */
  retryFrom: z.object({ nodeId: id }),
  /** Calls its function here on the inputs that it had there, in the debugger. */
  debugStep: z.object({ taskId: id }),
  followFailure: z.object({ taskId: id, part: z.enum(['source', 'action']) }),
  openSource: z.object({ nodeId: id }),
  openArtifact: z.object({ artifactId: id }),
  openLog: z.object({ taskId: id, attempt: id }),
  /** `null`: back to the document. */
  selectRun: z.object({ runId: id.nullable() }),
  act: z.object({ act: z.enum(graphActs) }),
};

interface Results {
  /** `drawing: null`: nothing to draw now; the state says why. */
  readonly drawing: { readonly revision: number; readonly drawing: LaidOutGraph | null };
  readonly tasks: { readonly revision: number; readonly rows: readonly TaskRow[] };
  readonly task: TaskDetail;
  readonly readLog: LogChunk;
  readonly preview: ArtifactPreview;
  readonly explain: FailureView;
  readonly whyCache: CacheView;
  readonly retryFrom: null;
  readonly debugStep: null;
  readonly followFailure: null;
  readonly openSource: null;
  readonly openArtifact: null;
  readonly openLog: null;
  readonly selectRun: null;
  readonly act: null;
}

export type RunGraphContract = ContractOf<RunGraphState, typeof runGraphParsers, Results>;
