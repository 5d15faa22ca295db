/** The context menus: the same acts as keys and toolbar, with their keys beside them. */
import type { GraphEdge, GraphNode } from '../../../../src/core/ir/graphModel.ts';
import {
  bindingLabel,
  chosenNodes,
  chosenTasks,
  copyChosen,
  currentGroup,
  cutChosen,
  deleteChosen,
  deleteEdge,
  disconnect,
  duplicateChosen,
  isGroupKind,
  openForm,
  openRename,
} from './acts.ts';
import { isFinalState } from '../fold.ts';
import { stepActs } from '../stepActs.ts';
import type { GraphStore } from '../store.ts';
import { askConnection } from './connectByKeys.ts';
import type { EditStore } from './editStore.ts';
import { keyText } from './keyText.ts';
import type { MenuItem } from './popup.ts';
import { isPortNode, type Point } from './ports.ts';
import { quickAdd } from './quickAdd.ts';

const chord = (key: string): string => keyText(`ctrl+${key.toLowerCase()}`);

export function openNodeMenu(edit: EditStore, node: GraphNode, at: Point): void {
  const { selection } = edit.graph.getSnapshot();
  if (!selection.has(node.id)) edit.graph.select(node.id);
  edit.graph.activate(node.id);
  const isMany = chosenNodes(edit).length > 1;
  const label = isMany ? `${chosenNodes(edit).length} selected` : node.label;
  edit.open({ kind: 'menu', at, label, items: nodeItems(edit, node, at, isMany) });
}

function nodeItems(edit: EditStore, node: GraphNode, at: Point, isMany: boolean): readonly MenuItem[] {
  const tasks = chosenTasks(edit);
  if (tasks.length === 0)
    return [
      { label: 'Rename', keys: 'F2', run: () => openRename(edit), isDisabled: isMany },
      { label: 'Connect to…', keys: 'C', run: () => void askConnection(edit, node), isDisabled: isMany },
      'separator',
      { label: 'Delete', keys: 'Delete', run: () => void deleteChosen(edit) },
    ];
  return [
    ...(isMany ? branchItems(edit, at) : singleItems(edit, node)),
    { label: 'Put into If…', run: () => openForm(edit, { kind: 'if', tasks }, at) },
    { label: 'Put into loop…', run: () => openForm(edit, { kind: 'loop', tasks }, at) },
    { label: 'Put into exit handler…', run: () => openForm(edit, { kind: 'exitHandler', tasks }, at) },
    {
      label: 'Group as sub-pipeline…',
      keys: chord('G'),
      run: () => openForm(edit, { kind: 'subPipeline', tasks }, at),
    },
    'separator',
    { label: 'Cut', keys: chord('X'), run: () => void cutChosen(edit) },
    { label: 'Copy', keys: chord('C'), run: () => void copyChosen(edit) },
    { label: 'Duplicate', keys: chord('D'), run: () => void duplicateChosen(edit) },
    { label: 'Delete', keys: 'Delete', run: () => void deleteChosen(edit) },
  ];
}

function singleItems(edit: EditStore, node: GraphNode): readonly MenuItem[] {
  const { graph } = edit;
  const items: MenuItem[] = [
    { label: 'Rename', keys: 'F2', run: () => openRename(edit) },
    { label: 'Connect to…', keys: 'C', run: () => void askConnection(edit, node) },
  ];
  if (node.kind === 'task')
    items.push({ label: 'Edit code', run: () => void graph.request('editCode', { nodeId: node.id }) });
  items.push({ label: 'Go to the text', run: () => void graph.request('openSource', { nodeId: node.id }) });
  if (isGroupKind(node)) items.push('separator', ...groupItems(edit, node));
  const taskId = ranAs(graph, node);
  if (taskId !== undefined) items.push('separator', ...stepActs(graph, node.id, taskId));
  return [...items, 'separator'];
}

/** The one task that a step became in the run on show, once it has ended. */
function ranAs(graph: GraphStore, { id, kind }: GraphNode): string | undefined {
  const status = kind === 'task' ? graph.statusOf(id) : undefined;
  const hasRun = status?.state === 'CACHED' || (status?.attempts ?? 0) > 0;
  return hasRun && status !== undefined && isFinalState(status.state) ? status.taskId : undefined;
}

