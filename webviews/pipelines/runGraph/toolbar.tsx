import type { KeyboardEvent, ReactElement } from 'react';
import type { RunGraphState, RunSummary, RunView } from '../../../src/core/protocol/runGraph.ts';
import { Button, Dropdown } from '../../shared/controls.ts';
import { formatDuration } from '../../../src/core/base/duration.ts';
import { Icon } from '../../shared/icon.tsx';
import { useElapsed, useSelected, useStore } from './context.ts';
import { isFinalRun, RUN_STATE_ICON, RUN_STATE_TEXT } from './stateText.ts';
import { graphTabs, type GraphTab } from './tabs.ts';

const DOCUMENT = 'document';

export function Toolbar({ host }: { host: RunGraphState }): ReactElement {
  const store = useStore();
  const { run } = host;
  const isOver = run !== undefined && isFinalRun(run.state);
  const isBusy = host.busy !== undefined;
  return (
    <header className="toolbar">
      <div className="toolbar-part" role="toolbar" aria-label="Run">
        <Button
          appearance="primary"
          testId="run-button"
          title={host.canRun ? 'Run this pipeline (R)' : 'Nothing to run here'}
          isDisabled={!host.canRun || isBusy}
          onClick={() => store.act('run')}
        >
          <Icon name={isBusy ? 'loading' : 'play'} spin={isBusy} />
          Run
        </Button>
        <Button
          appearance="icon"
          testId="run-with-button"
          label="Run with…"
          isDisabled={!host.canRun || isBusy}
          onClick={() => store.act('runWith')}
        >
          <Icon name="settings-gear" />
        </Button>
        {run !== undefined && !isOver ? (
          <Button
            appearance="icon"
            testId="terminate-button"
            label="Terminate the run"
            isDisabled={run.state === 'CANCELING'}
            onClick={() => store.act('terminate')}
          >
            <Icon name="debug-stop" />
          </Button>
        ) : null}
        {run !== undefined && (run.state === 'FAILED' || run.state === 'CANCELED') ? (
          <Button
            appearance="icon"
            testId="retry-button"
            label="Retry: continue where it failed"
            onClick={() => store.act('retry')}
          >
            <Icon name="debug-restart" />
          </Button>
        ) : null}
      </div>
      {host.runs.length > 0 || run !== undefined ? <RunChoice host={host} /> : null}
      {run === undefined ? null : <RunState run={run} />}
      <span className="grow" />
      <span className={`environment environment-${host.environment.status}`} title={host.environment.message}>
        <Icon
          name={host.environment.status === 'starting' ? 'loading' : 'server-environment'}
          spin={host.environment.status === 'starting'}
        />
        <span className="ellipsis">{host.environment.name}</span>
      </span>
      <Tabs />
    </header>
  );
}

function RunChoice({ host }: { host: RunGraphState }): ReactElement {
  const store = useStore();
  const { run } = host;
  const runs =
    run === undefined || host.runs.some((one) => one.id === run.id) ? host.runs : [run, ...host.runs];
  const options = runs.map((one) => ({ value: one.id, label: runLabel(one, host.title) }));
  return (
    <Dropdown
      label="Shown run"
      testId="run-select"
      value={run?.id ?? DOCUMENT}
      options={
        host.target.uri === undefined
          ? options
          : [{ value: DOCUMENT, label: 'No run: the pipeline' }, ...options]
      }
      onChange={(value) => void store.request('selectRun', { runId: value === DOCUMENT ? null : value })}
    />
  );
}

/** Runs are most often named after their pipeline and the time: then the time is enough. */
function runLabel(run: RunSummary, title: string): string {
  const rest = run.name.startsWith(`${title} `) ? run.name.slice(title.length + 1) : undefined;
  const time = new Date(run.createdAt).toLocaleString(undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  return `${rest ?? `${run.name} · ${time}`} · ${RUN_STATE_TEXT[run.state]}`;
}

function RunState({ run }: { run: RunView }): ReactElement {
  const store = useStore();
  const elapsed = useElapsed(
    run.createdAt,
    isFinalRun(run.state) ? (run.finishedAt ?? run.createdAt) : undefined,
  );
  const isReconnecting = run.connection === 'reconnecting';
  return (
    <>
      <span
        className={`run-state state-${run.state.toLowerCase()}`}
        data-testid="run-state"
        data-state={run.state}
      >
        <span className="state-icon">
          <Icon
            name={isReconnecting ? 'debug-disconnect' : RUN_STATE_ICON[run.state]}
            spin={!isReconnecting && (run.state === 'RUNNING' || run.state === 'CANCELING')}
          />
        </span>
        {isReconnecting ? 'reconnecting' : RUN_STATE_TEXT[run.state]}
        {elapsed === undefined ? null : <span className="elapsed">{formatDuration(elapsed)}</span>}
      </span>
      {run.isEdited ? (
        <span className="badge" data-testid="edited" title="The pipeline has changed since this run started">
          edited since
        </span>
      ) : null}
      <Button appearance="icon" label="Show the run" testId="show-run" onClick={() => store.select('')}>
        <Icon name="info" />
      </Button>
    </>
  );
}

const TAB_TEXT: Readonly<Record<GraphTab, string>> = { graph: 'Graph', timeline: 'Timeline', list: 'List' };

function Tabs(): ReactElement {
  const store = useStore();
  const current = useSelected((snapshot) => snapshot.view.tab);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const next = graphTabs[(graphTabs.indexOf(current) + by + graphTabs.length) % graphTabs.length];
    if (next === undefined) return;
    store.show(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Views of the run" onKeyDown={onKeyDown}>
      {graphTabs.map((tab) => (
        <div
          key={tab}
          id={`tab-${tab}`}
          className="tab"
          role="tab"
          data-tab={tab}
          data-testid={`tab-${tab}`}
          aria-selected={tab === current}
          aria-controls="stage"
          tabIndex={tab === current ? 0 : -1}
          onClick={() => store.show(tab)}
        >
          {TAB_TEXT[tab]}
        </div>
      ))}
    </div>
  );
}
