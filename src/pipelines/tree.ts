/** The rows of the Pipelines view, made from the store's state. view.ts turns them into TreeItems. */
import { isFinal, type Run } from '../clients/kfp/model.ts';
import { formatAgo, formatDuration } from '../core/base/duration.ts';
import { message } from '../platform/treeRow.ts';
import { failure, more, type PipelineNode } from './rows.ts';
import { stateIcon, stateWord } from './stateIcons.ts';
import { pipelineNameOf, type PipelineFile, type PipelinesState } from './store.ts';
import { childTaskRows, foldedRows, taskRows } from './taskRows.ts';

/** Rows under `parent`; the top rows without one. An empty top means that the view's welcome text shows. */
export function childrenOf(
  parent: PipelineNode | undefined,
  state: PipelinesState,
  now: number,
): readonly PipelineNode[] {
  if (parent === undefined) return topRows(state);
  switch (parent.kind) {
    case 'group':
      if (parent.group === 'files') return fileRows(parent, state);
      return parent.group === 'pipelines' ? pipelineRows(parent, state) : runRows(parent, state, now);
    case 'file':
      return runsOf(parent, state, now, (run) => run.version === undefined && belongsTo(run, parent.file));
    case 'pipeline':
      return versionRows(parent, parent.pipelineId, state);
    case 'version':
      return runsOf(parent, state, now, (run) => run.version?.versionId === parent.versionId);
    case 'run':
      return taskRows(parent, parent.runId, state, now);
    case 'task':
      return childTaskRows(parent, state, now);
    case 'fold':
      return foldedRows(parent, state, now);
    case 'more':
    case 'message':
      return [];
  }
}

function topRows(state: PipelinesState): readonly PipelineNode[] {
  const files = [...group('files', 'Pipeline Files', state.files.length > 0)];
  const { environment } = state;
  if (environment.kind === 'unknown')
    return [...files, message<PipelineNode>(undefined, 'Looking for the environment…', 'loading~spin')];
  if (environment.kind === 'starting')
    return [
      ...files,
      message<PipelineNode>(undefined, `${environment.label}: ${environment.message}`, 'loading~spin'),
    ];
  if (environment.kind === 'failed') return [...files, failure(undefined, environment.error)];
  if (environment.kind === 'absent')
    return [
      ...files,
      message<PipelineNode>(undefined, `${environment.label} has no pipeline service`, 'circle-slash', {
        description: 'Click to choose another environment',
        command: 'slipway.environment.menu',
      }),
    ];
  if (environment.kind === 'stopped') {
    // Without files the welcome text says this, with a button.
    if (files.length === 0) return [];
    return [
      ...files,
      message<PipelineNode>(undefined, `${environment.label} is not running`, 'debug-disconnect', {
        description: 'Click to start it',
        command: 'slipway.environment.start',
      }),
    ];
  }
  const { pipelines, runs, connectionError } = state;
  if (connectionError !== undefined && runs.kind === 'ready') files.push(failure(undefined, connectionError));
  if (runs.kind === 'failed') return [...files, failure(undefined, runs.error)];
  if (runs.kind === 'loading' && pipelines.kind === 'loading')
    return [...files, message<PipelineNode>(undefined, 'Loading pipelines and runs…', 'loading~spin')];
  return [
    ...files,
    ...group('pipelines', 'Uploaded Pipelines', pipelines.kind !== 'ready' || pipelines.items.length > 0),
    ...group('runs', 'Runs', runs.kind !== 'ready' || runs.items.length > 0),
  ];
}

function group(id: 'files' | 'pipelines' | 'runs', label: string, isShown: boolean): readonly PipelineNode[] {
  if (!isShown) return [];
  return [
    { kind: 'group', group: id, id, parent: undefined, label, context: 'group', expansion: 'expanded' },
  ];
}

function fileRows(parent: PipelineNode, state: PipelinesState): readonly PipelineNode[] {
  const runs = state.runs.kind === 'ready' ? state.runs.items : [];
  return state.files
    .filter(
      (file) => matches(state, file.path, file.pipelineName) || runs.some((run) => belongsTo(run, file)),
    )
    .map((file) => ({
      kind: 'file',
      id: `file:${file.uri}`,
      parent,
      uri: file.uri,
      file,
      label: file.pipelineName ?? file.path,
      description: file.pipelineName === undefined ? undefined : file.path,
      icon: { id: 'type-hierarchy-sub', color: undefined },
      context: 'file',
      expansion: runs.some((run) => belongsTo(run, file)) ? 'collapsed' : 'leaf',
      command: 'slipway.pipeline.openGraph',
    }));
}

