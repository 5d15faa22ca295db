/** The run form as editor panels: one per pipeline file, uploaded version or cloned run. */
import { ThemeIcon, Uri, type WebviewPanel } from 'vscode';
import { panelTypes } from '../contributions.ts';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { asError, isAbort, SlipwayError } from '../core/base/errors.ts';
import {
  formTarget,
  runFormParsers,
  type FormAnswer,
  type FormTarget,
  type RunFormContract,
  type RunFormState,
} from '../core/protocol/runForm.ts';
import type { Environments } from '../environment/session.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import { attachWebview, createPanel } from '../platform/webviewHost.ts';
import type { Analyser } from './analyser.ts';
import type { GraphPanels, RunForms } from './panels.ts';
import { readText } from './readText.ts';
import {
  defaultRunName,
  runnableFromRun,
  runnableFromText,
  runnableFromVersion,
  type Runnable,
} from './runnable.ts';
import type { RunStarter } from './starter.ts';

export interface RunFormDeps {
  readonly extensionUri: Uri;
  readonly environments: Environments;
  readonly analyser: Analyser;
  readonly starter: RunStarter;
  readonly graphs: GraphPanels;
  readonly reporter: ErrorReporter;
}

export class RunFormPanels implements RunForms, Disposable {
  readonly #deps: RunFormDeps;
  readonly #open = new Map<string, WebviewPanel>();

  constructor(deps: RunFormDeps) {
    this.#deps = deps;
  }

  open(runnable: Runnable): Promise<void> {
    const known = this.#open.get(runnable.key);
    if (known !== undefined) {
      known.reveal();
      return Promise.resolve();
    }
    const panel = createPanel(panelTypes.runForm, `Run ${runnable.pipelineName}`);
    return this.#fill(panel, targetOf(runnable), runnable);
  }

  /** For the serializer. What was typed is the page's own state and is still there. */
  async restore(panel: WebviewPanel, state: unknown): Promise<void> {
    const saved = typeof state === 'object' && state !== null && 'target' in state ? state.target : undefined;
    const target = formTarget.safeParse(saved);
    if (target.success) await this.#fill(panel, target.data, undefined);
    else panel.dispose();
  }

