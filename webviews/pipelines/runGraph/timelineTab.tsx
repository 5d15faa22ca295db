/** When each task waited and ran, as a Gantt chart over the same rows as the list. */
import { useMemo, type ReactElement } from 'react';
import { formatDuration } from '../../../src/core/base/duration.ts';
import { Icon } from '../../shared/icon.tsx';
import { useNow, useSelected } from './context.ts';
import type { OutlineItem } from './outline.ts';
import { OutlineTree, useOutline } from './outlineRows.tsx';
import { isFinalRun } from './stateText.ts';
import { barOf, timeScale, type TimeScale } from './timelineScale.ts';

export function TimelineTab(): ReactElement {
  const items = useOutline();
  const index = useSelected((snapshot) => snapshot.index);
  const run = useSelected((snapshot) => snapshot.host?.run);
  const isLive = run !== undefined && !isFinalRun(run.state);
  const now = useNow(isLive);
  const rows = index?.rows;
  const scale = useMemo(() => timeScale(rows ?? [], now), [rows, now]);
  if (rows === undefined || rows.length === 0) {
    return (
      <div className="empty">
        <Icon name="watch" />
        <h2>No times yet</h2>
        <p>
          {run === undefined
            ? 'Run the pipeline to see when each step waits and runs.'
            : 'The run is starting.'}
        </p>
      </div>
    );
  }
  return (
    <div className="table timeline">
      <div className="table-head" aria-hidden="true">
        <span className="row-title">Step</span>
        <span className="track">
          {scale.ticks.map((tick) => (
            <span key={tick.milliseconds} className="tick" style={{ left: `${tick.at * 100}%` }}>
              {formatDuration(tick.milliseconds)}
            </span>
          ))}
        </span>
      </div>
      <OutlineTree items={items} label="Timeline of the run" className="list" testId="timeline-tree">
        {(item) => <Track item={item} scale={scale} now={now} />}
      </OutlineTree>
    </div>
  );
}

function Track({ item, scale, now }: { item: OutlineItem; scale: TimeScale; now: number }): ReactElement {
  const { task } = item;
  const bar = task === undefined ? undefined : barOf(task, scale, now);
  return (
    <span className="track">
      {scale.ticks.map((tick) => (
        <span key={tick.milliseconds} className="grid-line" style={{ left: `${tick.at * 100}%` }} />
      ))}
      {task === undefined || bar === undefined ? null : (
        <>
          <span
            className="queued"
            style={{ left: `${bar.queuedFrom * 100}%`, width: `${(bar.from - bar.queuedFrom) * 100}%` }}
          />
          <span
            className={`bar state-${task.state.toLowerCase()}${item.hasChildren ? ' bar-group' : ''}`}
            data-testid={`bar-${item.key}`}
            style={{ left: `${bar.from * 100}%`, width: `${(bar.to - bar.from) * 100}%` }}
            title={barTitle(item, now)}
          />
          <span
            className={bar.to > 0.85 ? 'bar-text bar-text-before' : 'bar-text'}
            style={bar.to > 0.85 ? { right: `${(1 - bar.queuedFrom) * 100}%` } : { left: `${bar.to * 100}%` }}
          >
            {formatDuration((task.finishedAt ?? now) - (task.startedAt ?? now))}
            {task.attempts > 1 ? ` · ${task.attempts} attempts` : ''}
          </span>
        </>
      )}
    </span>
  );
}

function barTitle(item: OutlineItem, now: number): string {
  const { task } = item;
  if (task?.startedAt === undefined) return item.label;
  const waited = task.startedAt - task.createdAt;
  return `${item.label}: waited ${formatDuration(waited)}, ran ${formatDuration((task.finishedAt ?? now) - task.startedAt)}`;
}
