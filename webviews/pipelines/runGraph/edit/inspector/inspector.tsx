/** The form of what is selected: one step, several, a group, an input or output, or the pipeline itself. */
import type { ReactElement } from 'react';
import type { GraphNode } from '../../../../../src/core/ir/graphModel.ts';
import type { NodeView } from '../../../../../src/core/protocol/graphEdit.ts';
import { Button } from '../../../../shared/controls.ts';
import { Icon } from '../../../../shared/icon.tsx';
import { useSelected, useStore } from '../../context.ts';
import { NODE_KIND_TEXT } from '../../stateText.ts';
import { openForm, rename } from '../acts.ts';
import { useEdit } from '../context.ts';
import { isPortNode, portLabel, typeLabel } from '../ports.ts';
import { ContainerSection } from './containerSection.tsx';
import { CommitText } from './fields.tsx';
import { Foldable } from './foldable.tsx';
import { GroupInspector } from './groupInspector.tsx';
import { InputsSection } from './inputsSection.tsx';
import { InterfaceInspector } from './interfaceInspector.tsx';
import { KubernetesSection } from './kubernetesSection.tsx';
import { ReliabilitySection, ResourcesSection } from './settingsSections.tsx';
import { RunAfterSection } from './runAfterSection.tsx';
import { useNodeViews } from './useNodeViews.ts';

/** What the panel shows of the selection, beside the run's tab. */
export function Inspector({ nodeId }: { nodeId: string }): ReactElement | null {
  const selection = useSelected((snapshot) => snapshot.selection);
  const nodes = useSelected((snapshot) => snapshot.nodes);
  const chosen = [...selection].map((id) => nodes.get(id)).filter((node) => node !== undefined);
  const tasks = chosen.filter((node) => !isPortNode(node));
  const node = nodes.get(nodeId);
  if (nodeId === '') return <GroupInspector group="" />;
  if (tasks.length > 1) return <TasksInspector nodes={tasks} />;
  if (node === undefined) return null;
  if (isPortNode(node)) return <InterfaceInspector key={node.id} node={node} />;
  return <TasksInspector key={node.id} nodes={[node]} />;
}

export function inspectorTitle(node: GraphNode | undefined, count: number): string {
  if (count > 1) return `${count} selected`;
  return node?.label ?? 'Pipeline';
}

/** At most as many as the host answers for at once. */
const MOST_NODES = 500;

function TasksInspector({ nodes }: { nodes: readonly GraphNode[] }): ReactElement {
  const { value: views, problem } = useNodeViews(nodes.slice(0, MOST_NODES).map((node) => node.id));
  const [only] = nodes;
  const [view] = views ?? [];
  if (problem !== undefined) return <div className="problem">{problem}</div>;
  if (views === undefined || view === undefined || only === undefined)
    return <div aria-busy="true" data-testid="inspector" />;
  const isOne = nodes.length === 1;
  const settable = views.filter((one) => one.settings !== undefined);
  return (
    <div className="inspector" data-testid="inspector">
      {isOne ? <OneNode node={only} view={view} /> : <p className="panel-note">{applies(settable.length)}</p>}
      {settable.length === 0 ? null : (
        <>
          <ReliabilitySection views={settable} />
          <ResourcesSection views={settable} />
          <ContainerSection views={settable} />
          <KubernetesSection views={settable} />
        </>
      )}
    </div>
  );
}

function applies(count: number): string {
  return count === 0
    ? 'None of these has settings of its own.'
    : `What you change here applies to ${count === 1 ? 'one step' : `all ${count} steps`}.`;
}

function OneNode({ node, view }: { node: GraphNode; view: NodeView }): ReactElement {
  const edit = useEdit();
  const store = useStore();
  return (
    <>
      <section className="section" aria-label="General">
        <CommitText
          label="Name"
          testId="inspector-name"
          value={view.name}
          onCommit={(name) => void rename(edit, node, name)}
        />
        <p className="hint">
          {NODE_KIND_TEXT[node.kind]}
          {view.component === undefined ? '' : ` · ${view.component}`}
          {view.componentUses > 1 ? ` · used by ${view.componentUses} steps` : ''}
        </p>
        {view.settings?.isPython === true ? (
          <div className="actions">
            <Button
              appearance="primary"
              testId="edit-code"
              onClick={() => void store.request('editCode', { nodeId: node.id })}
            >
              <Icon name="file-code" /> Edit code
            </Button>
          </div>
        ) : null}
      </section>
      <FlowSection node={node} view={view} />
      <InputsSection view={view} />
      {view.outputs.length === 0 ? null : (
        <Foldable title="Outputs" isOpen>
          {view.outputs.map((output) => (
            <div key={output.name} className="io-head">
              <span className="io-name">{portLabel(output.name)}</span>
              <span className="grow" />
              <span className="type">{typeLabel(output.type)}</span>
            </div>
          ))}
        </Foldable>
      )}
      <RunAfterSection node={node} view={view} />
    </>
  );
}

/** What a condition compares, what a loop runs over, and the way into a group. */
function FlowSection({ node, view }: { node: GraphNode; view: NodeView }): ReactElement | null {
  const edit = useEdit();
  const store = useStore();
  const isGroup = view.settings === undefined && node.kind !== 'importer' && node.kind !== 'task';
  if (!isGroup) return null;
  const { condition, loop } = view;
  return (
    <section className="section" aria-label="Control flow">
      {condition === undefined ? null : <p title={condition.cel}>Runs if {condition.text}</p>}
      {loop === undefined ? null : (
        <p>
          Runs for each{' '}
          {loop.items.kind === 'wired'
            ? `item of ${loop.items.label}`
            : loop.items.kind === 'constant'
              ? `of ${JSON.stringify(loop.items.value)}`
              : 'of nothing yet'}
          {loop.parallelism > 0 ? `, ${loop.parallelism} at once` : ''}
        </p>
      )}
      <div className="actions">
        <Button testId="enter-group" onClick={() => store.enter(node.id)}>
          Open alone
        </Button>
        {condition === undefined ? null : (
          <Button onClick={() => openForm(edit, { kind: 'condition', branch: node.id })}>
            Change condition
          </Button>
        )}
        {loop === undefined ? null : (
          <Button onClick={() => openForm(edit, { kind: 'setLoop', loop: node.id })}>Change loop</Button>
        )}
        <Button onClick={() => void edit.perform({ kind: 'unpack', group: node.id })}>Unpack</Button>
      </div>
    </section>
  );
}
