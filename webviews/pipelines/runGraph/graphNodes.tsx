/** What xyflow draws for each node of the pipeline: steps, groups, and a group's own inputs and outputs. */
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react';
import type { PointerEvent, ReactElement } from 'react';
import type { GraphNode } from '../../../src/core/ir/graphModel.ts';
import { formatDuration } from '../../../src/core/base/duration.ts';
import { Icon } from '../../shared/icon.tsx';
import { useElapsed, useNodeStatus, useSelected, useStore } from './context.ts';
import { dragSteps } from './edit/canvasGestures.ts';
import { useCanEdit, useEdit, useEditSelected } from './edit/context.ts';
import { LoopItemDot, PortDots } from './edit/portDots.tsx';
import { RenameField } from './edit/renameField.tsx';
import type { Wire } from './edit/wire.ts';
import type { NodeStatus } from './fold.ts';
import { DiffBadge, useNodeMark } from './marks.tsx';
import { StateIcon } from './stateIcon.tsx';
import { NODE_KIND_ICON, NODE_KIND_TEXT, TASK_STATE_TEXT } from './stateText.ts';

export type CanvasNode = Node<
  { readonly node: GraphNode; readonly isGroup: boolean; readonly isOpen: boolean },
  'pipeline'
>;

/** DOM id of a node, for `aria-activedescendant`. */
export function nodeElementId(nodeId: string): string {
  return `node:${nodeId}`;
}

/** What the icons of a node say, for screen readers; its name comes from its content. */
function Spoken({
  node,
  status,
  more,
}: {
  node: GraphNode;
  status: NodeStatus | undefined;
  more?: string;
}): ReactElement {
  const parts = [
    NODE_KIND_TEXT[node.kind],
    ...(status === undefined ? [] : [TASK_STATE_TEXT[status.state]]),
    ...(more === undefined ? [] : [more]),
  ];
  return <span className="screen-reader-only">, {parts.join(', ')}, </span>;
}

export function PipelineNode({ data, width }: NodeProps<CanvasNode>): ReactElement {
  const { node, isGroup, isOpen } = data;
  if (node.kind === 'input' || node.kind === 'output') return <PortNode node={node} />;
  if (isGroup && isOpen) return <OpenGroup node={node} width={width} />;
  return <Card node={node} isGroup={isGroup} />;
}

function useMarks(node: GraphNode): { readonly status: NodeStatus | undefined; readonly className: string } {
  const status = useNodeStatus(node.id);
  const mark = useNodeMark(node.id);
  const isSelected = useSelected((snapshot) => snapshot.selection.has(node.id));
  const isActive = useSelected((snapshot) => snapshot.active === node.id);
  const wiring = useEditSelected(({ wire, cargo }) =>
    cargo?.over === node.id ? ' carried-over' : wire === undefined ? '' : wireClass(wire, node),
  );
  const state = status === undefined ? 'none' : status.state.toLowerCase();
  return {
    status,
    className: `state-${state}${isSelected ? ' selected' : ''}${isActive ? ' active' : ''}${
      mark === undefined ? '' : ` diff-${mark}`
    }${wiring}`,
  };
}

/** While a wire is in the hand: what takes it, and what steps back. */
function wireClass(wire: Wire, node: GraphNode): string {
  if (wire.node === node.id) return ' wire-start';
  if (wire.targets === undefined) return '';
  const takes = wire.targets.get(node.id)?.some((target) => target.refused === undefined) === true;
  if (!takes) return ' wire-refuses';
  return wire.over?.node === node.id && wire.over.refused === undefined ? ' wire-over' : ' wire-takes';
}

/** For the editor: pressed cards are carried instead of moving the drawing. */
function useCarry(node: GraphNode): {
  readonly className: string;
  readonly onPointerDown?: (event: PointerEvent<HTMLElement>) => void;
} {
  const edit = useEdit();
  if (!useCanEdit()) return { className: '' };
  return {
    className: ' nopan',
    onPointerDown: (event) => {
      if (event.button === 0 && !event.shiftKey) dragSteps(edit, event, node);
    },
  };
}

function Label({ node }: { node: GraphNode }): ReactElement {
  const isRenamed = useEditSelected(({ popup }) => popup?.kind === 'rename' && popup.nodeId === node.id);
  return isRenamed ? <RenameField node={node} /> : <div className="card-label">{node.label}</div>;
}

function ProblemMark({ node }: { node: GraphNode }): ReactElement | null {
  const problem = useEditSelected((snapshot) => snapshot.marks.get(node.id));
  if (problem === undefined) return null;
  return (
    <span className={`problem-mark problem-${problem.severity}`} title={problem.message}>
      <Icon name={problem.severity} />
      <span className="screen-reader-only">{problem.message}</span>
    </span>
  );
}

