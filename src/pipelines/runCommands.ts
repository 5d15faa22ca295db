/** Commands on runs, tasks and artifacts. */
import { Uri, window, commands as vscodeCommands } from 'vscode';
import { isFinal, type Run, type RunState, type RunTask } from '../clients/kfp/model.ts';
import type { RunTarget, TaskTarget } from '../contributions.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { Environments } from '../environment/session.ts';
import type { CommandHandlers } from '../platform/commands.ts';
import { withCancellableProgress } from '../platform/progress.ts';
import type { Analyser } from './analyser.ts';
import type { ArtifactViews } from './artifactViews.ts';
import type { Endings } from './endings.ts';
import { failureMarkdown } from './failureDocument.ts';
import type { ExplainedFailure, Failures } from './failures.ts';
import { saveFullLog, safeName } from './fullLog.ts';
import type { LogSource, RunLogs } from './runLogs.ts';
import type { GraphPanels, RunForms } from './panels.ts';
import { runnableFromRun } from './runnable.ts';
import { stateIcon, stateWord } from './stateIcons.ts';
import type { StepDebugs } from './python/stepDebug.ts';
import type { PipelinesStore } from './store.ts';
import { hasInputs, taskPath } from './taskRows.ts';
import type { PipelinesView } from './view.ts';
import type { VirtualDocuments } from './virtualDocuments.ts';

export interface RunCommandDeps {
  readonly environments: Environments;
  readonly analyser: Analyser;
  readonly store: PipelinesStore;
  readonly view: PipelinesView;
  readonly graphs: GraphPanels;
  readonly forms: RunForms;
  readonly logs: RunLogs;
  readonly failures: Failures;
  readonly artifactViews: ArtifactViews;
  readonly documents: VirtualDocuments;
  readonly endings: Endings;
  readonly steps: StepDebugs;
  /** Where full logs are saved. */
  readonly logFolder: string;
}

const questions = {
  terminateRun: 'Terminate this run',
  retryRun: 'Retry this run',
  archiveRun: 'Archive this run',
  unarchiveRun: 'Restore this run',
} as const;

