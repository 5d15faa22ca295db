/** What became of one step, or of the run as a whole: state, failure, metrics, log, inputs and outputs. */
import { useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { formatDuration } from '../../../src/core/base/duration.ts';
import { isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import type { IoView, TaskDetail } from '../../../src/core/protocol/runGraph.ts';
import { Button, Dropdown } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { CacheSection } from './cacheSection.tsx';
import { useElapsed, useNodeStatus, useSelected, useStore } from './context.ts';
import { Failure } from './failure.tsx';
import { Iterations } from './iterations.tsx';
import { LogTail } from './logTail.tsx';
import { PanelFrame, Section } from './panelFrame.tsx';
import { Artifact } from './preview.tsx';
import { StateIcon } from './stateIcon.tsx';
import { stepActs } from './stepActs.ts';
import { NODE_KIND_ICON, TASK_STATE_TEXT } from './stateText.ts';

export function StepPanel({ nodeId, tabs }: { nodeId: string; tabs: ReactNode }): ReactElement {
  const { detail, problem } = useTaskDetail(nodeId);
  const node = useSelected((snapshot) => snapshot.nodes.get(nodeId));
  const status = useNodeStatus(nodeId);
  // A step that was never begun has no task, but the graph knows what became of it.
  const state = detail?.state ?? status?.state;
  const elapsed = useElapsed(detail?.startedAt, detail?.finishedAt);
  const icon =
    state === undefined ? (
      <span className="kind-icon">
        <Icon name={node === undefined ? 'rocket' : NODE_KIND_ICON[node.kind]} />
      </span>
    ) : (
      <StateIcon state={state} />
    );
  const outcome =
    state === undefined ? null : (
      <div className="panel-state">
        <span>{TASK_STATE_TEXT[state]}</span>
        {elapsed === undefined ? null : <span className="elapsed">{formatDuration(elapsed)}</span>}
        {detail?.notes.map((note) => (
          <span key={note.name} className="badge" title={`${note.name}: ${note.value}`}>
            {note.value}
          </span>
        ))}
      </div>
    );
  return (
    <PanelFrame
      nodeId={nodeId}
      label={detail === undefined ? 'Step' : `Details of ${detail.title}`}
      icon={icon}
      title={detail?.title ?? node?.label ?? ''}
      hasText={detail?.hasSource === true}
      fixed={
        <>
          {outcome}
          {tabs}
        </>
      }
    >
      {problem === undefined ? null : <div className="problem">{problem}</div>}
      {detail === undefined ? null : <Detail key={detail.taskId ?? detail.nodeId} detail={detail} />}
    </PanelFrame>
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
