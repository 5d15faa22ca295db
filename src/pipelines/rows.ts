/** One row of the Pipelines view as plain data, and the rows that every list needs. */
import type { Pipeline, PipelineVersion, Run, RunTask } from '../clients/kfp/model.ts';
import type { CommandId } from '../contributions.ts';
import { isSlipwayError } from '../core/base/errors.ts';
import type { StateIcon } from './stateIcons.ts';
import type { PipelineFile } from './store.ts';

interface Row {
  /** Unique in the tree and stable over refreshes: VS Code keeps selection and expansion by it. */
  readonly id: string;
  readonly parent: PipelineNode | undefined;
  readonly label: string;
  readonly description?: string | undefined;
  readonly icon?: StateIcon | undefined;
  /** First word: the kind; then flags that menus match (package.json, `view/item/context`). */
  readonly context: string;
  readonly expansion: 'leaf' | 'collapsed' | 'expanded';
  /** What a click does; the row itself is the argument. */
  readonly command?: CommandId | undefined;
}

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

/** A row that only says something; with a command, a click does what helps. */
export function message(
  parent: PipelineNode | undefined,
  label: string,
  icon: string,
  extra: { readonly description?: string; readonly command?: CommandId } = {},
): PipelineNode {
  return {
    kind: 'message',
    id: `${parent?.id ?? ''}/message`,
    parent,
    label,
    icon: { id: icon, color: undefined },
    context: 'message',
    expansion: 'leaf',
    ...extra,
  };
}

/** A failed fetch is a row that says what happened and does the one thing that helps. */
export function failure(parent: PipelineNode | undefined, error: Error): PipelineNode {
  const reason = isSlipwayError(error) ? error.reason : undefined;
  const canStart = reason === 'unreachable' || reason === 'startFailed' || reason === 'endpointsUnreadable';
  return {
    ...message(parent, error.message, 'error', {
      description: canStart ? 'Click to start it' : 'Click to try again',
      command: canStart ? 'slipway.environment.start' : 'slipway.pipelines.refresh',
    }),
    icon: { id: 'error', color: 'testing.iconFailed' },
  };
}