export function runCommands(deps: RunCommandDeps) {
  const { environments, store, view } = deps;

  /** Does something to a run at once, shows its new state, and offers the way back. */
  async function change(
    target: RunTarget | undefined,
    verb: 'terminateRun' | 'retryRun' | 'archiveRun' | 'unarchiveRun',
    isOffered: (run: Run) => boolean,
    said: string,
    undo?: { readonly label: string; readonly verb: 'terminateRun' | 'unarchiveRun' },
  ): Promise<void> {
    // Retrying runs the pipeline's code again, so it needs trust like a start.
    const { kfp, signal } = verb === 'retryRun' ? await environments.connect() : environments.require();
    const runId = await runIdOf(target, store, isOffered);
    if (runId === undefined) return;
    await environments.confirmWrite(questions[verb]);
    await kfp[verb](runId, signal);
    const run = await kfp.getRun(runId, signal);
    store.noteRun(run);
    view.wake();
    if (verb === 'retryRun') {
      // As after ▶: its graph goes on, and its end is told.
      await deps.endings.watch(run);
      await deps.graphs.openRun(runId);
    }
    const text = `${said} ${run.displayName}.`;
    if (undo === undefined) {
      window.setStatusBarMessage(text, 5_000);
      return;
    }
    const choice = await window.showInformationMessage(text, undo.label);
    if (choice !== undefined) {
      await kfp[undo.verb](runId, signal);
      store.noteRun(await kfp.getRun(runId, signal));
    }
  }

  async function logSource(target: TaskTarget | undefined): Promise<LogSource> {
    if (target === undefined) throw new SlipwayError('noTask', 'Choose a step in the Pipelines view first.');
    const { kfp, signal } = environments.require();
    const tasks = await kfp.listTasks(target.runId, signal);
    const task = tasks.find((one) => one.id === target.taskId);
    const attempt = target.attempt ?? task?.attempts.at(-1)?.name;
    if (task === undefined || attempt === undefined)
      throw new SlipwayError('noLog', 'This step has not run, so it has no log.');
    const number = task.attempts.findIndex((one) => one.name === attempt) + 1;
    const suffix = task.attempts.length > 1 ? ` (attempt ${number})` : '';
    return { title: `${task.displayName}${suffix}`, runId: target.runId, attempt };
  }

  /** Of a run that is chosen first; those that failed come first. */
  async function chooseStep(): Promise<TaskTarget | undefined> {
    const { kfp, signal } = environments.require();
    const runId = await runIdOf(undefined, store, () => true);
    if (runId === undefined) return undefined;
    const tasks = await kfp.listTasks(runId, signal);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const rank = ({ state }: RunTask): number => (state === 'FAILED' ? 0 : 1);
    const choice = await window.showQuickPick(
      tasks
        .filter(hasInputs)
        .toSorted((a, b) => rank(a) - rank(b))
        .map((task) => ({
          label: `$(${stateIcon(task.state).id.replace('~spin', '')}) ${taskPath(task, byId)}`,
          description: stateWord(task.state),
          task,
        })),
      { title: 'Choose a step', placeHolder: 'Its function is called here with the inputs that it had' },
    );
    return choice && { kind: 'task', runId, taskId: choice.task.id };
  }

  return {
    'slipway.run.open': async (target) => {
      environments.require();
      const runId = await runIdOf(target, store, () => true);
      if (runId !== undefined) await deps.graphs.openRun(runId);
    },
    'slipway.run.terminate': (target) =>
      change(target, 'terminateRun', (run) => !isFinal(run.state), 'Terminating'),
    'slipway.run.retry': (target) =>
      change(target, 'retryRun', (run) => run.state === 'FAILED' || run.state === 'CANCELED', 'Retrying', {
        label: 'Cancel',
        verb: 'terminateRun',
      }),
    'slipway.run.archive': (target) =>
      change(target, 'archiveRun', (run) => !run.isArchived, 'Archived', {
        label: 'Undo',
        verb: 'unarchiveRun',
      }),
    'slipway.run.unarchive': (target) => change(target, 'unarchiveRun', (run) => run.isArchived, 'Restored'),
    'slipway.run.clone': async (target) => {
      const { kfp, signal } = await environments.connect();
      const runId = await runIdOf(target, store, () => true);
      if (runId !== undefined) deps.forms.open(await runnableFromRun(kfp, runId, deps.analyser, signal));
    },
    'slipway.run.showEndedWhileAway': () => deps.endings.showAway(),
    'slipway.task.openLog': async (target) => deps.logs.show(await logSource(target)),
    'slipway.task.openFullLog': async (target) => {
      const source = await logSource(target);
      const session = environments.require();
      const path = await withCancellableProgress(`Saving the log of ${source.title}`, (report, signal) =>
        saveFullLog(
          session.kfp,
          source,
          deps.logFolder,
          (characters) => report({ message: `${(characters / 1e6).toFixed(1)} million characters` }),
          AbortSignal.any([signal, session.signal]),
        ),
      );
      await vscodeCommands.executeCommand('vscode.open', Uri.file(path));
    },
    'slipway.task.debug': async (target, graph) => {
      const chosen = target ?? (await chooseStep());
      if (chosen !== undefined) await deps.steps.start(chosen, graph);
    },
    'slipway.explainFailure': async (target) => {
      const { signal } = environments.require();
      const runId =
        target?.kind === 'task'
          ? target.runId
          : await runIdOf(target, store, (run) => run.state === 'FAILED');
      if (runId === undefined) return;
      const taskId = target?.kind === 'task' ? target.taskId : undefined;
      await show(await deps.failures.explain(runId, taskId, signal), deps);
    },
    'slipway.artifact.open': async (target) => {
      if (target !== undefined) await deps.artifactViews.open(target);
    },
  } satisfies Partial<CommandHandlers>;
}

async function show(failure: ExplainedFailure, deps: RunCommandDeps): Promise<void> {
  const { explanation, sourceLabel, task } = failure;
  const { action } = explanation;
  const isSource = action.id === 'openSource' && failure.source !== undefined;
  const label = isSource && sourceLabel !== undefined ? `Go to ${sourceLabel}` : action.label;
  const text = [explanation.reason, explanation.likelyCause].filter((part) => part !== undefined).join(' ');
  const choice = await window.showErrorMessage(text, label, 'Details');
  if (choice === label) await deps.failures.act(failure);
  if (choice !== 'Details') return;
  const name = safeName(task?.displayName ?? 'run');
  const uri = deps.documents.put(
    `${safeName(failure.runId)}/Why ${name} failed.md`,
    failureMarkdown(failure),
  );
  await vscodeCommands.executeCommand('markdown.showPreview', uri);
}

/** The run that is meant, or one that the user chooses among those on show. */
async function runIdOf(
  target: RunTarget | undefined,
  store: PipelinesStore,
  isOffered: (run: Run) => boolean,
): Promise<string | undefined> {
  if (target !== undefined) return target.runId;
  if (store.state.runs.kind !== 'ready') await store.refresh();
  const { runs } = store.state;
  const offered = runs.kind === 'ready' ? runs.items.filter(isOffered) : [];
  if (offered.length === 0) {
    void window.showInformationMessage('There is no run that this could be done to.');
    return undefined;
  }
  const icon = (state: RunState): string => stateIcon(state).id.replace('~spin', '');
  const choice = await window.showQuickPick(
    offered.map((run) => ({
      label: `$(${icon(run.state)}) ${run.displayName}`,
      description: stateWord(run.state),
      run,
    })),
    { title: 'Choose a run' },
  );
  return choice?.run.id;
}
