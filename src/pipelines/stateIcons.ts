import type { RunState, TaskState } from '../clients/kfp/model.ts';

export interface StateIcon {
  /** Codicon. */
  readonly id: string;
  /** Theme colour. */
  readonly color: string | undefined;
}

const icons: Readonly<Record<RunState | TaskState, StateIcon>> = {
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

export function stateIcon(state: RunState | TaskState): StateIcon {
  return icons[state];
}

/** The state as people read it, e.g. `canceling`. */
export function stateWord(state: RunState | TaskState): string {
  return state.toLowerCase();
}
