/** Explain failure: why the step failed, where in the user's code, and one thing to do about it. */
import { useEffect, useState, type ReactElement } from 'react';
import { isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import type { FailureView } from '../../../src/core/protocol/runGraph.ts';
import { Button } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { useStore } from './context.ts';

export function Failure({ taskId }: { taskId: string }): ReactElement {
  const store = useStore();
  const [failure, setFailure] = useState<FailureView>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const controller = new AbortController();
    store
      .ask('explain', { taskId }, { signal: controller.signal, timeoutMs: 30_000 })
      .then(setFailure)
      .catch((error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        setProblem(error instanceof SlipwayError ? error.message : String(error));
      });
    return () => controller.abort();
  }, [store, taskId]);

  const follow = (part: 'source' | 'action'): void => {
    void store.request('followFailure', { taskId, part }, { timeoutMs: 60_000 });
  };
  return (
    <section
      className="failure"
      aria-label="Why it failed"
      aria-busy={failure === undefined && problem === undefined}
      data-testid="explain-failure"
    >
      <div className="section-head">
        <Icon name="lightbulb" />
        <h3 className="grow">Why it failed</h3>
      </div>
      {failure === undefined ? (
        <p className="hint">{problem ?? 'Reading the log…'}</p>
      ) : (
        <>
          <p className="failure-reason">{failure.reason}</p>
          {failure.likelyCause === undefined ? null : <p>{failure.likelyCause}</p>}
          {failure.lines.length === 0 ? null : (
            <pre className="value" tabIndex={0} aria-label="Last lines of the log">
              {failure.lines.join('\n')}
            </pre>
          )}
          <div className="actions">
            {failure.actionLabel === undefined ? null : (
              <Button appearance="primary" testId="failure-action" onClick={() => follow('action')}>
                {failure.actionLabel}
              </Button>
            )}
            {failure.sourceLabel === undefined ? null : (
              <Button testId="failure-source" onClick={() => follow('source')}>
                <Icon name="go-to-file" />
                {failure.sourceLabel}
              </Button>
            )}
          </div>
        </>
      )}
    </section>
  );
}
