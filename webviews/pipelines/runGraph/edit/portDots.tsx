/** The dots of a card: inputs on its upper edge, outputs on its lower one; a wire starts at each. */
import type { PointerEvent, ReactElement } from 'react';
import type { GraphNode, Port } from '../../../../src/core/ir/graphModel.ts';
import { nodeSize } from '../../../../src/core/ir/layoutSizes.ts';
import { useCanEdit, useEdit, useEditSelected, useWiredInputs } from './context.ts';
import {
  inputKey,
  isPortNode,
  orderOffset,
  portClass,
  portLabel,
  portOffset,
  typeLabel,
  type Point,
} from './ports.ts';
import { dragWire } from './wireLayer.tsx';
import { inputStart, itemStart, orderStart, outputStart, type WireStart } from './wire.ts';

export function PortDots({ node, width }: { node: GraphNode; width?: number }): ReactElement | null {
  const canEdit = useCanEdit();
  const wired = useWiredInputs();
  const verdicts = useEditSelected((snapshot) =>
    snapshot.wire?.node === node.id ? undefined : snapshot.wire?.targets?.get(node.id),
  );
  if (!canEdit) return null;
  const size = width ?? nodeSize(node.kind).width;
  const isPort = isPortNode(node);
  const place = (ports: readonly Port[], at: number): number =>
    isPort ? size / 2 : portOffset(size, ports.length, at);
  const refusal = (port: Port): string | undefined =>
    verdicts?.find((verdict) => verdict.port === port.name)?.refused;
  return (
    <div className="port-dots" aria-hidden="true">
      {node.inputs.map((port, at) => (
        <Dot
          key={`in ${port.name}`}
          side="input"
          x={place(node.inputs, at)}
          port={port}
          start={isPort ? undefined : inputStart(node, port)}
          task={isPort || port.kind === 'artifact' ? undefined : node.id}
          isWired={wired.has(inputKey(node.id, port.name))}
          refused={refusal(port)}
        />
      ))}
      {node.outputs.map((port, at) => (
        <Dot
          key={`out ${port.name}`}
          side="output"
          x={place(node.outputs, at)}
          port={port}
          start={outputStart(node, port)}
          task={undefined}
          isWired
          refused={refusal(port)}
        />
      ))}
      {isPort ? null : <OrderDot node={node} x={orderOffset(size)} />}
    </div>
  );
}

function Dot(props: {
  side: 'input' | 'output';
  x: number;
  port: Port;
  start: WireStart | undefined;
  /** Whose constant a click types; `undefined`: none can be. */
  task: string | undefined;
  isWired: boolean;
  refused: string | undefined;
}): ReactElement {
  const { side, port, start } = props;
  const edit = useEdit();
  const press = usePress(start);
  const hollow = side === 'input' && !props.isWired ? ' hollow' : '';
  return (
    <span
      className={`port-dot ${side} ${portClass(port)}${hollow}${props.refused === undefined ? '' : ' refuses'} nodrag nopan`}
      style={{ left: props.x }}
      data-testid={`${side}-${port.name}`}
      title={
        props.refused ??
        `${portLabel(port.name)}: ${typeLabel(port.type)}${port.isOptional ? ', optional' : ''}`
      }
      onPointerDown={press}
      onClick={(event) => {
        if (props.task === undefined) return;
        event.stopPropagation();
        const form = { kind: 'constant', task: props.task, input: port.name, type: port.type } as const;
        edit.open({ kind: 'form', form, at: { x: event.clientX + 8, y: event.clientY + 8 } });
      }}
    />
  );
}

/** Carries no data: the step it is drawn to runs later. */
function OrderDot({ node, x }: { node: GraphNode; x: number }): ReactElement {
  const press = usePress(orderStart(node));
  return (
    <span
      className="port-dot output order nodrag nopan"
      style={{ left: x }}
      data-testid="output-order"
      title="Order: draw to a step that should wait for this one"
      onPointerDown={press}
    />
  );
}

/** In the header of an open loop: the value that changes from iteration to iteration. */
export function LoopItemDot({ node }: { node: GraphNode }): ReactElement | null {
  const canEdit = useCanEdit();
  const press = usePress(itemStart(node));
  if (!canEdit) return null;
  return (
    <span
      className="item-dot nodrag nopan"
      aria-hidden="true"
      data-testid={`item-${node.id}`}
      title="The loop’s item: draw it to an input of a step inside"
      onPointerDown={press}
    >
      item
    </span>
  );
}

function usePress(start: WireStart | undefined): (event: PointerEvent<HTMLElement>) => void {
  const edit = useEdit();
  return (event) => {
    if (event.button !== 0 || start === undefined) return;
    event.stopPropagation();
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const middle: Point = { x: left + width / 2, y: top + height / 2 };
    dragWire(edit, event, start, edit.geometry?.toFlow(middle) ?? middle);
  };
}
