/** Commands of the Pipelines view itself: lists, filter, ids, deletes. */
import { env, window } from 'vscode';
import type { RunState } from '../clients/kfp/model.ts';
import type { Environments } from '../environment/session.ts';
import type { CommandHandlers } from '../platform/commands.ts';
import type { PipelineNode } from './rows.ts';
import { stateIcon, stateWord } from './stateIcons.ts';
import { runSorts, type PipelinesStore, type RunSort } from './store.ts';
import type { PipelinesView } from './view.ts';

export interface ViewCommandDeps {
  readonly environments: Environments;
  readonly store: PipelinesStore;
  readonly view: PipelinesView;
}

const filterStates: readonly RunState[] = [
  'RUNNING',
  'PENDING',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'SKIPPED',
];
const sortLabels: Readonly<Record<RunSort, string>> = {
  'created_at desc': 'Newest first',
  'finished_at desc': 'Last ended first',
  display_name: 'By name',
  state: 'By state',
};

export function viewCommands({ environments, store, view }: ViewCommandDeps) {
  return {
    'slipway.pipelines.refresh': async () => {
      await environments.refresh();
      view.wake();
      await store.refresh();
    },
    'slipway.pipelines.loadMore': async (target) => {
      if (target === undefined) return;
      const { list } = target;
      if (list === 'pipelines' || list === 'runs') await store.loadMore(list);
      else await store.loadMore({ versionsOf: list.slice('versions/'.length) });
    },
    'slipway.pipelines.filter': async () => {
      const text = await window.showInputBox({
        title: 'Filter pipelines and runs (1/2)',
        prompt: 'Part of a name; empty for all',
        value: store.filter.text,
        ignoreFocusOut: true,
      });
      if (text === undefined) return;
      const chosen = await window.showQuickPick(
        filterStates.map((state) => ({
          label: `$(${stateIcon(state).id.replace('~spin', '')}) ${stateWord(state)}`,
          picked: store.filter.states.includes(state),
          state,
        })),
        {
          title: 'Filter pipelines and runs (2/2)',
          placeHolder: 'States of runs to show; none chosen shows all',
          canPickMany: true,
          ignoreFocusOut: true,
        },
      );
      if (chosen === undefined) return;
      await store.setFilter({ text: text.trim(), states: chosen.map((item) => item.state) });
    },
    'slipway.pipelines.clearFilter': () => store.setFilter({ text: '', states: [] }),
    'slipway.pipelines.sort': async () => {
      const choice = await window.showQuickPick(
        runSorts.map((sort) => ({
          label: sortLabels[sort],
          description: sort === store.sort ? 'current' : '',
          sort,
        })),
        { title: 'Sort runs' },
      );
      if (choice !== undefined) await store.setSort(choice.sort);
    },
    'slipway.pipelines.copyId': async (target) => {
      const ids = rowsFor(view, target)
        .map(idOf)
        .filter((id) => id !== undefined);
      if (ids.length > 0) await env.clipboard.writeText(ids.join('\n'));
    },
    'slipway.pipelines.delete': async (target) => {
      const rows = rowsFor(view, target).filter(
        (row) => row.kind === 'run' || row.kind === 'pipeline' || row.kind === 'version',
      );
      const [first] = rows;
      if (first === undefined) {
        // VS Code tells an extension which rows are selected, not which one has the focus.
        void window.showInformationMessage(
          'Select a run, a version or a pipeline to delete first: Enter selects the row that has the focus.',
        );
        return;
      }
      const question =
        rows.length === 1
          ? `Delete ${nounOf(first)} “${first.label}”?`
          : `Delete these ${rows.length} items?`;
      const detail = rows.some((row) => row.kind === 'pipeline')
        ? 'All versions of a pipeline are deleted with it. This cannot be undone.'
        : 'This cannot be undone.';
      const choice = await window.showWarningMessage(question, { modal: true, detail }, 'Delete');
      if (choice !== 'Delete') return;
      const { kfp, signal } = environments.require();
      try {
        for (const row of rows) {
          if (row.kind === 'run') await kfp.deleteRun(row.runId, signal);
          else if (row.kind === 'version') await kfp.deleteVersion(row.pipelineId, row.versionId, signal);
          else await kfp.deletePipeline(row.pipelineId, signal);
          if (row.kind === 'run') store.forgetRun(row.runId);
        }
      } finally {
        await store.refresh();
      }
    },
  } satisfies Partial<CommandHandlers>;
}

/** The selected rows when the target is one of them or none is given, else the target's own row. */
function rowsFor(view: PipelinesView, target: object | undefined): readonly PipelineNode[] {
  const { selection } = view;
  if (target === undefined) return selection;
  const own = selection.find((row) => row === target);
  if (own !== undefined) return selection;
  const row = view.rowOf(target);
  return row === undefined ? [] : [row];
}

function idOf(row: PipelineNode): string | undefined {
  switch (row.kind) {
    case 'pipeline':
      return row.pipelineId;
    case 'version':
      return row.versionId;
    case 'run':
      return row.runId;
    case 'task':
      return row.taskId;
    default:
      return undefined;
  }
}

function nounOf(row: PipelineNode): string {
  return row.kind === 'run' ? 'run' : row.kind === 'pipeline' ? 'pipeline' : 'version';
}
