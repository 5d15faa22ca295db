/** *Debug this step*: the function of a step that ran, called here on the very inputs that it had there. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands, Position, Range, Uri, ViewColumn, window, workspace } from 'vscode';
import type { Run, RunTask } from '../../clients/kfp/model.ts';
import type { TaskTarget } from '../../contributions.ts';
import { isSlipwayError, SlipwayError } from '../../core/base/errors.ts';
import type { Executor, PythonFunction } from '../../core/ir/model.ts';
import { stepDefinition, type StepDefinition } from '../../core/ir/stepDefinition.ts';
import type { Environments } from '../../environment/session.ts';
import { executeCommand } from '../../platform/commands.ts';
import type { ErrorReporter } from '../../platform/errorReporter.ts';
import { withCancellableProgress, type ProgressReport } from '../../platform/progress.ts';
import type { Analyser } from '../analyser.ts';
import type { ArtifactReader } from '../artifactReader.ts';
import { specText } from '../graph/shownRun.ts';
import { hasInputs } from '../taskRows.ts';
import type { VirtualDocuments } from '../virtualDocuments.ts';
import { readEnd, writeCall, type CallEnd, type CalledPort } from './functionCall.ts';
import { startFunction } from './functionSession.ts';
import type { Interpreters } from './interpreters.ts';
import type { PythonPipelines } from './pythonPipelines.ts';
import { fetchInputs, listInputs, type StepInputs } from './stepInputs.ts';
import { compareOutcome, outcomeMarkdown, outcomeText } from './stepOutcome.ts';
import { findStepFile } from './stepSource.ts';
import type { PythonParser } from './syntax.ts';

export interface StepDebugDeps {
  readonly environments: Environments;
  readonly analyser: Analyser;
  readonly reader: ArtifactReader;
  readonly interpreters: Interpreters;
  readonly pipelines: PythonPipelines;
  readonly parser: () => Promise<PythonParser>;
  readonly documents: VirtualDocuments;
  readonly reporter: ErrorReporter;
  /** Absolute path of run_component.py. */
  readonly script: string;
  /** Where inputs and outputs go. */
  readonly folder: string;
  /** Runs the pipeline again from the step on, with the function as it is now. */
  readonly retry: (step: DebuggedStep) => Promise<void>;
}

type Container = Extract<Executor, { kind: 'container' }>;

export interface DebuggedStep {
  readonly run: Run;
  readonly task: RunTask;
  /** What the run ran, as IR. */
  readonly pipelineText: string;
  readonly pipelineName: string;
  readonly definition: StepDefinition & { readonly executor: Container };
  readonly python: PythonFunction;
  /** The document whose graph shows the run. */
  readonly graph: string | undefined;
  /** Of the function. */
  readonly file: Uri;
  /** The file holds nothing but what the run's pipeline carries: there is none of the user's. */
  readonly isExtracted: boolean;
}

/** Of inputs with more bytes it is asked whether to fetch them. */
const LARGE = 256 * 1_024 * 1_024;
/** Nothing in these is missing from an environment that has kfp. */
const PLAIN_PYTHON = /^(?:docker\.io\/)?(?:library\/)?python:[\w.-]+$|^$/;

export class StepDebugs {
  readonly #deps: StepDebugDeps;

  constructor(deps: StepDebugDeps) {
    this.#deps = deps;
  }

  /** Resolves when the function runs. What comes of it is told, with the next thing to do. */
  async start(target: TaskTarget, graph: string | undefined): Promise<void> {
    if (!workspace.isTrusted)
      throw new SlipwayError('untrusted', 'This folder is not trusted, so nothing in it is run.');
    const step = await this.#find(target, graph);
    if (step === undefined) return;
    try {
      await this.#debug(step);
    } catch (error) {
      if (!isSlipwayError(error) || error.reason !== 'inputGone') throw error;
      await tellGone(step, error.message);
    }
  }

  /** Each time on inputs of its own: the function may write into them. */
  async #debug(step: DebuggedStep): Promise<void> {
    const folder = this.#newFolder();
    const { displayName } = step.task;
    const prepared = await withCancellableProgress(`Preparing ${displayName}`, async (report, signal) => {
      const inputs = await this.#inputs(step, folder, report, signal);
      if (inputs === undefined) return undefined;
      report({ message: 'the Python environment' });
      const python = await this.#interpreter(step, signal);
      // Made on first use: VS Code would tell of its failure in a window of its own.
      await this.#deps.interpreters.own('debugpy', signal);
      return { inputs, python };
    });
    if (prepared === undefined) return;
    const call = {
      file: step.file.fsPath,
      functionName: step.python.functionName,
      source: step.isExtracted ? undefined : step.python.source,
      inputs: portsOf(step.definition.component.inputs),
      outputs: portsOf(step.definition.component.outputs),
      parameters: new Map(step.task.inputs.parameters.map(({ name, value }) => [name, value])),
      artifacts: prepared.inputs.artifacts,
      mirror: prepared.inputs.mirror,
    };
    const cwd = join(folder, 'work');
    await mkdir(cwd, { recursive: true, mode: 0o700 });
    const request = await writeCall(folder, call);
    await this.#showFunction(step);
    const { ended } = await startFunction({
      name: `Debug ${displayName}`,
      mode: 'debug',
      python: prepared.python,
      script: this.#deps.script,
      request,
      file: step.file.fsPath,
      cwd,
      env: environmentOf(step),
    });
    const follow = async (): Promise<void> => {
      await ended;
      const end = await readEnd(folder, call);
      if (end !== undefined) await this.#tell(step, end);
    };
    void follow().catch((error: unknown) => this.#deps.reporter.show(error));
  }

