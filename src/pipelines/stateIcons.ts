import type { RunState, TaskState } from '../clients/kfp/model.ts';
import type { RowIcon } from '../platform/treeRow.ts';

const icons: Readonly<Record<RunState | TaskState, RowIcon>> = {
  PENDING: { id: 'circle-outline', color: 'testing.iconQueued' },
  RUNNING: { id: 'loading~spin', color: 'charts.blue' },
  SUCCEEDED: { id: 'pass', color: 'testing.iconPassed' },
  CACHED: { id: 'history', color: 'testing.iconPassed' },
  SKIPPED: { id: 'debug-step-over', color: 'testing.iconSkipped' },
  FAILED: { id: 'error', color: 'testing.iconFailed' },
  CANCELING: { id: 'loading~spin', color: 'testing.iconSkipped' },
  CANCELED: { id: 'circle-slash', color: 'testing.iconSkipped' },
  PAUSED: { id: 'debug-pause', color: 'testing.iconQueued' },
};

/** Of a row in a tree. */
export function stateIcon(state: RunState | TaskState): RowIcon {
  return icons[state];
}

/** The state as people read it, e.g. `canceling`. */
export function stateWord(state: RunState | TaskState): string {
  return state.toLowerCase();
}