function pipelineRows(parent: PipelineNode, state: PipelinesState): readonly PipelineNode[] {
  const { pipelines } = state;
  if (pipelines.kind === 'loading') return [message(parent, 'Loading…', 'loading~spin')];
  if (pipelines.kind === 'failed') return [failure(parent, pipelines.error)];
  const rows = pipelines.items
    .filter((pipeline) => matches(state, pipeline.displayName, pipeline.name))
    .map((pipeline): PipelineNode => ({
      kind: 'pipeline',
      id: `pipeline:${pipeline.id}`,
      parent,
      pipelineId: pipeline.id,
      pipeline,
      label: pipeline.displayName,
      description: pipeline.description || undefined,
      icon: { id: 'package', color: undefined },
      context: 'pipeline',
      expansion: 'collapsed',
    }));
  return [...rows, ...more(parent, 'pipelines', pipelines.nextPageToken)];
}

function versionRows(
  parent: PipelineNode,
  pipelineId: string,
  state: PipelinesState,
): readonly PipelineNode[] {
  const versions = state.versionsOf(pipelineId);
  if (versions.kind === 'loading') return [message(parent, 'Loading…', 'loading~spin')];
  if (versions.kind === 'failed') return [failure(parent, versions.error)];
  if (versions.items.length === 0) return [message(parent, 'No version', 'info')];
  const runs = state.runs.kind === 'ready' ? state.runs.items : [];
  const rows = versions.items.map((version): PipelineNode => ({
    kind: 'version',
    id: `version:${version.id}`,
    parent,
    pipelineId,
    versionId: version.id,
    version,
    label: version.displayName,
    icon: { id: 'tag', color: undefined },
    context: 'version',
    expansion: runs.some((run) => run.version?.versionId === version.id) ? 'collapsed' : 'leaf',
  }));
  return [...rows, ...more(parent, `versions/${pipelineId}`, versions.nextPageToken)];
}

function runRows(parent: PipelineNode, state: PipelinesState, now: number): readonly PipelineNode[] {
  const { runs } = state;
  if (runs.kind === 'loading') return [message(parent, 'Loading…', 'loading~spin')];
  if (runs.kind === 'failed') return [failure(parent, runs.error)];
  return [...runs.items.map((run) => runRow(parent, run, now)), ...more(parent, 'runs', runs.nextPageToken)];
}

/** Runs of one file or version. The server cannot filter by them, so they come from the pages read so far. */
function runsOf(
  parent: PipelineNode,
  state: PipelinesState,
  now: number,
  isMine: (run: Run) => boolean,
): readonly PipelineNode[] {
  const { runs } = state;
  if (runs.kind !== 'ready') return runRows(parent, state, now);
  return [
    ...runs.items.filter(isMine).map((run) => runRow(parent, run, now)),
    ...more(parent, 'runs', runs.nextPageToken, 'Look for older runs…'),
  ];
}

/** The row of a run; `parent` decides its id, because a run shows under its pipeline and in the list of runs. */
export function runRow(parent: PipelineNode, run: Run, now: number): PipelineNode {
  const hasEnded = isFinal(run.state);
  const took = formatDuration((run.finishedAt?.getTime() ?? now) - run.createdAt.getTime());
  const when = formatAgo(now - run.createdAt.getTime());
  const flags = [
    hasEnded ? (run.isArchived ? 'archived' : 'archivable') : 'active',
    ...(run.state === 'FAILED' ? ['failed'] : []),
    ...(run.state === 'FAILED' || run.state === 'CANCELED' ? ['retriable'] : []),
  ];
  return {
    kind: 'run',
    id: `${parent.id}/run:${run.id}`,
    parent,
    runId: run.id,
    run,
    label: runLabel(parent, run),
    description:
      hasEnded && run.finishedAt === undefined ? `${stateWord(run.state)} · ${when}` : `${took} · ${when}`,
    icon: stateIcon(run.state),
    context: ['run', ...flags].join(' '),
    expansion: 'collapsed',
    spoken: stateWord(run.state),
    command: 'slipway.run.open',
  };
}

/** Runs are named after their pipeline; under it, the name says nothing new. */
function runLabel(parent: PipelineNode, run: Run): string {
  const name = run.displayName || run.id;
  const prefix = parent.kind === 'file' ? `${parent.file.pipelineName ?? ''} ` : ' ';
  return prefix !== ' ' && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function belongsTo(run: Run, file: PipelineFile): boolean {
  return file.pipelineName !== undefined && pipelineNameOf(run) === file.pipelineName;
}

function matches(state: PipelinesState, ...names: readonly (string | undefined)[]): boolean {
  const text = state.filter.text.trim().toLowerCase();
  return text === '' || names.some((name) => name?.toLowerCase().includes(text) === true);
}
