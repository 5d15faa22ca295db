/** Inputs and outputs as nodes of the drawing of both versions. */
import type { DiffView, FieldChange } from '../../protocol/graphDiff.ts';
import { childId } from '../graph.ts';
import type { GraphNode, PipelineGraph } from '../graphModel.ts';

export interface Drawings {
  readonly before: PipelineGraph;
  readonly after: PipelineGraph;
}

/** What nodes of the version before are called in the drawing of both. */
export type UnionIds = ReadonlyMap<string, string>;

/** Inputs and outputs that were added, removed or changed, by their ids in the drawing of both. */
export function portDiffs(
  { before, after }: Drawings,
  ids: UnionIds,
  { pipeline, nodes }: Pick<DiffView, 'pipeline' | 'nodes'>,
): DiffView['ports'] {
  const had = new Set(before.nodes.filter(isPort).map(({ id }) => ids.get(id) ?? id));
  const has = new Set(after.nodes.filter(isPort).map(({ id }) => id));
  const changed = new Set([
    ...changedPorts('', pipeline),
    ...nodes.flatMap(({ nodeId, changes }) => changedPorts(nodeId, changes)),
  ]);
  return [
    ...[...has].flatMap((nodeId): DiffView['ports'] => {
      if (!had.has(nodeId)) return [{ nodeId, mark: 'added' }];
      return changed.has(nodeId) ? [{ nodeId, mark: 'changed' }] : [];
    }),
    ...[...had].filter((id) => !has.has(id)).map((nodeId) => ({ nodeId, mark: 'removed' }) as const),
  ];
}

function isPort({ kind }: GraphNode): boolean {
  return kind === 'input' || kind === 'output';
}

/** Paths as fields.ts writes them: `input rows.default`, `output model`. */
function changedPorts(group: string, changes: readonly FieldChange[]): readonly string[] {
  return changes.flatMap(({ path }) => {
    const named = /^(input|output) (.+?)(?:\.(?:type|default|optional|description))?$/.exec(path);
    const [, kind, name] = named ?? [];
    return name === undefined ? [] : [childId(group, `${kind === 'input' ? 'in' : 'out'}:${name}`)];
  });
}
