/** Picks one iteration of a loop: the graph then shows that iteration's steps. Beyond 20 they are folded. */
import { useState, type ReactElement } from 'react';
import type { TaskRow } from '../../../src/core/protocol/runGraph.ts';
import { Button, TextField } from '../../shared/controls.ts';
import { formatDuration } from '../../../src/core/base/duration.ts';
import { Icon } from '../../shared/icon.tsx';
import { useElapsed, useSelected, useStore } from './context.ts';
import { FOLD_ITERATIONS_BEYOND } from './outline.ts';
import { StateIcon } from './stateIcon.tsx';
import { TASK_STATE_TEXT } from './stateText.ts';
import type { Snapshot } from './store.ts';

/** Of a loop, or of the loop that stands several tasks behind a step: one of them can be chosen there, too. */
export function Iterations({ nodeId }: { nodeId: string }): ReactElement | null {
  const loop = useSelected((snapshot) => openLoopAt(snapshot, nodeId));
  return loop === undefined ? null : <IterationsOf key={loop} nodeId={loop} />;
}

function openLoopAt({ statuses, nodes, view }: Snapshot, nodeId: string): string | undefined {
  const isLoop = (id: string): boolean => statuses.get(id)?.iterations !== undefined;
  if (isLoop(nodeId)) return nodeId;
  const tasks = view.selectedTask === undefined ? (statuses.get(nodeId)?.tasks.total ?? 0) : 1;
  let loop = tasks > 1 ? nodes.get(nodeId)?.parent : undefined;
  while (loop !== undefined && !(isLoop(loop) && view.iterations[loop] === undefined))
    loop = nodes.get(loop)?.parent;
  return loop;
}

function IterationsOf({ nodeId }: { nodeId: string }): ReactElement | null {
  const store = useStore();
  const index = useSelected((snapshot) => snapshot.index);
  const chosen = useSelected((snapshot) => snapshot.view.iterations[nodeId]);
  const [isUnfolded, setUnfolded] = useState(false);
  const [wanted, setWanted] = useState('');
  const rows = index?.loopsAt(nodeId).flatMap((loop) => index.iterationsOf(loop)) ?? [];
  if (rows.length === 0) return null;
  const failed = rows.filter((row) => row.state === 'FAILED').length;
  const shown = isUnfolded
    ? rows
    : rows
        .filter(
          (row, at) => at < FOLD_ITERATIONS_BEYOND || row.state === 'FAILED' || row.iteration === chosen,
        )
        // What went wrong is what one looks for in a long list.
        .sort((a, b) => Number(b.state === 'FAILED') - Number(a.state === 'FAILED'));
  const jump = Number(wanted);
  const canJump = wanted.trim() !== '' && rows.some((row) => row.iteration === jump);
  return (
    <section className="section" aria-label="Iterations" data-testid="iterations">
      <div className="section-head">
        <h3 className="grow">
          Iterations{' '}
          <span className="hint">
            {rows.length}
            {failed > 0 ? `, ${failed} failed` : ''}
          </span>
        </h3>
        {rows.length > FOLD_ITERATIONS_BEYOND ? (
          <>
            <TextField
              value={wanted}
              label="Iteration number"
              placeholder="Number"
              testId="iteration-number"
              onInput={setWanted}
            />
            <Button
              testId="iteration-go"
              isDisabled={!canJump}
              onClick={() => store.chooseIteration(nodeId, jump)}
            >
              Show
            </Button>
          </>
        ) : null}
      </div>
      <div className="iteration-list" role="radiogroup" aria-label="Shown iteration">
        <Choice isChosen={chosen === undefined} onChoose={() => store.chooseIteration(nodeId, undefined)}>
          <Icon name="layers" />
          <span className="grow">All together</span>
        </Choice>
        {shown.map((row) => (
          <Choice
            key={row.id}
            isChosen={chosen === row.iteration}
            onChoose={() => store.chooseIteration(nodeId, row.iteration)}
          >
            <IterationText row={row} />
          </Choice>
        ))}
      </div>
      {shown.length < rows.length ? (
        <Button testId="iterations-more" onClick={() => setUnfolded(true)}>
          Show {rows.length - shown.length} more
        </Button>
      ) : null}
    </section>
  );
}

function Choice(props: {
  isChosen: boolean;
  onChoose: () => void;
  children: ReactElement | readonly ReactElement[];
}): ReactElement {
  return (
    <div
      className={props.isChosen ? 'choice chosen' : 'choice'}
      role="radio"
      aria-checked={props.isChosen}
      tabIndex={0}
      onClick={props.onChoose}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        props.onChoose();
      }}
    >
      {props.children}
    </div>
  );
}

function IterationText({ row }: { row: TaskRow }): ReactElement {
  const elapsed = useElapsed(row.startedAt, row.finishedAt);
  return (
    <>
      <StateIcon state={row.state} />
      <span className="grow">Iteration {row.iteration}</span>
      <span className="hint">
        {TASK_STATE_TEXT[row.state]}
        {elapsed === undefined ? '' : ` · ${formatDuration(elapsed)}`}
      </span>
    </>
  );
}
