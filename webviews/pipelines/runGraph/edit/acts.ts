/** What can be done to nodes and edges, by menu, key or toolbar: each act is one gesture, or opens what asks for more. */
import type { GraphEdge, GraphNode } from '../../../../src/core/ir/graphModel.ts';
import type { EditOutcome } from '../../../../src/core/protocol/graphEdit.ts';
import type { EditStore } from './editStore.ts';
import type { FlowForm } from './popup.ts';
import { groupOf, interfaceName, isPortNode, portLabel, type Point } from './ports.ts';

/** The selected nodes that are drawn, or the one the keyboard is on. */
export function chosenNodes(edit: EditStore): readonly GraphNode[] {
  const { selection, active, nodes } = edit.graph.getSnapshot();
  const ids = selection.size > 0 ? [...selection] : active === undefined ? [] : [active];
  return ids.map((id) => nodes.get(id)).filter((node) => node !== undefined);
}

/** Those of them that are tasks; groups are tasks, inputs and outputs are not. */
export function chosenTasks(edit: EditStore): readonly string[] {
  return chosenNodes(edit)
    .filter((node) => !isPortNode(node))
    .map((node) => node.id);
}

/** Where something new goes: into the group on screen, or the one that the keyboard is in. */
export function currentGroup(edit: EditStore): string {
  const { active, nodes, view, drawing } = edit.graph.getSnapshot();
  const node = active === undefined ? undefined : nodes.get(active);
  if (node === undefined) return view.scope;
  const isOpenGroup = isGroupKind(node) && drawing?.collapsed.includes(node.id) !== true;
  return isOpenGroup ? node.id : groupOf(node);
}

export function isGroupKind(node: GraphNode): boolean {
  return ['dag', 'loop', 'branches', 'condition', 'exitHandler'].includes(node.kind);
}

/** Near the node, or in the middle of what is seen. */
export function placeFor(edit: EditStore, nodeId?: string): Point {
  const anchor = nodeId === undefined ? undefined : edit.geometry?.anchor(nodeId);
  return anchor ?? { x: window.innerWidth / 2, y: window.innerHeight / 3 };
}

/** Steps by one gesture; inputs, outputs and the chosen edge each by their own. */
export async function deleteChosen(edit: EditStore): Promise<void> {
  const edgeId = edit.getSnapshot().edge;
  if (edgeId !== undefined) {
    const edge = edit.graph.getSnapshot().drawing?.graph.edges.find((one) => one.id === edgeId);
    if (edge !== undefined) await deleteEdge(edit, edge);
    return;
  }
  const nodes = chosenNodes(edit);
  const tasks = nodes.filter((node) => !isPortNode(node)).map((node) => node.id);
  if (tasks.length > 0) await edit.perform({ kind: 'delete', tasks });
  for (const node of nodes.filter(isPortNode)) {
    const place = { group: groupOf(node), name: interfaceName(node) };
    const kind = node.kind === 'input' ? 'removeInput' : 'removeOutput';
    if ((await edit.perform({ kind, ...place }))?.kind !== 'done') return;
  }
}

/** Takes away everything an edge stands for. */
export async function deleteEdge(edit: EditStore, edge: GraphEdge): Promise<void> {
  if (edge.kind === 'order') {
    await edit.perform({ kind: 'removeRunAfter', task: edge.to, after: edge.from });
    return;
  }
  for (const { input } of edge.bindings) {
    if ((await disconnect(edit, edge, input))?.kind !== 'done') return;
  }
}

export function disconnect(
  edit: EditStore,
  edge: GraphEdge,
  input: string,
): Promise<EditOutcome | undefined> {
  const to = edit.graph.getSnapshot().nodes.get(edge.to);
  return to?.kind === 'output'
    ? edit.perform({ kind: 'removeOutput', group: groupOf(to), name: interfaceName(to) })
    : edit.perform({ kind: 'disconnect', task: edge.to, input });
}

export async function duplicateChosen(edit: EditStore): Promise<void> {
  const tasks = [...chosenTasks(edit)];
  if (tasks.length > 0) await edit.perform({ kind: 'duplicate', tasks });
}

export async function copyChosen(edit: EditStore): Promise<boolean> {
  const nodeIds = chosenTasks(edit);
  if (nodeIds.length === 0) return false;
  if (!(await edit.copy(nodeIds))) return false;
  edit.graph.announce(nodeIds.length === 1 ? 'Copied' : `${nodeIds.length} steps copied`);
  return true;
}

export async function cutChosen(edit: EditStore): Promise<void> {
  if (await copyChosen(edit)) await edit.perform({ kind: 'delete', tasks: [...chosenTasks(edit)] });
}

export function openRename(edit: EditStore): void {
  const node = chosenNodes(edit).at(-1);
  if (node !== undefined) edit.open({ kind: 'rename', nodeId: node.id });
}

/** By the kind of what is renamed; an unchanged name is no edit. */
export async function rename(
  edit: EditStore,
  node: GraphNode,
  wanted: string,
): Promise<EditOutcome | undefined> {
  const name = wanted.trim();
  edit.close();
  if (name === '' || name === node.label) return undefined;
  if (!isPortNode(node)) return edit.perform({ kind: 'rename', task: node.id, name });
  const group = groupOf(node);
  const before = interfaceName(node);
  if (node.kind === 'output')
    return edit.perform({ kind: 'renameOutput', group, name: before, newName: name });
  const view = await edit.graph.request('inspectGroup', { group });
  const input = view?.inputs.find((one) => one.name === before);
  if (input === undefined) return undefined;
  const { kind, type, isOptional, defaultValue, description } = input;
  return edit.perform({
    kind: 'changeInput',
    group,
    name: before,
    port: {
      name,
      kind,
      type,
      isOptional,
      ...(defaultValue === undefined ? {} : { defaultValue }),
      ...(description === undefined ? {} : { description }),
    },
  });
}

export function openForm(edit: EditStore, form: FlowForm, at?: Point): void {
  edit.open({ kind: 'form', form, at: at ?? placeFor(edit, chosenNodes(edit).at(-1)?.id) });
}

/** What an edge says in a menu: `rows → train.rows`. */
export function bindingLabel({ output, input }: GraphEdge['bindings'][number]): string {
  return `${portLabel(output)} → ${portLabel(input)}`;
}
