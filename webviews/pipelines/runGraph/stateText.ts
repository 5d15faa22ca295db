/** States in words and codicons. */
import type { GraphNode } from '../../../src/core/ir/graphModel.ts';
import type { RunRowState, TaskRowState } from '../../../src/core/protocol/runGraph.ts';
import type { IconName } from '../../shared/icons.ts';

export const TASK_STATE_TEXT: Readonly<Record<TaskRowState, string>> = {
  PENDING: 'waiting',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  SKIPPED: 'skipped',
  FAILED: 'failed',
  CACHED: 'from cache',
};

export const TASK_STATE_ICON: Readonly<Record<TaskRowState, IconName>> = {
  PENDING: 'circle-outline',
  RUNNING: 'loading',
  SUCCEEDED: 'pass-filled',
  SKIPPED: 'circle-slash',
  FAILED: 'error',
  CACHED: 'history',
};

export const RUN_STATE_TEXT: Readonly<Record<RunRowState, string>> = {
  PENDING: 'waiting',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  SKIPPED: 'skipped',
  FAILED: 'failed',
  CANCELING: 'canceling',
  CANCELED: 'canceled',
  PAUSED: 'paused',
};

export const RUN_STATE_ICON: Readonly<Record<RunRowState, IconName>> = {
  PENDING: 'circle-outline',
  RUNNING: 'loading',
  SUCCEEDED: 'pass-filled',
  SKIPPED: 'circle-slash',
  FAILED: 'error',
  CANCELING: 'loading',
  CANCELED: 'stop-circle',
  PAUSED: 'debug-pause',
};

export function isFinalRun(state: RunRowState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELED' || state === 'SKIPPED';
}

export const NODE_KIND_ICON: Readonly<Record<GraphNode['kind'], IconName>> = {
  task: 'symbol-method',
  importer: 'cloud-download',
  dag: 'type-hierarchy-sub',
  loop: 'sync',
  branches: 'git-branch',
  condition: 'question',
  exitHandler: 'debug-step-out',
  input: 'symbol-parameter',
  output: 'symbol-field',
};

export const NODE_KIND_TEXT: Readonly<Record<GraphNode['kind'], string>> = {
  task: 'step',
  importer: 'importer',
  dag: 'sub-pipeline',
  loop: 'loop',
  branches: 'branches',
  condition: 'condition',
  exitHandler: 'exit handler',
  input: 'input',
  output: 'output',
};
