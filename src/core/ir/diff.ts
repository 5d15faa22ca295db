/** The difference of two versions of a pipeline in what they mean. The parts: diff/match → diff/fields → here. */
import type { DiffMark, DiffView, EdgeDiff, NodeDiff } from '../protocol/graphDiff.ts';
import { pipelineChanges, taskChanges, type Placed } from './diff/fields.ts';
import { allGroups, openGroups } from './diff/groups.ts';
import { idAfter, matchTasks, type Matches, type Version } from './diff/match.ts';
import { inputOrigins, originsText } from './diff/origins.ts';
import { portDiffs, type Drawings, type UnionIds } from './diff/ports.ts';
import { buildGraph, childId } from './graph.ts';
import type { GraphEdge, GraphNode, PipelineGraph } from './graphModel.ts';
import type { PipelineDocument } from './model.ts';

/** What the two versions do not have in common, and the drawing of both in one. */
export function diffPipelines(before: PipelineDocument, after: PipelineDocument): DiffView {
  const a = version(before);
  const b = version(after);
  const matches = matchTasks(a, b);
  const drawings = { before: buildGraph(before), after: buildGraph(after) };
  const ids = unionIds(a, b, matches, drawings);
  const graph = unionGraph(drawings, ids);
  const nodes = nodeDiffs(a, b, matches, drawings, ids);
  const edges = edgeDiffs(drawings, ids);
  const pipeline = pipelineChanges(a, b, matches);
  const ports = portDiffs(drawings, ids, { pipeline, nodes });
  return {
    isSame: pipeline.length + nodes.length + edges.length === 0,
    pipeline,
    nodes,
    edges,
    ports,
    graph,
  };
}

function version(document: PipelineDocument): Version {
  const root = openGroups(document);
  if (root !== undefined) return { document, root };
  const dag = { tasks: [], outputs: { parameters: [], artifacts: [] }, range: document.range };
  return {
    document,
    root: { id: '', component: document.root, dag, tasks: new Map(), opener: undefined, inner: new Map() },
  };
}

function unionIds(a: Version, b: Version, matches: Matches, { before, after }: Drawings): UnionIds {
  const taken = new Set(after.nodes.map(({ id }) => id));
  const channels = matchInputs(a, b, matches);
  const ids = new Map<string, string>([['', '']]);
  // Parents come before what they hold.
  for (const { id, parent, kind } of before.nodes) {
    const group = ids.get(parent ?? '') ?? '';
    const name = id.slice(parent === undefined ? 0 : parent.length + 1);
    const isPort = kind === 'input' || kind === 'output';
    const same = isPort ? (channels.get(id) ?? childId(group, name)) : matches.toAfter.get(id);
    if (same !== undefined && taken.has(same)) ids.set(id, same);
    else {
      let gone = childId(group, name);
      while (taken.has(gone)) gone += ' (before)';
      taken.add(gone);
      ids.set(id, gone);
    }
  }
  return ids;
}

/** The compiler's inputs of a group by what they carry, since their names shift with every call. */
function matchInputs(a: Version, b: Version, matches: Matches): ReadonlyMap<string, string> {
  const groups = new Map(allGroups(b.root).map((group) => [group.id, group]));
  const found = new Map<string, string>();
  for (const group of allGroups(a.root)) {
    const other = groups.get(idAfter(matches, group.id));
    if (other === undefined) continue;
    const names = (of: typeof group): readonly string[] =>
      [...of.component.inputs.parameters, ...of.component.inputs.artifacts].map(({ name }) => name);
    const byOrigin = new Map(
      names(other).map((name) => [originsText(inputOrigins(other, name), (node) => node), name]),
    );
    for (const name of names(group)) {
      const origin = originsText(inputOrigins(group, name), (node) => idAfter(matches, node));
      const same = byOrigin.get(origin);
      if (same !== undefined) found.set(childId(group.id, `in:${name}`), childId(other.id, `in:${same}`));
    }
  }
  return found;
}

