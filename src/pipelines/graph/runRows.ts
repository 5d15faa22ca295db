/** A run and its tasks as the run graph's webview reads them. */
import type { Run, RunTask } from '../../clients/kfp/model.ts';
import type { RunSummary, TaskRow } from '../../core/protocol/runGraph.ts';

export function taskRow(task: RunTask): TaskRow {
  return {
    id: task.id,
    parentId: task.parentId,
    path: task.scopePath,
    name: task.displayName,
    kind: task.kind,
    state: task.state,
    iteration: task.iteration,
    iterationCount: task.iterationCount,
    createdAt: task.createdAt.getTime(),
    startedAt: task.startedAt?.getTime(),
    finishedAt: task.finishedAt?.getTime(),
    attempts: task.attempts.length,
    notes: Object.values(task.notes),
  };
}

export function runSummary(run: Run): RunSummary {
  return {
    id: run.id,
    name: run.displayName,
    state: run.state,
    createdAt: run.createdAt.getTime(),
    finishedAt: run.finishedAt?.getTime(),
  };
}
