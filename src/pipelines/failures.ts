import { Position, Range, Selection, Uri, window, workspace } from 'vscode';
import type { KfpApi } from '../clients/kfp/api.ts';
import type { Run, RunTask, SpecDocuments } from '../clients/kfp/model.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { PythonFunction } from '../core/ir/model.ts';
import { stepDefinition } from '../core/ir/stepDefinition.ts';
import type { Environments } from '../environment/session.ts';
import { executeCommand } from '../platform/commands.ts';
import type { Analyser } from './analyser.ts';
import { lineInPython, offsetInYaml } from './componentSource.ts';
import { explainFailure, type FailureExplanation } from './explainFailure.ts';
import { readText } from './readText.ts';
import { pipelineNameOf, type PipelineFile } from './store.ts';

export interface ExplainedFailure {
  readonly explanation: FailureExplanation;
  readonly runId: string;
  /** `undefined`: the run failed without a failed step. */
  readonly task: RunTask | undefined;
  /** `churn.py:42`. */
  readonly sourceLabel: string | undefined;
  readonly source: { readonly uri: Uri; readonly range: Range } | undefined;
}

/** Of a log, this much of its end is read for reasons. */
const maxLog = 256 * 1_024;

/** Explains failed tasks and runs: gathers log, code and document, and finds the place in the user's files. */
export class Failures {
  readonly #environments: Environments;
  readonly #analyser: Analyser;
  readonly #files: () => readonly PipelineFile[];

  constructor(environments: Environments, analyser: Analyser, files: () => readonly PipelineFile[]) {
    this.#environments = environments;
    this.#analyser = analyser;
    this.#files = files;
  }

  /** Without a task: the run's first failed step. */
  async explain(runId: string, taskId: string | undefined, signal: AbortSignal): Promise<ExplainedFailure> {
    const { kfp } = this.#environments.require();
    const [run, tasks] = await Promise.all([kfp.getRun(runId, signal), kfp.listTasks(runId, signal)]);
    const task = taskId === undefined ? firstFailed(tasks) : tasks.find((one) => one.id === taskId);
    if (taskId !== undefined && task === undefined)
      throw new SlipwayError('noTask', 'This step is not part of the run any more.');
    const spec =
      run.spec ??
      (run.version === undefined
        ? undefined
        : (await kfp.getVersion(run.version.pipelineId, run.version.versionId, signal)).spec);
    const python = task === undefined ? undefined : await this.#pythonOf(task, spec, signal);
    const attempt = task?.attempts.at(-1)?.name;
    const explanation = explainFailure({
      taskName: task?.displayName ?? run.displayName,
      error: task?.error ?? (task === undefined ? run.error : undefined),
      log: attempt === undefined ? '' : await endOfLog(kfp, runId, attempt, signal),
      python,
      attempts: task?.attempts.length ?? 0,
    });
    const source =
      python === undefined || explanation.source === undefined
        ? undefined
        : await this.#locate(python, explanation.source.line, this.#filesOf(run));
    return {
      explanation,
      runId,
      task,
      source,
      sourceLabel:
        source === undefined
          ? undefined
          : `${source.uri.path.split('/').at(-1) ?? ''}:${source.range.start.line + 1}`,
    };
  }

  /** Does the one thing that the explanation proposes. */
  async act(failure: ExplainedFailure): Promise<void> {
    const { explanation, runId, task } = failure;
    switch (explanation.action.id) {
      case 'openSource':
        return openPlace(failure.source);
      case 'openLog':
        if (task !== undefined)
          await executeCommand('slipway.task.openLog', { kind: 'task', runId, taskId: task.id });
        return;
      case 'openText': {
        const file = await this.#fileOfRun(runId);
        if (file === undefined) await executeCommand('slipway.run.open', { kind: 'run', runId });
        else await executeCommand('slipway.pipeline.openText', { kind: 'file', uri: file.uri });
        return;
      }
      case 'retry':
        await executeCommand('slipway.run.retry', { kind: 'run', runId });
    }
  }

