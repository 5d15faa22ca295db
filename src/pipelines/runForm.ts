/** The form of a run: its pipeline's inputs and its own settings. */
import { Uri } from 'vscode';
import { isAbort, SlipwayError } from '../core/base/errors.ts';
import type { FormAnswer, FormTarget, RunFormState } from '../core/protocol/runForm.ts';
import type { Environments } from '../environment/session.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import type { Analyser } from './analyser.ts';
import { emptyForm, type FormSubject } from './formPanels.ts';
import type { GraphPanels } from './panels.ts';
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
  readonly environments: Environments;
  readonly analyser: Analyser;
  readonly starter: RunStarter;
  readonly graphs: GraphPanels;
  readonly reporter: ErrorReporter;
}

/** Forms of runs, for formPanels.ts to show. */
export class RunFormSubjects {
  readonly #deps: RunFormDeps;

  constructor(deps: RunFormDeps) {
    this.#deps = deps;
  }

  of(runnable: Runnable): FormSubject {
    return {
      key: runnable.key,
      title: `Run ${runnable.pipelineName}`,
      target: targetOf(runnable),
      state: (signal) => this.#state(runnable, signal),
      submit: (answer) => this.#submit(runnable, answer),
    };
  }

  async load(target: FormTarget, signal: AbortSignal): Promise<FormSubject> {
    return this.of(await this.#load(target, signal));
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

  async #state(runnable: Runnable, signal: AbortSignal): Promise<RunFormState> {
    const { environments, starter } = this.#deps;
    return {
      ...emptyForm,
      target: targetOf(runnable),
      name: runnable.pipelineName,
      place: environments.current.label,
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
      cachingNote:
        runnable.source.kind === 'version'
          ? 'Set in the uploaded version; the server has no switch for a single run.'
          : undefined,
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
