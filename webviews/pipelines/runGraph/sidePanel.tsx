/** Everything about one step, or about the run as a whole: state, failure, metrics, log, inputs and outputs. */
import { useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import type { IoView, TaskDetail } from '../../../src/core/protocol/runGraph.ts';
import { Button, Dropdown } from '../../shared/controls.ts';
import { formatDuration } from '../../../src/core/base/duration.ts';
import { Icon } from '../../shared/icon.tsx';
import { CacheSection } from './cacheSection.tsx';
import { useElapsed, useNodeStatus, useSelected, useStore } from './context.ts';
import { useCanEdit } from './edit/context.ts';
import { Inspector, inspectorTitle } from './edit/inspector/inspector.tsx';
import { Failure } from './failure.tsx';
import { Iterations } from './iterations.tsx';
import { LogTail } from './logTail.tsx';
import { Artifact } from './preview.tsx';
import { StateIcon } from './stateIcon.tsx';
import { stepActs } from './stepActs.ts';
import { NODE_KIND_ICON, TASK_STATE_TEXT } from './stateText.ts';

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
  const store = useStore();
  const node = useSelected((snapshot) => snapshot.nodes.get(nodeId));
  const count = useSelected((snapshot) => snapshot.selection.size);
  const title = inspectorTitle(node, count);
  return (
    <aside
      className="side-panel"
      aria-label={`Settings of ${title}`}
      data-testid="side-panel"
      onKeyDown={(event) => {
        if (event.key === 'Escape') store.select(undefined);
      }}
    >
      <div className="panel-head">
        <span className="kind-icon">
          <Icon name={node === undefined ? 'type-hierarchy-sub' : NODE_KIND_ICON[node.kind]} />
        </span>
        <h2 className="ellipsis grow">{title}</h2>
        {node === undefined || count > 1 ? null : (
          <Button
            appearance="icon"
            label="Go to the text"
            onClick={() => void store.request('openSource', { nodeId })}
          >
            <Icon name="go-to-file" />
          </Button>
        )}
        <Button appearance="icon" label="Close" onClick={() => store.select(undefined)}>
          <Icon name="close" />
        </Button>
      </div>
      {tabs}
      <div className="panel-body" data-testid="panel-body" tabIndex={-1}>
        <Inspector nodeId={nodeId} />
      </div>
    </aside>
  );
}

function StepPanel({ nodeId, tabs }: { nodeId: string; tabs: ReactNode }): ReactElement {
  const store = useStore();
  const { detail, problem } = useTaskDetail(nodeId);
  const node = useSelected((snapshot) => snapshot.nodes.get(nodeId));
  const status = useNodeStatus(nodeId);
  // A step that was never begun has no task, but the graph knows what became of it.
  const state = detail?.state ?? status?.state;
  const elapsed = useElapsed(detail?.startedAt, detail?.finishedAt);

  return (
    <aside
      className="side-panel"
      aria-label={detail === undefined ? 'Step' : `Details of ${detail.title}`}
      data-testid="side-panel"
      onKeyDown={(event) => {
        if (event.key === 'Escape') store.select(undefined);
      }}
    >
      <div className="panel-head">
        {state !== undefined ? (
          <StateIcon state={state} />
        ) : (
          <span className="kind-icon">
            <Icon name={node === undefined ? 'rocket' : NODE_KIND_ICON[node.kind]} />
          </span>
        )}
        <h2 className="ellipsis grow">{detail?.title ?? node?.label ?? ''}</h2>
        {detail?.hasSource === true ? (
          <Button
            appearance="icon"
            label="Go to the text"
            onClick={() => void store.request('openSource', { nodeId })}
          >
            <Icon name="go-to-file" />
          </Button>
        ) : null}
        <Button appearance="icon" label="Close" onClick={() => store.select(undefined)}>
          <Icon name="close" />
        </Button>
      </div>
      {state === undefined ? null : (
        <div className="panel-state">
          <span>{TASK_STATE_TEXT[state]}</span>
          {elapsed === undefined ? null : <span className="elapsed">{formatDuration(elapsed)}</span>}
          {detail?.notes.map((note) => (
            <span key={note.name} className="badge" title={`${note.name}: ${note.value}`}>
              {note.value}
            </span>
          ))}
        </div>
      )}
      {tabs}
      <div className="panel-body" data-testid="panel-body" tabIndex={-1}>
        {problem === undefined ? null : <div className="problem">{problem}</div>}
        {detail === undefined ? null : <Detail key={detail.taskId ?? detail.nodeId} detail={detail} />}
      </div>
    </aside>
  );
}

/** Asks again whenever the node's status moves; keeps the last answer of the same node meanwhile. */
function useTaskDetail(nodeId: string): { detail: TaskDetail | undefined; problem: string | undefined } {
  const store = useStore();
  const status = useNodeStatus(nodeId);
  const taskId = useSelected((snapshot) => snapshot.view.selectedTask) ?? status?.taskId;
  const task = useSelected((snapshot) => (taskId === undefined ? undefined : snapshot.index?.byId(taskId)));
  const runKey = useSelected((snapshot) =>
    nodeId === '' ? snapshot.host?.run?.tasksRevision : snapshot.host?.run?.id,
  );
  const revision = useSelected(({ host }) => (host?.document.kind === 'drawn' ? host.document.revision : 0));
  const moment = `${runKey ?? ''} ${task?.state ?? ''} ${task?.attempts ?? ''} ${task?.startedAt ?? ''} ${revision}`;
  const [answer, setAnswer] = useState<{ nodeId: string; detail?: TaskDetail; problem?: string }>({ nodeId });
  useEffect(() => {
    const controller = new AbortController();
    store
      .ask('task', { nodeId, taskId: taskId ?? null }, { signal: controller.signal })
      .then((detail) => setAnswer({ nodeId, detail }))
      .catch((error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        setAnswer({ nodeId, problem: error instanceof SlipwayError ? error.message : String(error) });
      });
    return () => controller.abort();
  }, [store, nodeId, taskId, moment]);
  return answer.nodeId === nodeId
    ? { detail: answer.detail, problem: answer.problem }
    : { detail: undefined, problem: undefined };
}

