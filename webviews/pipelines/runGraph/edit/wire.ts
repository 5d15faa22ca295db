/**
 * Wires: from a dot to another, to a card, or into the empty. Which inputs take the value is asked once from the host,
 * when the wire is picked up; from then on each move only looks the answer up.
 */
import type { GraphNode, Port } from '../../../../src/core/ir/graphModel.ts';
import type { GestureSource } from '../../../../src/core/ir/edit/gesture.ts';
import type { EditStore } from './editStore.ts';
import type { Hit } from './geometry.ts';
import {
  isPortNode,
  mayFit,
  ORDER,
  portLabel,
  sourceOf,
  typeLabel,
  type Carried,
  type Point,
} from './ports.ts';
import { quickAdd } from './quickAdd.ts';

export interface WireTarget {
  /** Input (or, backwards, output) of the node. */
  readonly port: string;
  readonly refused: string | undefined;
}

export type WireEnd =
  /** From an output to whoever takes it. */
  | { readonly kind: 'source'; readonly source: GestureSource }
  /** From an input to whoever feeds it. */
  | { readonly kind: 'input'; readonly input: string }
  | { readonly kind: 'order' };

export interface Wire {
  readonly node: string;
  readonly end: WireEnd;
  readonly carried: Carried;
  /** `prepare.rows` */
  readonly label: string;
  /** In the drawing's coordinates. */
  readonly from: Point;
  /** By node id; `undefined` until the host has said. */
  readonly targets: ReadonlyMap<string, readonly WireTarget[]> | undefined;
  readonly over: WireOver | undefined;
}

export interface WireOver {
  readonly node: string;
  readonly port: string | undefined;
  /** Why a drop here would be refused. */
  readonly refused: string | undefined;
}

export interface WireStart {
  readonly node: GraphNode;
  readonly end: WireEnd;
  readonly carried: Carried;
  readonly label: string;
}

/** A wire from an output, to whatever takes it. */
export function outputStart(node: GraphNode, port: Port): WireStart {
  return {
    node,
    end: { kind: 'source', source: sourceOf(node, port.name) },
    carried: port,
    label: node.kind === 'input' ? node.label : `${node.label}.${portLabel(port.name)}`,
  };
}

/** A wire that is drawn backwards: from an input, to what feeds it. */
export function inputStart(node: GraphNode, port: Port): WireStart {
  return {
    node,
    end: { kind: 'input', input: port.name },
    carried: port,
    label: `${node.label}.${portLabel(port.name)}`,
  };
}

/** The item of a loop, for the steps inside. */
export function itemStart(loop: GraphNode): WireStart {
  return {
    node: loop,
    end: { kind: 'source', source: { kind: 'loopItem', group: loop.id } },
    carried: { kind: 'parameter', type: 'STRUCT' },
    label: `item of ${loop.label}`,
  };
}

/** A wire that carries nothing: what it ends at runs after this. */
export function orderStart(node: GraphNode): WireStart {
  return { node, end: { kind: 'order' }, carried: ORDER, label: `after ${node.label}` };
}

/** Which ports of which nodes take this wire. */
export async function askTargets(edit: EditStore, start: WireStart): Promise<NonNullable<Wire['targets']>> {
  const { end, node, carried } = start;
  const { nodes } = edit.graph.getSnapshot();
  if (end.kind === 'source') {
    const { inputs } = await edit.graph.ask('targets', { source: end.source });
    const byTask = Map.groupBy(inputs, (input) => input.task);
    return new Map(
      [...byTask].map(([task, list]) => [task, list.map(({ input, refused }) => ({ port: input, refused }))]),
    );
  }
  const others = [...nodes.values()].filter((one) => one.id !== node.id);
  if (end.kind === 'order')
    return new Map(
      others
        .filter((one) => !isPortNode(one) && one.parent === node.parent)
        .map((one) => [one.id, [{ port: '', refused: undefined }]]),
    );
  return new Map(
    others
      .filter((one) => one.kind !== 'output' && !one.id.startsWith(`${node.id}/`))
      .map((one) => [
        one.id,
        one.outputs.map((port) => ({
          port: port.name,
          refused: mayFit(port, carried)
            ? undefined
            : `${portLabel(port.name)} is ${typeLabel(port.type)}, ${start.label} takes ${typeLabel(carried.type)}.`,
        })),
      ]),
  );
}

/** What would happen at this place. */
export function judge(wire: Wire, hit: Hit, nodes: ReadonlyMap<string, GraphNode>): WireOver | undefined {
  if (hit.node === undefined || hit.node === wire.node || wire.targets === undefined) return undefined;
  const targets = wire.targets.get(hit.node) ?? [];
  const side = wire.end.kind === 'input' ? 'output' : 'input';
  const port = hit.port?.side === side && wire.end.kind !== 'order' ? hit.port.name : undefined;
  const meant = port === undefined ? targets : targets.filter((one) => one.port === port);
  if (meant.some((one) => one.refused === undefined)) return { node: hit.node, port, refused: undefined };
  const label = nodes.get(hit.node)?.label ?? hit.node;
  const reason =
    meant.find((one) => one.refused !== undefined)?.refused ??
    (wire.end.kind === 'order'
      ? `${label} is in another group.`
      : wire.end.kind === 'input'
        ? `${label} has no output.`
        : `${label} has no input for it.`);
  return { node: hit.node, port, refused: reason };
}

/** The wire is let go: connects, asks which input was meant, adds a step, or says why not. */
export async function drop(edit: EditStore, wire: Wire, at: Point, hit: Hit): Promise<void> {
  if (hit.node === wire.node) return;
  if (hit.node === undefined) {
    if (wire.end.kind !== 'order') quickAdd(edit, { at, group: hit.group, wire });
    return;
  }
  const { nodes } = edit.graph.getSnapshot();
  const over = judge(wire, hit, nodes);
  if (over === undefined) return;
  if (over.refused !== undefined) {
    edit.refuse(over.refused, at);
    return;
  }
  const fits = (wire.targets?.get(over.node) ?? []).filter(
    (one) => one.refused === undefined && (over.port === undefined || one.port === over.port),
  );
  const [first, ...others] = fits;
  if (first === undefined) return;
  if (others.length === 0) {
    await connect(edit, wire, over.node, first.port, at);
    return;
  }
  const node = nodes.get(over.node);
  edit.open({
    kind: 'menu',
    at,
    label: `Which ${wire.end.kind === 'input' ? 'output' : 'input'} of ${node?.label ?? over.node}?`,
    items: fits.map(({ port }) => ({
      label: portLabel(port),
      run: () => void connect(edit, wire, over.node, port, at),
    })),
  });
}

/** One end is the wire's, the other is this port. */
export async function connect(
  edit: EditStore,
  wire: Pick<Wire, 'node' | 'end'>,
  node: string,
  port: string,
  at?: Point,
): Promise<void> {
  const other = edit.graph.getSnapshot().nodes.get(node);
  if (other === undefined) return;
  switch (wire.end.kind) {
    case 'source':
      await edit.perform({ kind: 'connect', task: node, input: port, source: wire.end.source }, at);
      return;
    case 'input': {
      const source = sourceOf(other, port);
      await edit.perform({ kind: 'connect', task: wire.node, input: wire.end.input, source }, at);
      return;
    }
    case 'order':
      await edit.perform({ kind: 'runAfter', task: node, after: wire.node }, at);
  }
}
