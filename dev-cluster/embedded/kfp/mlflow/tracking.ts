/**
 * KFP runs in MLflow, as KFP 2.17's own plugin does it: a parent run per pipeline run, tagged with the KFP ids, and a
 * nested run per task with its input parameters and scalar metrics. MLflow being away never fails a run: the plugin's
 * output says so.
 */
import { z } from 'zod';
import { HttpError } from '../../../../src/clients/http.ts';
import { MlflowClient, type MlflowEndpoint, type RunStatus } from '../../../../src/clients/mlflow/client.ts';
import { asError } from '../../../../src/core/base/errors.ts';
import type { RunState } from '../../../../src/clients/kfp/model.ts';
import type { MlflowOutput } from '../store/runs.ts';

/** `plugins_input.mlflow`; unknown fields are refused, as upstream does. */
export const mlflowInput = z.strictObject({
  experiment_name: z.string().optional(),
  experiment_id: z.string().optional(),
  disabled: z.boolean().optional(),
});
export type MlflowInput = z.infer<typeof mlflowInput>;

export interface NewKfpRun {
  readonly id: string;
  readonly displayName: string;
  readonly pipelineId: string | undefined;
  readonly versionId: string | undefined;
  /** Where a person finds it. */
  readonly url: string;
  readonly startedAt: number;
}

const DEFAULT_EXPERIMENT = 'KFP-Default';
const DESCRIPTION = 'Created by Kubeflow Pipelines';
const PARENT = 'mlflow.parentRunId';
const CALL_MS = 10_000;
/** Nested runs of nested runs: user code may start its own. */
const MAX_DEPTH = 6;

export interface TaskEnd {
  readonly status: RunStatus;
  readonly endedAt: number;
  readonly parameters: ReadonlyMap<string, string>;
  readonly metrics: ReadonlyMap<string, number>;
}

export class MlflowTracking {
  readonly #endpoint: () => MlflowEndpoint | undefined;
  readonly #log: (line: string) => void;

  constructor(endpoint: () => MlflowEndpoint | undefined, log: (line: string) => void) {
    this.#endpoint = endpoint;
    this.#log = log;
  }

  /** `undefined` when there is no MLflow or the run doesn't want it. Never rejects. */
  async begin(run: NewKfpRun, input: MlflowInput, signal: AbortSignal): Promise<MlflowOutput | undefined> {
    const endpoint = this.#endpoint();
    if (endpoint === undefined || input.disabled === true) return undefined;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    const name = input.experiment_name ?? DEFAULT_EXPERIMENT;
    let known: { readonly id: string; readonly name: string } = { id: input.experiment_id ?? '', name };
    try {
      const client = new MlflowClient(endpoint);
      known =
        input.experiment_id === undefined || input.experiment_id === ''
          ? await client.ensureExperiment(name, DESCRIPTION, limit)
          : await client.experiment(input.experiment_id, limit);
      const tags = new Map([
        ['kfp.pipeline_run_id', run.id],
        ['kfp.pipeline_run_url', run.url],
      ]);
      if (run.pipelineId !== undefined) tags.set('kfp.pipeline_id', run.pipelineId);
      if (run.versionId !== undefined) tags.set('kfp.pipeline_version_id', run.versionId);
      const id = await client.createRun(known.id, run.displayName, tags, run.startedAt, limit);
      const url = `${endpoint.url}/#/experiments/${known.id}/runs/${id}`;
      return {
        entries: entries({ experiment_name: known.name, experiment_id: known.id, root_run_id: id }, url),
        state: 'PLUGIN_SUCCEEDED',
      };
    } catch (error) {
      const said = asError(error).message;
      this.#log(`mlflow: the run ${run.id} has no parent run: ${said}`);
      return {
        entries: entries({ experiment_name: known.name, experiment_id: known.id }),
        state: 'PLUGIN_FAILED',
        state_message: said,
      };
    }
  }

