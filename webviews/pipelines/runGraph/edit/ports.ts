/** The inputs and outputs of a drawn node: where their dots are, what they carry, and what a wire from them is. Pure. */
import type { GraphNode, LaidOutGraph, Port } from '../../../../src/core/ir/graphModel.ts';
import type { GestureSource } from '../../../../src/core/ir/edit/gesture.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What flows through a port; `order` is not data, only "runs after". */
export interface Carried {
  readonly kind: 'parameter' | 'artifact' | 'order';
  readonly type: string;
}

export const ORDER: Carried = { kind: 'order', type: '' };

const SPACING = 22;
/** Right of the outputs, for "runs after". */
const ORDER_INSET = 14;
const EDGE_INSET = 14;

/** Where the dot is along the card's upper (inputs) or lower (outputs) edge. */
export function portOffset(width: number, count: number, at: number): number {
  const room = width - 2 * EDGE_INSET - ORDER_INSET;
  const spacing = Math.min(SPACING, count < 2 ? 0 : room / (count - 1));
  return width / 2 + (at - (count - 1) / 2) * spacing;
}

/** From the left edge of the node, in pixels of the drawing. */
export function orderOffset(width: number): number {
  return width - ORDER_INSET;
}

/** The name as people read it: what the compiler put in front says nothing. */
export function portLabel(name: string): string {
  return name.replace(/^pipelinechannel--/, '');
}

export function typeLabel(type: string): string {
  const names: Readonly<Record<string, string>> = {
    STRING: 'string',
    NUMBER_INTEGER: 'integer',
    NUMBER_DOUBLE: 'number',
    BOOLEAN: 'boolean',
    LIST: 'list',
    STRUCT: 'struct',
  };
  return names[type] ?? type.replace(/^system\./, '');
}

/** A style's suffix: colour says the type, shape says parameter or artifact. */
export function portClass({ kind, type }: Carried): string {
  const known = ['STRING', 'NUMBER_INTEGER', 'NUMBER_DOUBLE', 'BOOLEAN', 'LIST', 'STRUCT'];
  const name = known.includes(type) ? type.toLowerCase().replace('_', '-') : 'other';
  return `carries-${kind} type-${name}`;
}

/** `true` where values of the one plausibly go into the other; the host has the last word and the reason. */
export function mayFit(output: Carried, input: Carried): boolean {
  if (output.kind !== input.kind) return false;
  if (output.kind === 'artifact')
    return output.type === input.type || [output.type, input.type].includes('system.Artifact');
  const isNumber = (type: string): boolean => type === 'NUMBER_INTEGER' || type === 'NUMBER_DOUBLE';
  return output.type === input.type || (isNumber(output.type) && isNumber(input.type));
}

export function isPortNode(node: GraphNode): boolean {
  return node.kind === 'input' || node.kind === 'output';
}

/** The group that an `in:` or `out:` node belongs to; '' is the pipeline. */
export function groupOf(node: GraphNode): string {
  return node.parent ?? '';
}

/** The name behind an `in:` or `out:` node. */
export function interfaceName(node: GraphNode): string {
  const port = node.kind === 'input' ? node.outputs[0] : node.inputs[0];
  return port?.name ?? node.id.slice(node.id.lastIndexOf(':') + 1);
}

/** What a wire from this output carries to an input. */
export function sourceOf(node: GraphNode, output: string): GestureSource {
  if (node.kind === 'input') return { kind: 'groupInput', group: groupOf(node), name: output };
  return { kind: 'taskOutput', task: node.id, output };
}

export interface SourceOption {
  readonly key: string;
  readonly label: string;
  readonly node: GraphNode;
  readonly port: Port;
  readonly source: GestureSource;
}

/** Everything in the pipeline that gives a value: what forms offer. */
export function sourceOptions(
  graph: LaidOutGraph['graph'],
  accepts: (port: Port) => boolean,
): readonly SourceOption[] {
  const options: SourceOption[] = [];
  for (const node of graph.nodes) {
    if (node.kind === 'output') continue;
    // A group's input is its outer value under another name.
    if (node.kind === 'input' && node.parent !== undefined) continue;
    for (const port of node.outputs) {
      if (!accepts(port)) continue;
      const label = node.kind === 'input' ? node.label : `${node.label}.${portLabel(port.name)}`;
      options.push({ key: `${node.id} ${port.name}`, label, node, port, source: sourceOf(node, port.name) });
    }
    if (node.kind !== 'loop') continue;
    const item: Port = { name: 'item', kind: 'parameter', type: 'STRUCT', isOptional: false };
    options.push({
      key: `${node.id} #item`,
      label: `item of ${node.label}`,
      node,
      port: item,
      source: { kind: 'loopItem', group: node.id },
    });
  }
  return options;
}

/** `task\u0000input` of every input that an edge feeds. */
export function wiredInputs(graph: LaidOutGraph['graph']): ReadonlySet<string> {
  return new Set(
    graph.edges.flatMap((edge) => edge.bindings.map((binding) => inputKey(edge.to, binding.input))),
  );
}

/** One text for an input of a task, e.g. for sets. */
export function inputKey(task: string, input: string): string {
  return `${task}\u0000${input}`;
}