/** KFP has no empty branches: the steps of a new one are chosen together with the If. */
function branchItems(edit: EditStore, at: Point): readonly MenuItem[] {
  const chosen = chosenNodes(edit);
  const [branch, ...others] = chosen.filter(({ kind }) => kind === 'condition' || kind === 'branches');
  if (branch === undefined || others.length > 0) return [];
  const tasks = chosenTasks(edit).filter((id) => id !== branch.id);
  const form = { kind: 'elif', branch: branch.id, tasks } as const;
  return [
    { label: 'Add the steps as Elif…', run: () => openForm(edit, form, at) },
    {
      label: 'Add the steps as Else',
      run: () => void edit.perform({ kind: 'addBranch', branch: branch.id, tasks }),
    },
    'separator',
  ];
}

function groupItems(edit: EditStore, node: GraphNode): readonly MenuItem[] {
  const { id } = node;
  const { drawing } = edit.graph.getSnapshot();
  const isClosed = drawing?.collapsed.includes(id) === true;
  const items: MenuItem[] = [
    { label: 'Open alone', keys: 'O', run: () => edit.graph.enter(id) },
    { label: isClosed ? 'Expand' : 'Collapse', keys: 'Space', run: () => edit.graph.toggleGroup(id) },
  ];
  if (node.kind === 'condition')
    items.push({
      label: 'Change condition…',
      run: () => openForm(edit, { kind: 'condition', branch: id }),
    });
  if (node.kind === 'branches')
    items.push({
      label: 'One output of the branches…',
      run: () => openForm(edit, { kind: 'oneOf', branches: id }),
    });
  if (node.kind === 'loop')
    items.push({ label: 'Change loop…', run: () => openForm(edit, { kind: 'setLoop', loop: id }) });
  items.push({ label: 'Unpack', run: () => void edit.perform({ kind: 'unpack', group: id }) });
  return items;
}

export function openEdgeMenu(edit: EditStore, edge: GraphEdge, at: Point): void {
  edit.set({ edge: edge.id });
  const { nodes } = edit.graph.getSnapshot();
  const [from, to] = [nodes.get(edge.from)?.label, nodes.get(edge.to)?.label];
  edit.open({
    kind: 'menu',
    at,
    label: `${from ?? edge.from} → ${to ?? edge.to}`,
    items: [
      ...(edge.bindings.length < 2
        ? []
        : edge.bindings.map((binding) => ({
            label: `Disconnect ${bindingLabel(binding)}`,
            run: () => void disconnect(edit, edge, binding.input),
          }))),
      {
        label:
          edge.kind === 'order'
            ? 'Remove the order'
            : edge.bindings.length > 1
              ? 'Disconnect all'
              : 'Disconnect',
        keys: 'Delete',
        run: () => void deleteEdge(edit, edge),
      },
    ],
  });
}

/** Over the empty canvas, or the empty part of an open group. */
export function openCanvasMenu(edit: EditStore, at: Point, group = currentGroup(edit)): void {
  edit.open({
    kind: 'menu',
    at,
    label: 'Pipeline',
    items: [
      { label: 'Add a step…', keys: 'A', run: () => quickAdd(edit, { at, group }) },
      { label: 'New Python component…', run: () => openForm(edit, { kind: 'python', group }, at) },
      { label: 'Add an input…', run: () => openForm(edit, { kind: 'input', group }, at) },
      { label: 'Add an output…', run: () => openForm(edit, { kind: 'output', group, from: undefined }, at) },
      'separator',
      { label: 'Paste', keys: chord('V'), run: () => void edit.paste(group) },
      { label: 'Select all', keys: chord('A'), run: () => selectAllOf(edit) },
    ],
  });
}

export function selectAllOf(edit: EditStore): void {
  const { nodes, view } = edit.graph.getSnapshot();
  const scope = view.scope === '' ? undefined : view.scope;
  edit.graph.selectAll(
    [...nodes.values()].filter((node) => node.parent === scope && !isPortNode(node)).map((node) => node.id),
  );
}
