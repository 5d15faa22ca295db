/** Wiring without a pointer: choose an output, then one of the inputs; what refuses is listed with its reason. */
import type { GraphNode } from '../../../../src/core/ir/graphModel.ts';
import { placeFor } from './acts.ts';
import type { EditStore } from './editStore.ts';
import type { ChooserItem } from './popup.ts';
import { isPortNode, portLabel, typeLabel } from './ports.ts';
import { askTargets, connect, itemStart, orderStart, outputStart, type WireStart } from './wire.ts';

export async function askConnection(edit: EditStore, node: GraphNode): Promise<void> {
  if (node.kind === 'output') {
    edit.refuse(`${node.label} is an output: connect a step to it from that step.`);
    return;
  }
  const starts: WireStart[] = node.outputs.map((port) => outputStart(node, port));
  if (node.kind === 'loop') starts.push(itemStart(node));
  if (!isPortNode(node)) starts.push(orderStart(node));
  const [only, ...others] = starts;
  if (only === undefined) return;
  if (others.length === 0) {
    await askTarget(edit, only);
    return;
  }
  const at = placeFor(edit, node.id);
  const items = starts.map((start, index): ChooserItem => ({
    id: String(index),
    label: start.end.kind === 'order' ? 'Order only' : start.label,
    detail: start.end.kind === 'order' ? `Runs after ${node.label}` : typeLabel(start.carried.type),
    icon: start.end.kind === 'order' ? 'arrow-down' : 'symbol-field',
    run: () => void askTarget(edit, start),
  }));
  edit.open({ kind: 'chooser', at, label: `Connect what of ${node.label}?`, load: filtered(items) });
}

async function askTarget(edit: EditStore, start: WireStart): Promise<void> {
  const at = placeFor(edit, start.node.id);
  try {
    const targets = await askTargets(edit, start);
    const { nodes } = edit.graph.getSnapshot();
    const items: ChooserItem[] = [...targets].flatMap(([id, ports]) => {
      const node = nodes.get(id);
      if (node === undefined || id === start.node.id) return [];
      return ports.map(({ port, refused }): ChooserItem => ({
        id: `${id} ${port}`,
        label: port === '' ? node.label : `${node.label}.${portLabel(port)}`,
        detail: '',
        icon: 'symbol-parameter',
        refused,
        run: () => void connect(edit, { node: start.node.id, end: start.end }, id, port, at),
      }));
    });
    if (items.length === 0) {
      edit.refuse(`Nothing here takes ${start.label}.`, at);
      return;
    }
    // What can be chosen first.
    items.sort((a, b) => Number(a.refused !== undefined) - Number(b.refused !== undefined));
    edit.open({ kind: 'chooser', at, label: `Connect ${start.label} to`, load: filtered(items) });
  } catch (error) {
    edit.graph.fail(error);
  }
}

/** Items that hold the text, whatever the case. */
function filtered(items: readonly ChooserItem[]): (query: string) => Promise<readonly ChooserItem[]> {
  return (query) => {
    const wanted = query.trim().toLowerCase();
    return Promise.resolve(
      items.filter((item) => `${item.label} ${item.detail}`.toLowerCase().includes(wanted)),
    );
  };
}
