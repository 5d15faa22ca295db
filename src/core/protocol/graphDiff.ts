/** Two versions of a pipeline side by side: what the difference view draws and lists, and the CLI prints. */
import type { NodeKind, PipelineGraph } from '../ir/graphModel.ts';

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
  /** What either version has: the newer one's nodes, and those that are gone at the place where they were. */
  readonly graph: PipelineGraph;
}