function unionGraph({ before, after }: Drawings, ids: UnionIds): PipelineGraph {
  const known = new Set(after.nodes.map(({ id }) => id));
  const gone = before.nodes.flatMap((node): readonly GraphNode[] => {
    const id = ids.get(node.id) ?? node.id;
    if (known.has(id)) return [];
    return [{ ...node, id, parent: node.parent === undefined ? undefined : ids.get(node.parent) }];
  });
  const edges = new Map(after.edges.map((edge) => [edge.id, edge]));
  for (const edge of before.edges.map((one) => renamed(one, ids))) {
    // Ends in different groups: one of them has moved.
    if (!edges.has(edge.id) && isDrawable(edge)) edges.set(edge.id, edge);
  }
  return { pipelineName: after.pipelineName, nodes: [...after.nodes, ...gone], edges: [...edges.values()] };
}

function renamed(edge: GraphEdge, ids: UnionIds): GraphEdge {
  const from = ids.get(edge.from) ?? edge.from;
  const to = ids.get(edge.to) ?? edge.to;
  return { ...edge, id: `${from}->${to}:${edge.kind}`, from, to };
}

function isDrawable({ from, to }: GraphEdge): boolean {
  return groupOf(from) === groupOf(to);
}

function groupOf(id: string): string {
  return id.includes('/') ? id.slice(0, id.lastIndexOf('/')) : '';
}

function nodeDiffs(
  a: Version,
  b: Version,
  matches: Matches,
  { before, after }: Drawings,
  ids: UnionIds,
): readonly NodeDiff[] {
  const diffs: NodeDiff[] = [];
  const placedBefore = places(a);
  const placedAfter = places(b);
  const taken = new Set(ids.values());
  const note = (node: GraphNode, nodeId: string, mark: DiffMark): void => {
    diffs.push({
      nodeId,
      mark,
      kind: node.kind,
      label: node.label,
      before: mark === 'removed' ? node.id : undefined,
      after: mark === 'added' ? node.id : undefined,
      changes: [],
    });
  };
  const known = new Set(after.nodes.map(({ id }) => id));
  for (const node of after.nodes) {
    // Inputs and outputs are in the list of the pipeline's or the group's changes.
    if (node.kind === 'input' || node.kind === 'output') continue;
    const old = matches.toBefore.get(node.id);
    const [from, to] = [placedBefore.get(old ?? ''), placedAfter.get(node.id)];
    if (old === undefined || from === undefined || to === undefined) {
      if (!taken.has(node.id)) note(node, node.id, 'added');
      continue;
    }
    const changes = taskChanges(from, to, matches);
    if (changes.length === 0) continue;
    const { kind, label, id } = node;
    diffs.push({ nodeId: id, mark: 'changed', kind, label, before: old, after: id, changes });
  }
  for (const node of before.nodes) {
    const id = ids.get(node.id) ?? node.id;
    if (node.kind !== 'input' && node.kind !== 'output' && !known.has(id)) note(node, id, 'removed');
  }
  return diffs;
}

function places(of: Version): ReadonlyMap<string, Placed> {
  return new Map(
    allGroups(of.root).flatMap((group) =>
      group.dag.tasks.map((task) => [childId(group.id, task.key), { version: of, group, task }] as const),
    ),
  );
}

function edgeDiffs({ before, after }: Drawings, ids: UnionIds): readonly EdgeDiff[] {
  const old = new Map(before.edges.map((edge) => renamed(edge, ids)).map((edge) => [edge.id, edge]));
  const diffs: EdgeDiff[] = [];
  for (const edge of after.edges) {
    const same = old.get(edge.id);
    old.delete(edge.id);
    if (same === undefined) diffs.push(edgeDiff(edge, 'added'));
    else if (bindingsText(same) !== bindingsText(edge)) diffs.push(edgeDiff(edge, 'changed'));
  }
  for (const edge of old.values()) if (isDrawable(edge)) diffs.push(edgeDiff(edge, 'removed'));
  return diffs;
}

function edgeDiff(edge: GraphEdge, mark: DiffMark): EdgeDiff {
  return { edgeId: edge.id, mark, from: edge.from, to: edge.to, label: bindingsText(edge) };
}

/** Names that the compiler made of other names say nothing new. */
function bindingsText({ bindings, kind }: GraphEdge): string {
  const plain = (name: string): string => (name.startsWith('pipelinechannel--') ? '…' : name);
  const texts = bindings.map(({ output, input }) => `${plain(output)} → ${plain(input)}`);
  return kind === 'order' ? 'order' : [...new Set(texts)].sort().join(', ');
}
