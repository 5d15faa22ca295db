/** The document's problems: where they are, and what mends them. The same stand in the Problems panel at their text. */
import type { KeyboardEvent, ReactElement } from 'react';
import { Button } from '../../../shared/controls.ts';
import { Icon } from '../../../shared/icon.tsx';
import { StepButtons } from '../../../shared/stepButtons.tsx';
import { useEdit, useEditSelected } from './context.ts';
import { showProblem, stepProblem } from './problems.ts';

export function ProblemsPanel(): ReactElement {
  const edit = useEdit();
  const problems = useEditSelected((snapshot) => snapshot.problems);
  const chosen = useEditSelected((snapshot) => snapshot.problem);
  const step = (by: 1 | -1): void => stepProblem(edit, by);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') step(1);
    else if (event.key === 'ArrowUp') step(-1);
    else if (event.key === 'Escape') edit.togglePanel('problems');
    else return;
    event.preventDefault();
  };

  return (
    <aside className="edit-panel" aria-label="Problems" data-testid="problems" onKeyDown={onKeyDown}>
      <div className="panel-head">
        <h2 className="grow">Problems</h2>
        <StepButtons
          what="problem"
          keys={{ previous: 'Shift+F8', next: 'F8' }}
          isEmpty={problems.length === 0}
          onStep={step}
        />
        <Button appearance="icon" label="Close problems" onClick={() => edit.togglePanel('problems')}>
          <Icon name="close" />
        </Button>
      </div>
      {problems.length === 0 ? (
        <p className="panel-note">No problems: this pipeline can run.</p>
      ) : (
        <ul className="panel-list problem-list" tabIndex={0} aria-label="Problems">
          {problems.map((problem) => (
            <li
              key={problem.id}
              className={`problem-row problem-${problem.severity}${problem.id === chosen ? ' active' : ''}`}
              aria-current={problem.id === chosen}
              data-testid={`problem-${problem.code}`}
              onClick={() => showProblem(edit, problem)}
            >
              <Icon name={problem.severity} />
              <div className="grow">
                <span className="screen-reader-only">{problem.severity}: </span>
                {problem.message}
                <div className="problem-acts">
                  {problem.fixes.map((fix) => (
                    <Act
                      key={fix.id}
                      label={fix.title}
                      onClick={() => void edit.applyFix(problem.id, fix.id)}
                    />
                  ))}
                  <Act
                    label="Show in text"
                    onClick={() => void edit.graph.request('showProblemText', { problemId: problem.id })}
                  />
                </div>
              </div>
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}

function Act({ label, onClick }: { label: string; onClick: () => void }): ReactElement {
  return (
    <button
      type="button"
      className="link-button"
      onClick={(event) => {
        event.stopPropagation();
        onClick();
      }}
    >
      {label}
    </button>
  );
}
