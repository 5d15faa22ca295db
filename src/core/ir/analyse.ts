import type { AnalyseRequest, Analysis } from '../protocol/graphWorker.ts';
import type { EditableText } from './editableText.ts';
import { buildGraph } from './graph.ts';
import type { LaidOutGraph } from './graphModel.ts';
import type { DotEngine } from './groupLayout.ts';
import { layoutGraph } from './layout.ts';
import { parsePipeline } from './parse.ts';
import { validatePipeline } from './validate.ts';

/** The drawing before this one, for a layout that keeps what did not change in place. */
export interface DrawingMemory {
  get(key: string): LaidOutGraph | undefined;
  set(key: string, drawing: LaidOutGraph): void;
}

/** What drawing takes. */
export interface Layout {
  readonly engine: DotEngine;
  readonly memory: DrawingMemory;
}

/**
 * Parse, validate and, when there is an engine, lay out. Never throws for a text. `yaml`: of an earlier version of the
 * text, so that only what changed is read anew.
 */
export function analyse(request: AnalyseRequest, layout?: Layout, yaml?: EditableText): Analysis {
  const { text, collapsed, key } = request;
  const parsed = parsePipeline(text, yaml);
  if (parsed.kind === 'notPipeline') return parsed;
  const { document } = parsed;
  const problems = [...parsed.problems, ...validatePipeline(document, text)].sort(
    (a, b) => a.range.start - b.range.start,
  );
  let drawing: LaidOutGraph | undefined;
  if (layout !== undefined && request.withoutLayout !== true) {
    const graph = buildGraph(document);
    const previous = key === undefined ? undefined : layout.memory.get(key);
    if (graph.nodes.length > 0) drawing = layoutGraph(graph, layout.engine, { collapsed, previous });
    if (key !== undefined && drawing !== undefined) layout.memory.set(key, drawing);
  }
  const inputs = document.root.inputs.parameters;
  return { kind: 'pipeline', document, problems, drawing, inputs, meaning: undefined };
}
