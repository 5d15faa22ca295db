/**
 * A pipeline document as a drawing: nodes nested by sub-DAG, typed edges. Made by graph.ts from the document,
 * given positions by layout.ts, drawn by webviews/pipelines. Plain data: it crosses postMessage as it is.
 */
import type { ParameterType, SourceRange } from './model.ts';

export type NodeKind =
  | 'task'
  | 'importer'
  /** A sub-pipeline. */
  | 'dag'
  | 'loop'
  /** An If/Elif/Else wrapper (`condition-branches-*`). */
  | 'branches'
  | 'condition'
  | 'exitHandler'
  /** A group's own input or output, drawn at its border in the opened group. */
  | 'input'
  | 'output';

export interface Port {
  readonly name: string;
  readonly kind: 'parameter' | 'artifact';
  /** Parameter type, or the artifact's schema title. */
  readonly type: ParameterType | (string & {});
  readonly isOptional: boolean;
}

export interface GraphNode {
  /**
   * Scope path: task keys from the root joined by `/`, e.g. `for-loop-1/train`. The join key between document,
   * run tasks (their `scopePath`) and canvas. Inputs and outputs: `<group>/in:<name>`, the pipeline's own `in:<name>`.
   */
  readonly id: string;
  readonly parent: string | undefined;
  readonly kind: NodeKind;
  readonly label: string;
  /** Second line: what it runs (function, image, URI), condition as people read it, loop items. */
  readonly detail: string;
  readonly component: string | undefined;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly range: SourceRange;
}

export interface GraphEdge {
  readonly id: string;
  /** Node ids; both ends have the same parent. */
  readonly from: string;
  readonly to: string;
  readonly kind: 'parameter' | 'artifact' | 'order';
  /** `producer output -> consumer input` pairs that this edge stands for. */
  readonly bindings: readonly { readonly output: string; readonly input: string; readonly type: string }[];
}

export interface PipelineGraph {
  readonly pipelineName: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Pixels; the origin is the top left of the parent group (or of the drawing for the root's nodes). */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface LaidOutGraph {
  readonly graph: PipelineGraph;
  /** By node id. Nodes inside a collapsed group have no box. */
  readonly boxes: Readonly<Record<string, Box>>;
  /** By edge id: way points in the coordinates of the edge's parent group. */
  readonly routes: Readonly<Record<string, readonly { readonly x: number; readonly y: number }[]>>;
  readonly width: number;
  readonly height: number;
  /** Groups drawn as one node. */
  readonly collapsed: readonly string[];
}
