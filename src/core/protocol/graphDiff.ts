/** Two versions of a pipeline: what the difference view (src/pipelines/diff) draws and lists, and the CLI prints. */
import { z } from 'zod';
import type { LaidOutGraph, NodeKind, PipelineGraph } from '../ir/graphModel.ts';
import type { ContractOf } from './rpc.ts';

export type DiffMark = 'added' | 'removed' | 'changed';

/** One thing that is not the same. Undefined: it was not there, or is not any more. */
export interface FieldChange {
  /** Dotted, e.g. `inputs.rows`, `image`, `retry.maxRetryCount`, `kubernetes.nodeSelector`. */
  readonly path: string;
  /** For people: values as JSON, sources as `prepare.rows`. Code is the whole source. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface NodeDiff {
  /** In the drawing of both. */
  readonly nodeId: string;
  readonly mark: DiffMark;
  readonly kind: NodeKind;
  readonly label: string;
  /** The scope path in the version before, and after. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Empty for what was added or removed. */
  readonly changes: readonly FieldChange[];
}

export interface EdgeDiff {
  /** In the drawing of both. */
  readonly edgeId: string;
  readonly mark: DiffMark;
  /** Node ids in the drawing of both. */
  readonly from: string;
  readonly to: string;
  /** `rows → data`, `rows → data, schema → schema`; `order` when only that. */
  readonly label: string;
}

export interface DiffView {
  /** True when both mean the same, whatever the text looks like. */
  readonly isSame: boolean;
  /** Of the pipeline itself: name, description, inputs, outputs. */
  readonly pipeline: readonly FieldChange[];
  readonly nodes: readonly NodeDiff[];
  readonly edges: readonly EdgeDiff[];
  /** Inputs and outputs that the drawing of both has; what about them is in `pipeline`, or in their group's changes. */
  readonly ports: readonly { readonly nodeId: string; readonly mark: DiffMark }[];
  /** What either version has: the newer one's nodes, and those that are gone at the place where they were. */
  readonly graph: PipelineGraph;
}

/** Without the drawing, which is laid out and pulled by itself. */
export type DiffChanges = Omit<DiffView, 'graph'>;

const sides = ['before', 'after'] as const;
export type Side = (typeof sides)[number];

/** One of the two versions: where its text comes from, such that it can be found again after a reload. */
const diffSource = z.discriminatedUnion('kind', [
  /** Whatever VS Code can open: a file, a file as Git had it (`git:`), an untitled text. */
  z.object({ kind: z.literal('text'), uri: z.string() }),
  /** A pipeline of a Python file, or of what Git had of it: compiled. */
  z.object({ kind: z.literal('python'), uri: z.string(), function: z.string() }),
  z.object({ kind: z.literal('version'), pipelineId: z.string(), versionId: z.string() }),
  /** What a run ran. */
  z.object({ kind: z.literal('run'), runId: z.string() }),
]);
export type DiffSource = z.infer<typeof diffSource>;

export const diffTarget = z.object({ before: diffSource, after: diffSource });
export type DiffTarget = z.infer<typeof diffTarget>;

export interface SideView {
  /** E.g. `churn.pipeline.yaml (HEAD)`. */
  readonly label: string;
  /** Where it is: a path, or the environment that keeps it. */
  readonly detail: string;
  /** Why it cannot be compared as it is now. `line`: where in its text, from 1. */
  readonly problem: { readonly message: string; readonly line: number | undefined } | undefined;
}

export type ComparisonView =
  | { readonly kind: 'loading' }
  /** `isStale`: of the last texts that could be compared. */
  | {
      readonly kind: 'compared';
      readonly revision: number;
      readonly isStale: boolean;
      readonly isSame: boolean;
      /** Not a byte differs. */
      readonly isSameText: boolean;
      /** A pipeline without steps on both sides has nothing to draw. */
      readonly isDrawn: boolean;
    }
  /** A side has a problem, and had from the beginning. */
  | { readonly kind: 'unreadable' };

export interface GraphDiffState {
  /** Given back to the serializer. */
  readonly target: DiffTarget;
  readonly title: string;
  readonly sides: Readonly<Record<Side, SideView>>;
  readonly comparison: ComparisonView;
  /** To another change, by key; a new `count` is a new wish. */
  readonly step: { readonly by: 1 | -1; readonly count: number };
}

const id = z.string().min(1).max(2_000);
const none = z.object({});

export const graphDiffParsers = {
  /** `collapsed: null`: the worker decides which groups start closed. */
  drawing: z.object({ collapsed: z.array(id).max(20_000).nullable() }),
  changes: none,
  swap: none,
  /** The side's text, at its problem if it has one. */
  openSide: z.object({ side: z.enum(sides) }),
  /** Where the node is written. */
  openNode: z.object({ nodeId: id, side: z.enum(sides) }),
  /** Both texts, as VS Code's own difference. */
  openTexts: none,
  /** Both values of one field, the same way. Without a node: of the pipeline itself. */
  openField: z.object({ nodeId: id.nullable(), path: z.string().max(2_000) }),
};

interface Results {
  /** `drawing: null`: nothing to draw now; the state says why. */
  readonly drawing: { readonly revision: number; readonly drawing: LaidOutGraph | null };
  readonly changes: { readonly revision: number; readonly changes: DiffChanges };
  readonly swap: null;
  readonly openSide: null;
  readonly openNode: null;
  readonly openTexts: null;
  readonly openField: null;
}

export type GraphDiffContract = ContractOf<GraphDiffState, typeof graphDiffParsers, Results>;