function Handles(): ReactElement {
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

function Card({ node, isGroup }: { node: GraphNode; isGroup: boolean }): ReactElement {
  const { status, className } = useMarks(node);
  const carry = useCarry(node);
  return (
    <div
      id={nodeElementId(node.id)}
      {...carry}
      className={`card ${isGroup ? 'closed-group ' : ''}${className}${carry.className}`}
      role="button"
      data-testid={`node-${node.id}`}
      data-state={status?.state ?? 'NONE'}
      data-kind={node.kind}
      title={node.detail === '' ? node.label : `${node.label}\n${node.detail}`}
    >
      <Handles />
      {status === undefined ? (
        <span className="kind-icon">
          <Icon name={NODE_KIND_ICON[node.kind]} />
        </span>
      ) : (
        <StateIcon state={status.state} />
      )}
      <div className="card-text">
        <Label node={node} />
        <Spoken node={node} status={status} {...(isGroup ? { more: 'closed' } : {})} />
        <div className="card-detail">
          {status?.notes.map((note) => (
            <span key={note} className="badge" title={note}>
              {note}
            </span>
          ))}
          <span className="ellipsis">{node.detail}</span>
        </div>
      </div>
      <ProblemMark node={node} />
      <DiffBadge nodeId={node.id} />
      <Meter status={status} />
      {isGroup ? <GroupToggle node={node} isOpen={false} /> : null}
      <PortDots node={node} />
    </div>
  );
}

function OpenGroup({ node, width }: { node: GraphNode; width: number | undefined }): ReactElement {
  const { status, className } = useMarks(node);
  const carry = useCarry(node);
  return (
    <div
      className={`group group-${node.kind} ${className}`}
      data-testid={`node-${node.id}`}
      data-state={status?.state ?? 'NONE'}
      data-kind={node.kind}
    >
      <Handles />
      <div
        id={nodeElementId(node.id)}
        {...carry}
        className={`group-header${carry.className}`}
        role="button"
        aria-expanded="true"
        title={node.detail === '' ? node.label : `${node.label}\n${node.detail}`}
      >
        {status === undefined ? (
          <span className="kind-icon">
            <Icon name={NODE_KIND_ICON[node.kind]} />
          </span>
        ) : (
          <StateIcon state={status.state} />
        )}
        <div className="card-text">
          <Label node={node} />
          <Spoken node={node} status={status} />
          {node.detail === '' ? null : (
            <div className="card-detail">
              <span className="ellipsis">{node.detail}</span>
            </div>
          )}
        </div>
        {node.kind === 'loop' ? <LoopItemDot node={node} /> : null}
        <ProblemMark node={node} />
        <DiffBadge nodeId={node.id} />
        <Meter status={status} />
      </div>
      <GroupToggle node={node} isOpen />
      <PortDots node={node} {...(width === undefined ? {} : { width })} />
    </div>
  );
}

/** For the mouse; Space does the same on the keyboard, and the list offers it to screen readers. */
function GroupToggle({ node, isOpen }: { node: GraphNode; isOpen: boolean }): ReactElement {
  const store = useStore();
  return (
    <span
      className="group-toggle nodrag"
      aria-hidden="true"
      title={isOpen ? 'Collapse' : 'Expand'}
      data-testid={`toggle-${node.id}`}
      onClick={(event) => {
        event.stopPropagation();
        store.toggleGroup(node.id);
      }}
    >
      <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
    </span>
  );
}

function PortNode({ node }: { node: GraphNode }): ReactElement {
  const { className } = useMarks(node);
  return (
    <div
      id={nodeElementId(node.id)}
      className={`port ${className} nopan`}
      role="button"
      data-testid={`node-${node.id}`}
      data-kind={node.kind}
      title={node.detail}
    >
      <Handles />
      <Icon name={NODE_KIND_ICON[node.kind]} />
      <Label node={node} />
      <Spoken node={node} status={undefined} />
      <ProblemMark node={node} />
      <DiffBadge nodeId={node.id} />
      <PortDots node={node} />
    </div>
  );
}

/** Time, attempts and loop progress: right side of a card. */
function Meter({ status }: { status: NodeStatus | undefined }): ReactElement | null {
  // The time of several tasks together says little; a loop's own says how long it took.
  const isTimed = status?.tasks.total === 1;
  const elapsed = useElapsed(isTimed ? status.startedAt : undefined, status?.finishedAt);
  if (status === undefined) return null;
  const { iterations, tasks, attempts } = status;
  return (
    <div className="meter">
      {iterations !== undefined ? (
        <span className="progress-count" title={`${iterations.failed} failed, ${iterations.running} running`}>
          {iterations.done}/{iterations.total}
        </span>
      ) : tasks.total > 1 ? (
        <span className="progress-count" title={`${tasks.failed} failed, ${tasks.running} running`}>
          {tasks.done}/{tasks.total}
        </span>
      ) : null}
      {elapsed === undefined || status.state === 'SKIPPED' ? null : (
        <span className="elapsed">{formatDuration(elapsed)}</span>
      )}
      {attempts > 1 ? (
        <span className="attempts" title={`${attempts} attempts`}>
          <Icon name="refresh" />
          {attempts}
        </span>
      ) : null}
    </div>
  );
}
