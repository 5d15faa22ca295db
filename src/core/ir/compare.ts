import type { Comparison, DiffRequest } from '../protocol/graphWorker.ts';
import type { Layout } from './analyse.ts';
import { diffPipelines } from './diff.ts';
import type { EditableText } from './editableText.ts';
import type { LaidOutGraph } from './graphModel.ts';
import { layoutGraph } from './layout.ts';
import { parsePipeline } from './parse.ts';

/** Parse both, compare and lay out. Never throws for a text. `yaml`: of earlier versions of the texts. */
export function compare(
  { before, after, collapsed, key }: DiffRequest,
  { engine, memory }: Layout,
  yaml: { readonly before?: EditableText; readonly after?: EditableText } = {},
): Comparison {
  const [a, b] = [parsePipeline(before.text, yaml.before), parsePipeline(after.text, yaml.after)];
  if (a.kind === 'notPipeline' || b.kind === 'notPipeline') {
    const problemOf = (one: typeof a) => (one.kind === 'notPipeline' ? one.problem : undefined);
    return { kind: 'notPipeline', problems: { before: problemOf(a), after: problemOf(b) } };
  }
  const { graph, ...changes } = diffPipelines(a.document, b.document);
  let drawing: LaidOutGraph | undefined;
  if (graph.nodes.length > 0) {
    const previous = key === undefined ? undefined : memory.get(key);
    drawing = layoutGraph(graph, engine, { collapsed, previous });
    if (key !== undefined) memory.set(key, drawing);
  }
  return { kind: 'compared', changes, drawing };
}
