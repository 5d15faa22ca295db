/** What a screen reader is told when states change: one sentence an update, however many nodes moved. Pure. */
import type { RunView } from '../../../src/core/protocol/runGraph.ts';
import type { NodeStatus } from './fold.ts';
import { RUN_STATE_TEXT, TASK_STATE_TEXT } from './stateText.ts';

/** Empty when there is nothing to say. */
export function announceTasks(
  before: ReadonlyMap<string, NodeStatus>,
  after: ReadonlyMap<string, NodeStatus>,
  labelOf: (nodeId: string) => string | undefined,
): string {
  const changed = new Map<string, string[]>();
  for (const [id, status] of after) {
    const label = labelOf(id);
    if (label === undefined || status.state === 'PENDING' || before.get(id)?.state === status.state) continue;
    const text = TASK_STATE_TEXT[status.state];
    changed.set(text, [...(changed.get(text) ?? []), label]);
  }
  return [...changed]
    .map(([text, labels]) =>
      labels.length <= 3 ? `${labels.join(', ')}: ${text}` : `${labels.length} steps: ${text}`,
    )
    .join('. ');
}

/** For a screen reader; empty when nothing is to be said. */
export function announceRun(before: RunView | undefined, after: RunView | undefined): string {
  if (after === undefined) return '';
  if (before?.id === after.id && before.state === after.state && before.connection === after.connection)
    return '';
  if (after.connection === 'reconnecting') return 'The pipeline service does not answer. Reconnecting.';
  return `Run ${after.name}: ${RUN_STATE_TEXT[after.state]}`;
}