  dispose(): void {
    for (const panel of [...this.#open.values()]) panel.dispose();
  }

  async #fill(panel: WebviewPanel, target: FormTarget, given: Runnable | undefined): Promise<void> {
    const { extensionUri, reporter } = this.#deps;
    const disposables = new DisposableStore();
    const abort = new AbortController();
    panel.iconPath = new ThemeIcon('settings-gear');
    let runnable = given;
    const channel = disposables.add(
      attachWebview<RunFormContract>(panel, {
        extensionUri,
        bundle: 'runForm',
        parsers: runFormParsers,
        handlers: {
          submit: async (answer) => {
            if (runnable === undefined)
              throw new SlipwayError('loading', 'The pipeline is still being read.');
            await this.#submit(runnable, answer);
            panel.dispose();
            return null;
          },
          cancel: () => {
            panel.dispose();
            return Promise.resolve(null);
          },
        },
        onProblem: (message, cause) => reporter.log(new Error(message, { cause })),
      }),
    );
    panel.onDidDispose(() => {
      for (const [key, one] of this.#open) if (one === panel) this.#open.delete(key);
      abort.abort();
      disposables.dispose();
    });
    try {
      runnable ??= await this.#load(target, AbortSignal.any([abort.signal, AbortSignal.timeout(60_000)]));
      this.#open.set(runnable.key, panel);
      panel.title = `Run ${runnable.pipelineName}`;
      channel.push(await this.#state(target, runnable, abort.signal));
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      channel.push(problemState(target, this.#deps.environments.current.label, asError(error).message));
    }
  }

  async #load(target: FormTarget, signal: AbortSignal): Promise<Runnable> {
    const { analyser, environments } = this.#deps;
    if (target.uri !== undefined)
      return runnableFromText(await readText(Uri.parse(target.uri)), target.uri, analyser, signal);
    const { kfp } = environments.require();
    if (target.runId !== undefined) return runnableFromRun(kfp, target.runId, analyser, signal);
    if (target.pipelineId !== undefined)
      return runnableFromVersion(kfp, target.pipelineId, target.versionId, analyser, signal);
    throw new SlipwayError('noTarget', 'This form no longer knows its pipeline.');
  }

  async #state(target: FormTarget, runnable: Runnable, signal: AbortSignal): Promise<RunFormState> {
    const { environments, starter } = this.#deps;
    return {
      target,
      pipelineName: runnable.pipelineName,
      environmentName: environments.current.label,
      inputs: runnable.inputs
        // Filled in by the engine, never by people.
        .filter((input) => input.type !== 'TASK_FINAL_STATUS' && input.type !== 'TASK_CONFIG')
        .map(({ name, type, defaultValue, isOptional, description, literals }) => ({
          name,
          type,
          defaultValue,
          isOptional,
          description,
          literals,
        })),
      // A clone starts from what its run was given.
      remembered: runnable.parameters ?? starter.remembered(runnable.key),
      runName: defaultRunName(runnable.pipelineName, new Date()),
      experiments: await this.#experiments(signal),
      experimentId: runnable.experimentId ?? '',
      pipelineRoot: runnable.pipelineRoot ?? '',
      isCachingEnabled: true,
      cachingNote:
        runnable.source.kind === 'version'
          ? 'Set in the uploaded version; the server has no switch for a single run.'
          : undefined,
      problem: undefined,
    };
  }

  /** None while the service is not running: the form must open all the same, and Run starts it. */
  async #experiments(signal: AbortSignal): Promise<RunFormState['experiments']> {
    const { environments, reporter } = this.#deps;
    const kfp = environments.session?.findKfp();
    if (kfp === undefined) return [];
    try {
      const page = await kfp.listExperiments({ pageSize: 200, sortBy: 'created_at desc' }, signal);
      return page.items
        .filter((experiment) => !experiment.isArchived)
        .map((experiment) => ({ id: experiment.id, name: experiment.displayName }));
    } catch (error) {
      if (!isAbort(error)) reporter.log(error);
      return [];
    }
  }

  async #submit(runnable: Runnable, answer: FormAnswer): Promise<void> {
    const { starter, graphs } = this.#deps;
    await starter.remember(runnable.key, answer.parameters);
    const run = await starter.start(await this.#fresh(runnable), {
      runName: answer.runName,
      parameters: answer.parameters,
      experimentId: answer.experimentId === '' ? undefined : answer.experimentId,
      pipelineRoot: answer.pipelineRoot === '' ? undefined : answer.pipelineRoot,
      isCachingEnabled: answer.isCachingEnabled,
    });
    await graphs.openRun(run.id, runnable.uri === undefined ? undefined : Uri.parse(runnable.uri));
  }

  /** A file may have been edited while the form was open: what runs is what the person sees now. */
  async #fresh(runnable: Runnable): Promise<Runnable> {
    if (runnable.uri === undefined) return runnable;
    return this.#load({ uri: runnable.uri }, AbortSignal.timeout(60_000));
  }
}

function targetOf(runnable: Runnable): FormTarget {
  if (runnable.uri !== undefined) return { uri: runnable.uri };
  const { source } = runnable;
  if (source.kind === 'version') return { pipelineId: source.pipelineId, versionId: source.versionId };
  return { runId: runnable.key.replace(/^run:/, '') };
}

function problemState(target: FormTarget, environmentName: string, problem: string): RunFormState {
  return {
    target,
    pipelineName: '',
    environmentName,
    inputs: [],
    remembered: {},
    runName: '',
    experiments: [],
    experimentId: '',
    pipelineRoot: '',
    isCachingEnabled: true,
    cachingNote: undefined,
    problem,
  };
}
