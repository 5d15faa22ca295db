/** One row of the Pipelines view as plain data, and the rows that every list needs. */
import type { Pipeline, PipelineVersion, Run, RunTask } from '../clients/kfp/model.ts';
import { isSlipwayError } from '../core/base/errors.ts';
import { failure as failureRow, type TreeRow } from '../platform/treeRow.ts';
import type { PipelineFile } from './store.ts';

type Row = TreeRow<PipelineNode>;

export type PipelineNode =
  | (Row & { readonly kind: 'group'; readonly group: 'files' | 'pipelines' | 'runs' })
  | (Row & { readonly kind: 'file'; readonly uri: string; readonly file: PipelineFile })
  | (Row & { readonly kind: 'pipeline'; readonly pipelineId: string; readonly pipeline: Pipeline })
  | (Row & {
      readonly kind: 'version';
      readonly pipelineId: string;
      readonly versionId: string;
      readonly version: PipelineVersion;
    })
  | (Row & { readonly kind: 'run'; readonly runId: string; readonly run: Run })
  | (Row & { readonly kind: 'task'; readonly runId: string; readonly taskId: string; readonly task: RunTask })
  /** Iterations of a loop that are folded into one row. */
  | (Row & { readonly kind: 'fold'; readonly runId: string; readonly tasks: readonly RunTask[] })
  | (Row & { readonly kind: 'more'; readonly list: string })
  | (Row & { readonly kind: 'message' });

/** Reads the next page on click. */
export function more(
  parent: PipelineNode,
  list: string,
  nextPageToken: string | undefined,
  label = 'Load more…',
): readonly PipelineNode[] {
  if (nextPageToken === undefined) return [];
  return [
    {
      kind: 'more',
      id: `${parent.id}/more`,
      parent,
      list,
      label,
      icon: { id: 'ellipsis', color: undefined },
      context: 'more',
      expansion: 'leaf',
      command: 'slipway.pipelines.loadMore',
    },
  ];
}

/** A failed fetch is a row that says what happened and does the one thing that helps. */
export function failure(parent: PipelineNode | undefined, error: Error): PipelineNode {
  const reason = isSlipwayError(error) ? error.reason : undefined;
  const canStart = reason === 'unreachable' || reason === 'startFailed' || reason === 'endpointsUnreadable';
  return failureRow(parent, error, {
    description: canStart ? 'Click to start it' : 'Click to try again',
    command: canStart ? 'slipway.environment.start' : 'slipway.pipelines.refresh',
  });
}