function Detail({ detail }: { detail: TaskDetail }): ReactElement {
  const hasMetrics = (io: IoView): boolean => io.artifacts.some((artifact) => artifact.metrics !== undefined);
  const metrics = detail.outputs.filter(hasMetrics);
  const outputs = detail.outputs.filter((io) => !hasMetrics(io));
  const { taskId } = detail;
  const canRunAgain = detail.nodeId !== '' && isExecuted(detail);
  return (
    <>
      {taskId !== undefined && canRunAgain ? <StepActs nodeId={detail.nodeId} taskId={taskId} /> : null}
      {detail.error === undefined ? null : <div className="problem">{detail.error}</div>}
      {detail.state === 'FAILED' && taskId !== undefined ? <Failure key={taskId} taskId={taskId} /> : null}
      <Iterations nodeId={detail.nodeId} />
      {metrics.length === 0 ? null : (
        <Section title="Metrics">
          <IoList list={metrics} />
        </Section>
      )}
      {taskId !== undefined && detail.attempts.length > 0 ? (
        <LogSection taskId={taskId} attempts={detail.attempts} />
      ) : null}
      {taskId !== undefined && canRunAgain ? (
        <Section title="Cache">
          <CacheSection detail={detail} taskId={taskId} />
        </Section>
      ) : null}
      {outputs.length === 0 ? null : (
        <Section title="Outputs">
          <IoList list={outputs} />
        </Section>
      )}
      {detail.inputs.length === 0 ? null : (
        <Section title={detail.nodeId === '' ? 'Parameters' : 'Inputs'}>
          <IoList list={detail.inputs} />
        </Section>
      )}
      {detail.definition.length === 0 ? null : (
        <Section title="Definition">
          <dl className="facts">
            {detail.definition.map((fact) => (
              <div key={fact.name}>
                <dt>{fact.name}</dt>
                <dd>{fact.value}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
    </>
  );
}

function StepActs({ nodeId, taskId }: { nodeId: string; taskId: string }): ReactElement {
  const store = useStore();
  return (
    <div className="step-acts" role="group" aria-label="Again">
      {stepActs(store, nodeId, taskId).map(({ id, label, title, icon, run }) => (
        <Button key={id} testId={id} title={title} onClick={run}>
          <Icon name={icon} />
          {label}
        </Button>
      ))}
    </div>
  );
}

/** Ended, whether by running or from the cache; groups have neither attempts nor a cache. */
function isExecuted({ state, attempts }: TaskDetail): boolean {
  return state === 'CACHED' || (attempts.length > 0 && (state === 'SUCCEEDED' || state === 'FAILED'));
}

function LogSection({ taskId, attempts }: { taskId: string; attempts: readonly string[] }): ReactElement {
  const store = useStore();
  // The newest, until another is chosen.
  const [chosen, setChosen] = useState<string>();
  const attempt = chosen !== undefined && attempts.includes(chosen) ? chosen : (attempts.at(-1) ?? '');
  return (
    <Section
      title="Log"
      actions={
        <>
          {attempts.length > 1 ? (
            <Dropdown
              label="Attempt"
              testId="attempt-select"
              value={attempt}
              options={attempts.map((name, at) => ({ value: name, label: `Attempt ${at + 1}` }))}
              onChange={setChosen}
            />
          ) : null}
          <Button
            appearance="icon"
            label="Open full log"
            onClick={() => void store.request('openLog', { taskId, attempt })}
          >
            <Icon name="link-external" />
          </Button>
        </>
      }
    >
      <LogTail key={attempt} taskId={taskId} attempt={attempt} />
    </Section>
  );
}

export function Section(props: { title: string; actions?: ReactNode; children: ReactNode }): ReactElement {
  return (
    <section className="section" aria-label={props.title}>
      <div className="section-head">
        <h3 className="grow">{props.title}</h3>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}

function IoList({ list }: { list: readonly IoView[] }): ReactElement {
  return (
    <div className="io-list">
      {list.map((io) => (
        <div key={`${io.kind} ${io.producer ?? ''} ${io.name}`} className="io">
          <Io io={io} />
        </div>
      ))}
    </div>
  );
}

function Io({ io }: { io: IoView }): ReactElement {
  const [only, ...others] = io.artifacts;
  // One artifact is shown as the input or output itself.
  if (only !== undefined && others.length === 0)
    return <Artifact artifact={only} name={io.name} producer={io.producer} />;
  return (
    <>
      <div className="io-head">
        <span className="io-name">{io.name}</span>
        {io.producer === undefined ? null : <span className="hint ellipsis">from {io.producer}</span>}
        <span className="grow" />
        <span className="type">{io.type}</span>
      </div>
      {io.value === undefined ? null : <pre className="value">{formatValue(io.value)}</pre>}
      {io.artifacts.map((artifact) => (
        <Artifact key={artifact.id} artifact={artifact} name={artifact.name} producer={undefined} />
      ))}
    </>
  );
}

function formatValue(value: IoView['value']): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}