  #newFolder(): string {
    return join(this.#deps.folder, randomUUID());
  }

  /** `undefined`: the person left, or there is nothing to debug and that was said. */
  async #find(target: TaskTarget, graph: string | undefined): Promise<DebuggedStep | undefined> {
    const { environments, analyser, pipelines, parser } = this.#deps;
    const { kfp, signal } = environments.require();
    const [run, tasks] = await Promise.all([
      kfp.getRun(target.runId, signal),
      kfp.listTasks(target.runId, signal),
    ]);
    const task = tasks.find(({ id }) => id === target.taskId);
    if (task === undefined) throw new SlipwayError('noTask', 'The run no longer has this step.');
    const pipelineText = await specText(run, kfp, signal);
    if (pipelineText === undefined)
      throw new SlipwayError('noSpec', 'The server keeps no pipeline for this run.');
    const analysis = await analyser.analyse({ text: pipelineText, withoutLayout: true }, signal);
    if (analysis.kind === 'notPipeline') throw new SlipwayError('notPipeline', analysis.problem.message);
    const found = stepDefinition(analysis.document, task.scopePath);
    const { executor } = found ?? {};
    if (found === undefined || executor?.kind !== 'container' || executor.python === undefined) {
      await refuse(task, whyNot(executor), target);
      return undefined;
    }
    if (!hasInputs(task))
      throw new SlipwayError('noInputs', `${task.displayName} has not run, so it has no inputs yet.`);
    const { python } = executor;
    const pipelineName = analysis.document.name;
    const wanted = { python, scopePath: task.scopePath, pipelineName, graph };
    const own = await findStepFile(wanted, pipelines, await parser());
    if (own === undefined) return undefined;
    return {
      run,
      task,
      pipelineText,
      pipelineName,
      definition: { ...found, executor },
      python,
      graph,
      file: own === 'none' ? await extract(python, this.#newFolder()) : own,
      isExtracted: own === 'none',
    };
  }

  /** `undefined`: they are large, and the person does not want them. */
  async #inputs(
    { task, run }: DebuggedStep,
    folder: string,
    report: (progress: ProgressReport) => void,
    signal: AbortSignal,
  ): Promise<StepInputs | undefined> {
    report({ message: 'its inputs' });
    const from = { reader: this.#deps.reader, root: run.pipelineRoot };
    const inputs = await listInputs(task.inputs, folder, from, signal);
    const { size } = inputs;
    if (size > LARGE) {
      const question = `The inputs of ${task.displayName} are ${megabytes(size)}. Fetch them?`;
      if ((await window.showWarningMessage(question, { modal: true }, 'Fetch')) === undefined)
        return undefined;
    }
    const show = (bytes: number): void =>
      report({
        message: `${megabytes(bytes)} of ${megabytes(size)}`,
        fraction: size === 0 ? 1 : bytes / size,
      });
    await fetchInputs(inputs, from, show, signal);
    return inputs;
  }

  /** What the engine would run it in; for an image of its own, what people run their code in. */
  #interpreter({ definition, python, file }: DebuggedStep, signal: AbortSignal): Promise<string> {
    const { interpreters } = this.#deps;
    return PLAIN_PYTHON.test(definition.executor.image) || python.packages.length > 0
      ? interpreters.forStep(python, signal)
      : interpreters.find(file, signal).then(({ path }) => path);
  }

  async #showFunction({ file, python }: DebuggedStep): Promise<void> {
    const document = await workspace.openTextDocument(file);
    if (document.isDirty) await document.save();
    const definition = new RegExp(String.raw`^(?:async\s+)?def\s+${python.functionName}\b`, 'm');
    const at = document.positionAt(definition.exec(document.getText())?.index ?? 0);
    await window.showTextDocument(document, { viewColumn: ViewColumn.One, selection: new Range(at, at) });
  }

  async #tell(step: DebuggedStep, end: CallEnd): Promise<void> {
    const { task, file } = step;
    const name = task.displayName;
    if (end.kind === 'failed') {
      const label = file.path.split('/').at(-1) ?? '';
      const place = end.line === undefined ? '' : ` (${label}, line ${end.line})`;
      const text = `${name} stopped with ${end.type}${end.message === '' ? '' : `: ${end.message}`}${place}.`;
      const choice = await window.showErrorMessage(text, 'Debug Again', 'Go to Line');
      if (choice === 'Debug Again') await this.#debug(step);
      if (choice === 'Go to Line') await goTo(file, end.line);
      return;
    }
    const rows = compareOutcome(end.outputs, task);
    const retry = 'Retry from Here with the Fix';
    const choice = await window.showInformationMessage(
      `${name} went through here${outcomeText(rows)}. A new run can go on from it: what comes before is taken from the cache.`,
      retry,
      'Show Outputs',
    );
    if (choice === 'Show Outputs') {
      const title = `${name} here and in ${step.run.displayName}`;
      const uri = this.#deps.documents.put(`${task.id}/Outputs of ${name}.md`, outcomeMarkdown(title, rows));
      await commands.executeCommand('markdown.showPreview', uri);
      await this.#offerRetry(step, retry);
    }
    if (choice === retry) await this.#deps.retry(step);
  }

  async #offerRetry(step: DebuggedStep, retry: string): Promise<void> {
    const choice = await window.showInformationMessage(
      `Start a new run from ${step.task.displayName} on?`,
      retry,
    );
    if (choice === retry) await this.#deps.retry(step);
  }
}

