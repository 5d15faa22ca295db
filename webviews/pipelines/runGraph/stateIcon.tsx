import type { ReactElement } from 'react';
import type { TaskRowState } from '../../../src/core/protocol/runGraph.ts';
import { Icon } from '../../shared/icon.tsx';
import { TASK_STATE_ICON } from './stateText.ts';

export function StateIcon({ state }: { state: TaskRowState }): ReactElement {
  return (
    <span className={`state-icon state-${state.toLowerCase()}`}>
      <Icon name={TASK_STATE_ICON[state]} spin={state === 'RUNNING'} />
    </span>
  );
}
