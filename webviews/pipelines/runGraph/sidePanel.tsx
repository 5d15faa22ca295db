/** The panel beside the graph. */
import { useState, type ReactElement, type ReactNode } from 'react';
import { Icon } from '../../shared/icon.tsx';
import { useSelected } from './context.ts';
import { useCanEdit } from './edit/context.ts';
import { Inspector, inspectorTitle } from './edit/inspector/inspector.tsx';
import { PanelFrame } from './panelFrame.tsx';
import { NODE_KIND_ICON } from './stateText.ts';
import { StepPanel } from './stepPanel.tsx';

/** For the keyboard: into the panel that is open; Escape leads back. */
export function enterSidePanel(): void {
  document.querySelector<HTMLElement>('.panel-body')?.focus();
}

/** In the editor the form of the selection; beside a run, what became of it; with both, one tab each. */
export function SidePanel({ nodeId }: { nodeId: string }): ReactElement | null {
  const canEdit = useCanEdit();
  const hasRun = useSelected(({ host }) => host?.run !== undefined);
  const [isRunShown, showRun] = useState(true);
  if (!canEdit) return nodeId === '' && !hasRun ? null : <StepPanel nodeId={nodeId} tabs={null} />;
  const tabs = hasRun ? <PanelTabs isRunShown={isRunShown} onShow={showRun} /> : null;
  return hasRun && isRunShown ? (
    <StepPanel nodeId={nodeId} tabs={tabs} />
  ) : (
    <InspectorPanel nodeId={nodeId} tabs={tabs} />
  );
}

function PanelTabs(props: { isRunShown: boolean; onShow: (isRun: boolean) => void }): ReactElement {
  const tab = (isRun: boolean, label: string): ReactElement => (
    <button
      type="button"
      className="panel-tab"
      role="tab"
      aria-selected={props.isRunShown === isRun}
      onClick={() => props.onShow(isRun)}
    >
      {label}
    </button>
  );
  return (
    <div className="panel-tabs" role="tablist" aria-label="Of the step">
      {tab(true, 'Run')}
      {tab(false, 'Settings')}
    </div>
  );
}

function InspectorPanel({ nodeId, tabs }: { nodeId: string; tabs: ReactNode }): ReactElement {
  const node = useSelected((snapshot) => snapshot.nodes.get(nodeId));
  const count = useSelected((snapshot) => snapshot.selection.size);
  const title = inspectorTitle(node, count);
  return (
    <PanelFrame
      nodeId={nodeId}
      label={`Settings of ${title}`}
      icon={
        <span className="kind-icon">
          <Icon name={node === undefined ? 'type-hierarchy-sub' : NODE_KIND_ICON[node.kind]} />
        </span>
      }
      title={title}
      hasText={node !== undefined && count <= 1}
      fixed={tabs}
    >
      <Inspector nodeId={nodeId} />
    </PanelFrame>
  );
}