  async #fileOfRun(runId: string): Promise<PipelineFile | undefined> {
    const run = await this.#environments.require().kfp.getRun(runId, AbortSignal.timeout(15_000));
    return this.#filesOf(run)[0];
  }

  async #pythonOf(
    task: RunTask,
    spec: SpecDocuments | undefined,
    signal: AbortSignal,
  ): Promise<PythonFunction | undefined> {
    if (spec === undefined) return undefined;
    const text = JSON.stringify({ pipeline_spec: spec.pipelineSpec, platform_spec: spec.platformSpec ?? {} });
    const analysis = await this.#analyser.analyse({ text, withoutLayout: true }, signal);
    if (analysis.kind !== 'pipeline') return undefined;
    const executor = stepDefinition(analysis.document, task.scopePath)?.executor;
    return executor?.kind === 'container' ? executor.python : undefined;
  }

  #filesOf(run: Run): readonly PipelineFile[] {
    const name = pipelineNameOf(run);
    return name === undefined ? [] : this.#files().filter((file) => file.pipelineName === name);
  }

  /** In a `.py` file with this function, else in the pipeline's YAML. */
  async #locate(
    python: PythonFunction,
    line: number,
    files: readonly PipelineFile[],
  ): Promise<ExplainedFailure['source']> {
    const beside = files.flatMap((file) => {
      const uri = Uri.parse(file.uri);
      const stem = uri.path.replace(/(?:\.pipeline)?\.ya?ml$/i, '');
      return [uri.with({ path: `${stem}.py` })];
    });
    const others = await workspace.findFiles('**/*.py', '**/{node_modules,.venv,venv,site-packages}/**', 300);
    for (const uri of [...beside, ...others]) {
      const text = await readText(uri).catch(() => undefined);
      const found = text === undefined ? undefined : lineInPython(python, line, text);
      if (found !== undefined) return { uri, range: lineRange(found - 1) };
    }
    const [file] = files;
    if (file === undefined) return undefined;
    const uri = Uri.parse(file.uri);
    const text = await readText(uri);
    // The ranges of `python` belong to the run's own spec, so the file is read for its own.
    const analysis = await this.#analyser.analyse({ text, withoutLayout: true }, AbortSignal.timeout(30_000));
    if (analysis.kind !== 'pipeline') return undefined;
    const own = [...analysis.document.executors.values()].find(
      (executor) => executor.kind === 'container' && executor.python?.functionName === python.functionName,
    );
    if (own?.kind !== 'container' || own.python === undefined) return undefined;
    const before = text.slice(0, offsetInYaml(own.python, line, text)).split('\n').length - 1;
    return { uri, range: lineRange(before) };
  }
}

async function openPlace(place: ExplainedFailure['source']): Promise<void> {
  if (place === undefined)
    throw new SlipwayError('noSource', 'The source of this step was not found in this folder.');
  const editor = await window.showTextDocument(place.uri, { preview: true });
  editor.selection = new Selection(place.range.start, place.range.end);
  editor.revealRange(place.range);
}

function lineRange(line: number): Range {
  return new Range(new Position(line, 0), new Position(line, Number.MAX_SAFE_INTEGER));
}

/** The first that failed by itself: a group is failed because of a step inside it. */
function firstFailed(tasks: readonly RunTask[]): RunTask | undefined {
  const failed = tasks.filter((task) => task.state === 'FAILED' && task.kind !== 'ROOT');
  const byTime = failed.toSorted(
    (a, b) => (a.finishedAt?.getTime() ?? Infinity) - (b.finishedAt?.getTime() ?? Infinity),
  );
  return byTime.find((task) => task.attempts.length > 0) ?? byTime[0];
}

async function endOfLog(kfp: KfpApi, runId: string, attempt: string, signal: AbortSignal): Promise<string> {
  let end = '';
  try {
    for await (const chunk of kfp.log(runId, attempt, { follow: false }, signal)) {
      end += chunk;
      if (end.length > 2 * maxLog) end = end.slice(-maxLog);
    }
  } catch (error) {
    // No log is no reason to explain nothing: the task's own error may say enough.
    if (!(error instanceof SlipwayError) || error.reason !== 'notFound') throw error;
  }
  return end.slice(-maxLog);
}
