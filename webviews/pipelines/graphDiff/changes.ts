/** The changes as one list, in the order in which the drawing is read. Pure. */
import { shownEdges } from '../../../src/core/ir/diff/summary.ts';
import type { GraphNode, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import type { DiffChanges, DiffMark, FieldChange, NodeDiff } from '../../../src/core/protocol/graphDiff.ts';
import type { DrawingMarks } from '../runGraph/marks.tsx';
import { absoluteBox } from '../runGraph/navigation.ts';

export interface ChangeItem {
  /** Stays the same while both versions have the thing: `pipeline`, `node <id>`, `edge <id>`. */
  readonly key: string;
  readonly mark: DiffMark;
  readonly label: string;
  /** The group around it, or what an edge carries. */
  readonly detail: string;
  readonly kind: GraphNode['kind'] | 'pipeline' | 'edge';
  /** What shows it in the drawing; the end of an edge. */
  readonly nodeId: string | undefined;
  readonly edgeId: string | undefined;
  readonly changes: readonly FieldChange[];
  /** Which versions have it. */
  readonly isIn: { readonly before: boolean; readonly after: boolean };
}

export const PIPELINE_KEY = 'pipeline';
export const nodeKey = (nodeId: string): string => `node ${nodeId}`;
export const edgeKey = (edgeId: string): string => `edge ${edgeId}`;

/** The pipeline itself first, then steps and edges as they stand in the drawing. */
export function listChanges(
  { pipeline, nodes, edges }: DiffChanges,
  drawing: LaidOutGraph | undefined,
): readonly ChangeItem[] {
  const labels = new Map(drawing?.graph.nodes.map(({ id, label }) => [id, label]));
  const nameOf = (id: string): string => labels.get(id) ?? id;
  const place = placesIn(drawing);
  const whole: readonly ChangeItem[] =
    pipeline.length === 0
      ? []
      : [
          {
            key: PIPELINE_KEY,
            mark: 'changed',
            label: 'Pipeline',
            detail: 'name, inputs and outputs',
            kind: 'pipeline',
            nodeId: undefined,
            edgeId: undefined,
            changes: pipeline,
            isIn: { before: true, after: true },
          },
        ];
  return [
    ...whole,
    ...[...nodes].sort((a, b) => place(a.nodeId) - place(b.nodeId)).map((one) => nodeItem(one, nameOf)),
    ...[...shownEdges(edges)]
      .sort((a, b) => place(a.to) - place(b.to))
      .map(({ edgeId, mark, from, to, label }): ChangeItem => ({
        key: edgeKey(edgeId),
        mark,
        label: `${nameOf(from)} → ${nameOf(to)}`,
        detail: label,
        kind: 'edge',
        nodeId: to,
        edgeId,
        changes: [],
        isIn: { before: mark !== 'added', after: mark !== 'removed' },
      })),
  ];
}

function nodeItem(one: NodeDiff, nameOf: (id: string) => string): ChangeItem {
  const { nodeId, mark, label, kind, before, after, changes } = one;
  const parent = nodeId.split('/').slice(0, -1).join('/');
  return {
    key: nodeKey(nodeId),
    mark,
    label,
    detail: parent === '' ? '' : `in ${nameOf(parent)}`,
    kind,
    nodeId,
    edgeId: undefined,
    changes,
    isIn: { before: before !== undefined, after: after !== undefined },
  };
}

/** Where a node stands from the top left; one in a closed group stands where that is. */
function placesIn(drawing: LaidOutGraph | undefined): (nodeId: string) => number {
  if (drawing === undefined) return () => 0;
  const parents = new Map(drawing.graph.nodes.map(({ id, parent }) => [id, parent]));
  const [row, most] = [drawing.width + 1, drawing.width * drawing.height];
  return (nodeId) => {
    for (let id: string | undefined = nodeId; id !== undefined; id = parents.get(id)) {
      const box = absoluteBox(drawing, parents, id);
      if (box !== undefined) return box.y * row + box.x;
    }
    return most;
  };
}

/** For the canvas. */
export function marksOf({ nodes, edges, ports }: DiffChanges): DrawingMarks {
  const within = new Map<string, number>();
  const count = (nodeId: string): void => {
    for (let at = nodeId.lastIndexOf('/'); at > 0; at = nodeId.lastIndexOf('/', at - 1)) {
      const group = nodeId.slice(0, at);
      within.set(group, (within.get(group) ?? 0) + 1);
    }
  };
  for (const { nodeId } of nodes) count(nodeId);
  // Both ends are in the same group.
  for (const { to } of shownEdges(edges)) count(to);
  return {
    nodes: new Map([...nodes, ...ports].map(({ nodeId, mark }) => [nodeId, mark])),
    edges: new Map(edges.map(({ edgeId, mark }) => [edgeId, mark])),
    within,
  };
}
