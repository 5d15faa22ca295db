/** What stands between the user and the drawing: stale text, a lost service, a failed act, or nothing to draw. */
import type { ReactElement, ReactNode } from 'react';
import type { GraphAct, RunGraphState } from '../../../src/core/protocol/runGraph.ts';
import { Button } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import type { IconName } from '../../shared/icons.ts';
import { useSelected, useStore } from './context.ts';

export function Banners({ host }: { host: RunGraphState }): ReactElement {
  const store = useStore();
  const notice = useSelected((snapshot) => snapshot.notice);
  const { document, environment, run } = host;
  return (
    <div className="banners">
      {document.kind === 'drawn' &&
      document.problem !== undefined &&
      // The editor counts its problems in the toolbar and marks their steps.
      (document.isStale || host.editing.kind === 'readOnly') ? (
        <Banner kind={document.isStale ? 'error' : 'warning'} act="openText" actLabel="Show in text">
          {document.isStale ? 'This is the last good drawing. ' : ''}
          {document.problem}
          {document.problemCount > 1 ? ` (${document.problemCount - 1} more)` : ''}
        </Banner>
      ) : null}
      {host.editing.kind === 'readOnly' && host.editing.reason !== undefined ? (
        <Banner kind="info">{host.editing.reason}</Banner>
      ) : null}
      {host.busy === undefined ? null : (
        <Banner kind="info">
          <Icon name="loading" spin /> {host.busy}
        </Banner>
      )}
      {host.busy === undefined && (environment.status === 'stopped' || environment.status === 'failed') ? (
        <Banner
          kind={environment.status === 'failed' ? 'error' : 'info'}
          act="startService"
          actLabel={environment.status === 'failed' ? 'Start again' : 'Start'}
        >
          {environment.message ?? `${environment.name} is not running.`}
          {environment.status === 'stopped' ? ' Run starts it, too.' : ''}
        </Banner>
      ) : null}
      {run?.connection === 'reconnecting' && environment.status === 'ready' ? (
        <Banner kind="warning">
          The pipeline service does not answer. Reconnecting; the run itself goes on.
        </Banner>
      ) : null}
      {run?.error !== undefined && run.error !== '' && run.state === 'FAILED' ? (
        <Banner kind="error">{run.error}</Banner>
      ) : null}
      {notice === undefined ? null : (
        <div className="banner banner-error" role="alert" data-testid="graph-notice">
          <Icon name="error" />
          <span className="grow">{notice.message}</span>
          {notice.action === 'Show log' ? (
            <Button onClick={() => store.act('showLog')}>Show log</Button>
          ) : notice.action === undefined ? null : (
            <span className="hint">{notice.action}</span>
          )}
          <Button appearance="icon" label="Dismiss" onClick={() => store.dismissNotice()}>
            <Icon name="close" />
          </Button>
        </div>
      )}
    </div>
  );
}

function Banner(props: {
  kind: 'info' | 'warning' | 'error';
  act?: GraphAct;
  actLabel?: string;
  children: ReactNode;
}): ReactElement {
  const store = useStore();
  const { act } = props;
  return (
    <div className={`banner banner-${props.kind}`} role="status" data-testid="graph-banner">
      {props.kind === 'info' ? null : <Icon name={props.kind} />}
      <span className="grow">{props.children}</span>
      {act === undefined ? null : <Button onClick={() => store.act(act)}>{props.actLabel}</Button>}
    </div>
  );
}

/** In place of the drawing when there is none; says what to do. */
export function EmptyState({ host }: { host: RunGraphState }): ReactElement {
  const { document } = host;
  switch (document.kind) {
    case 'loading':
    case 'drawn':
      return (
        <div className="empty" aria-busy="true" data-testid="graph-empty">
          <Icon name="loading" spin />
          <p>Drawing the pipeline…</p>
        </div>
      );
    case 'empty':
      return (
        <Empty
          icon="symbol-method"
          title="This pipeline has no steps yet"
          act="openText"
          actLabel="Open the text"
        >
          Add a task under <code>root.dag.tasks</code>, or compile your Python pipeline again.
        </Empty>
      );
    case 'notPipeline':
      return (
        <Empty icon="file-code" title="Not a pipeline" act="openText" actLabel="Open the text">
          {document.message}
        </Empty>
      );
    case 'failed':
      return (
        <Empty icon="error" title="The pipeline can’t be shown" act="showLog" actLabel="Show log">
          {document.message}
        </Empty>
      );
  }
}

function Empty(props: {
  icon: IconName;
  title: string;
  act: GraphAct;
  actLabel: string;
  children: ReactNode;
}): ReactElement {
  const store = useStore();
  return (
    <div className="empty" data-testid="graph-empty">
      <Icon name={props.icon} />
      <h2>{props.title}</h2>
      <p>{props.children}</p>
      <Button appearance="primary" onClick={() => store.act(props.act)}>
        {props.actLabel}
      </Button>
    </div>
  );
}
