/** What can be done about a step that ran: from the side panel and from the menus alike. */
import type { IconName } from '../../shared/icons.ts';
import type { GraphStore } from './store.ts';

export interface StepAct {
  readonly id: 'debug-step' | 'retry-from';
  readonly label: string;
  readonly title: string;
  readonly icon: IconName;
  readonly run: () => void;
}

export function stepActs(store: GraphStore, nodeId: string, taskId: string): readonly StepAct[] {
  return [
    {
      id: 'debug-step',
      label: 'Debug this step',
      title: 'Fetches the inputs that it had, and calls its function on them here, in the debugger',
      icon: 'debug-alt',
      // Its inputs may be large, and its packages many.
      run: () => void store.request('debugStep', { taskId }, { timeoutMs: 60 * 60_000 }),
    },
    {
      id: 'retry-from',
      label: 'Retry from here',
      title: 'A new run with the same inputs: this step and what waits for it run again, the rest is cached',
      icon: 'debug-restart',
      run: () => void store.request('retryFrom', { nodeId }, { timeoutMs: 15 * 60_000 }),
    },
  ];
}
