/** Whether a step came from the cache, and on demand why: what of its key differs from the nearest earlier execution. */
import { useState, type ReactElement } from 'react';
import type { CacheView, TaskDetail } from '../../../src/core/protocol/runGraph.ts';
import { Button } from '../../shared/controls.ts';
import { useStore } from './context.ts';

/** Longer values are cut: they are told apart by their beginning, or in the file. */
const MAX_SHOWN = 200;

export function CacheSection({ detail, taskId }: { detail: TaskDetail; taskId: string }): ReactElement {
  const store = useStore();
  const [reason, setReason] = useState<CacheView>();
  const isHit = detail.state === 'CACHED';
  return (
    <div className="cache" data-testid="cache">
      {reason === undefined ? (
        <Button
          testId="why-cache"
          onClick={() =>
            void store.request('whyCache', { taskId }).then((answer) => {
              if (answer !== undefined) setReason(answer);
            })
          }
        >
          {isHit ? 'Where from?' : 'Why not from the cache?'}
        </Button>
      ) : (
        <Reason reason={reason} />
      )}
    </div>
  );
}

function Reason({ reason }: { reason: CacheView }): ReactElement {
  return (
    <div role="status">
      <p>{sentence(reason)}</p>
      {reason.differences.length === 0 ? null : (
        <dl className="facts">
          {reason.differences.map(({ name, before, after }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <del>{cut(before)}</del> → <ins>{cut(after)}</ins>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function sentence({ kind, against }: CacheView): string {
  const run = against?.name ?? 'an earlier run';
  switch (kind) {
    case 'hit':
      return against === undefined
        ? 'From the cache: another pipeline executed the same step.'
        : `From the cache; ${run} has the same step.`;
    case 'off':
      return 'Caching is off for this step.';
    case 'first':
      return 'No earlier run has executed this step.';
    case 'notKept':
      return `Caching was off when ${run} executed it, so nothing was kept.`;
    case 'differs':
      return `Not as in ${run}:`;
    case 'same':
      return `All the same as in ${run}: what it made is gone, or caching is off for the whole run.`;
  }
}

function cut(value: string | undefined): string {
  if (value === undefined) return 'nothing';
  return value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
}
