/** The graph as a tree: the same steps, states and acts, for screen readers and for long runs. */
import type { ReactElement } from 'react';
import { formatDuration } from '../../../src/core/base/duration.ts';
import { useElapsed } from './context.ts';
import type { OutlineItem } from './outline.ts';
import { OutlineTree, useOutline } from './outlineRows.tsx';
import { TASK_STATE_TEXT } from './stateText.ts';

export function ListTab(): ReactElement {
  const items = useOutline();
  return (
    <div className="table">
      <div className="table-head" aria-hidden="true">
        <span className="row-title">Step</span>
        <span className="column-state">State</span>
        <span className="column-time">Duration</span>
        <span className="column-attempts">Attempts</span>
        <span className="column-detail">Component</span>
      </div>
      <OutlineTree items={items} label="Steps of the pipeline" className="list" testId="step-tree">
        {(item) => <ListColumns item={item} />}
      </OutlineTree>
    </div>
  );
}

function ListColumns({ item }: { item: OutlineItem }): ReactElement {
  const elapsed = useElapsed(item.task?.startedAt, item.task?.finishedAt);
  const attempts = item.task?.attempts ?? 0;
  return (
    <>
      <span className="column-state" aria-hidden="true">
        {item.state === undefined ? '' : TASK_STATE_TEXT[item.state]}
      </span>
      <span className="column-time">{elapsed === undefined ? '' : formatDuration(elapsed)}</span>
      <span className="column-attempts">{attempts === 0 ? '' : attempts}</span>
      <span className="column-detail ellipsis">{item.detail}</span>
    </>
  );
}