  /** Id of the nested run of a task; `undefined` when it can't have one. Never rejects. */
  async beginTask(
    output: MlflowOutput | undefined,
    task: { readonly name: string; readonly startedAt: number },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const endpoint = this.#endpoint();
    const experimentId = output?.entries['experiment_id']?.value;
    const parent = output?.entries['root_run_id']?.value;
    if (endpoint === undefined || experimentId === undefined || parent === undefined) return undefined;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
      const tags = new Map([[PARENT, parent]]);
      const client = new MlflowClient(endpoint);
      return await client.createRun(experimentId, task.name, tags, task.startedAt, limit);
    } catch (error) {
      this.#log(`mlflow: the task ${task.name} has no run: ${asError(error).message}`);
      return undefined;
    }
  }

  /** What a task's code is told of its run. Without credentials: those come from a Secret, or from the process that starts the step. */
  environment(runId: string, experimentId: string): Readonly<Record<string, string>> {
    const endpoint = this.#endpoint();
    return endpoint === undefined
      ? {}
      : { MLFLOW_RUN_ID: runId, MLFLOW_TRACKING_URI: endpoint.url, MLFLOW_EXPERIMENT_ID: experimentId };
  }

  /** Never rejects. */
  async endTask(runId: string, end: TaskEnd): Promise<void> {
    await this.#quietly(`the run ${runId} of a task`, async (client, signal) => {
      if (end.parameters.size + end.metrics.size > 0) {
        const batch = { params: end.parameters, metrics: end.metrics };
        // A task that runs again with other inputs can't change its params; its metrics and its end still count.
        await client.logBatch(runId, batch, end.endedAt, signal).catch((error: unknown) => {
          if (!(error instanceof HttpError && error.status === 400)) throw error;
          this.#log(`mlflow: ${error.message}`);
        });
      }
      await client.updateRun(runId, end.status, end.endedAt, signal);
    });
  }

  /** Ends the parent and every nested run that is still open. Never rejects. */
  async end(output: MlflowOutput, state: RunState, endedAt: number): Promise<void> {
    const parent = output.entries['root_run_id']?.value;
    const experimentId = output.entries['experiment_id']?.value;
    if (parent === undefined || experimentId === undefined) return;
    const status = state === 'SUCCEEDED' ? 'FINISHED' : state === 'CANCELED' ? 'KILLED' : 'FAILED';
    await this.#quietly(`the run ${parent}`, async (client, signal) => {
      await client.updateRun(parent, status, endedAt, signal);
      await this.#endOpen(client, { parent, experimentId, status, endedAt }, 0, signal);
    });
  }

  /** A run that is retried goes on; its tasks say so themselves when they end. Never rejects. */
  async reopen(output: MlflowOutput): Promise<void> {
    const parent = output.entries['root_run_id']?.value;
    if (parent === undefined) return;
    await this.#quietly(`the run ${parent}`, (client, signal) =>
      client.updateRun(parent, 'RUNNING', undefined, signal),
    );
  }

  /** Every nested run that is still open ends as the parent did. */
  async #endOpen(
    client: MlflowClient,
    to: { parent: string; experimentId: string; status: RunStatus; endedAt: number },
    depth: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (depth >= MAX_DEPTH) return;
    const children = await client.searchRuns(to.experimentId, `tags."${PARENT}" = '${to.parent}'`, signal);
    for (const { id, status } of children) {
      if (status !== 'RUNNING') continue;
      await this.#endOpen(client, { ...to, parent: id }, depth + 1, signal);
      await client.updateRun(id, to.status, to.endedAt, signal);
    }
  }

  async #quietly(
    what: string,
    act: (client: MlflowClient, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const endpoint = this.#endpoint();
    if (endpoint === undefined) return;
    try {
      await act(new MlflowClient(endpoint), AbortSignal.timeout(CALL_MS));
    } catch (error) {
      this.#log(`mlflow: ${what} could not be brought up to date: ${asError(error).message}`);
    }
  }
}

function entries(values: Readonly<Record<string, string>>, url?: string): MlflowOutput['entries'] {
  const given = Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => [key, { value }] as const);
  return {
    ...Object.fromEntries(given),
    ...(url === undefined ? {} : { run_url: { value: url, render_type: 'URL' } as const }),
  };
}