/** What this step is instead of Python, and what tells about it. */
function whyNot(executor: Executor | undefined): string {
  if (executor?.kind === 'importer')
    return 'it imports an artifact that is there already and runs no code of yours';
  if (executor?.kind !== 'container') return 'it is a group of steps: choose one inside it';
  const command = [...executor.command, ...executor.args].join(' ');
  const shown = command.length > 40 ? `${command.slice(0, 40)}…` : command;
  return executor.args.includes('--function_to_execute')
    ? `its Python code is only in the image ${executor.image}`
    : `it runs ${command === '' ? 'the entry point' : `“${shown}”`} of the image ${executor.image}, which is no Python function`;
}

async function refuse(task: RunTask, reason: string, target: TaskTarget): Promise<void> {
  const text = `${task.displayName} cannot be debugged here: ${reason}.`;
  const actions = task.attempts.length === 0 ? [] : ['Open Log'];
  const choice = await window.showWarningMessage(text, ...actions);
  if (choice !== undefined) await executeCommand('slipway.task.openLog', target);
}

/** The graph has *Retry from here* for the step that makes it. */
async function tellGone({ task, run }: DebuggedStep, reason: string): Promise<void> {
  const text = `${task.displayName} cannot be debugged here: ${reason}. Retry the run from the step that makes it.`;
  const choice = await window.showWarningMessage(text, 'Open Run');
  if (choice !== undefined) await executeCommand('slipway.run.open', { kind: 'run', runId: run.id });
}

/** The code that ran, as a file that breakpoints can be set in. */
async function extract({ functionName, source }: PythonFunction, folder: string): Promise<Uri> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${functionName}.py`);
  await writeFile(path, `${source.trim()}\n`, { mode: 0o600 });
  return Uri.file(path);
}

/** What steps are told about themselves; placeholders of a pod have no meaning here. */
function environmentOf({ run, definition, task }: DebuggedStep): Readonly<Record<string, string>> {
  const own = definition.executor.env.filter(({ value }) => !value.includes('{{$'));
  return {
    ...Object.fromEntries(own.map(({ name, value }) => [name, value])),
    _KFP_RUNTIME: 'true',
    KFP_RUN_ID: run.id,
    KFP_POD_NAME: task.attempts.at(-1)?.name ?? task.id,
    PYTHONUNBUFFERED: '1',
  };
}

function portsOf(side: StepDefinition['component']['inputs' | 'outputs']): readonly CalledPort[] {
  return [
    ...side.parameters.map(({ name, type }) => ({ name, kind: 'parameter' as const, type })),
    ...side.artifacts.map(({ name, type }) => ({
      name,
      kind: 'artifact' as const,
      type: type.instanceSchema ?? type.schemaTitle,
    })),
  ];
}

async function goTo(file: Uri, line: number | undefined): Promise<void> {
  const at = new Position(Math.max(0, (line ?? 1) - 1), 0);
  await window.showTextDocument(file, { selection: new Range(at, at) });
}

function megabytes(bytes: number): string {
  return bytes < 1_048_576
    ? `${Math.ceil(bytes / 1_024)} KiB`
    : bytes < 1_073_741_824
      ? `${(bytes / 1_048_576).toFixed(1)} MiB`
      : `${(bytes / 1_073_741_824).toFixed(1)} GiB`;
}
