/** MLflow's tracking API, version 2.0: experiments and runs. */
import { isJsonObject, type JsonObject } from '../../core/base/json.ts';
import { http, HttpError, type HttpEndpoint, type HttpRequest } from '../http.ts';
import { createdExperiment, experimentAnswer, runAnswer, runsPage } from './schema.ts';

export interface MlflowEndpoint {
  /** Without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface Experiment {
  readonly id: string;
  readonly name: string;
}

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

export interface RunInfo {
  readonly id: string;
  readonly status: RunStatus;
}

export interface RunBatch {
  readonly metrics?: ReadonlyMap<string, number>;
  readonly params?: ReadonlyMap<string, string>;
  readonly tags?: ReadonlyMap<string, string>;
}

const API = '/api/2.0/mlflow';
const TIMEOUT_MS = 15_000;
const PAGE = 1_000;
/** MLflow refuses more in one `log-batch`. */
const MAX_PARAMS = 100;
/** And longer values. */
const MAX_PARAM_LENGTH = 6_000;

export class MlflowClient {
  readonly #endpoint: HttpEndpoint;

  constructor({ url, username, password }: MlflowEndpoint) {
    const credential = Buffer.from(`${username}:${password}`).toString('base64');
    this.#endpoint = {
      url,
      token: undefined,
      label: 'MLflow',
      headers: { Authorization: `Basic ${credential}` },
    };
  }

  async experiment(id: string, signal: AbortSignal): Promise<Experiment> {
    const query = { experiment_id: id };
    return toExperiment(await this.#call({ method: 'GET', path: '/experiments/get', query }, signal));
  }

  /** The experiment with this name; made when there is none. */
  async ensureExperiment(name: string, description: string, signal: AbortSignal): Promise<Experiment> {
    const byName = {
      method: 'GET',
      path: '/experiments/get-by-name',
      query: { experiment_name: name },
    } as const;
    try {
      return toExperiment(await this.#call(byName, signal));
    } catch (error) {
      if (!(error instanceof HttpError && error.reason === 'notFound')) throw error;
    }
    const body = { name, tags: [{ key: 'mlflow.note.content', value: description }] };
    try {
      const made = await this.#call({ method: 'POST', path: '/experiments/create', body }, signal);
      return { id: createdExperiment.parse(made).experiment_id, name };
    } catch (error) {
      // Somebody made it in between: MLflow says 400 RESOURCE_ALREADY_EXISTS.
      if (!(error instanceof HttpError && error.status === 400)) throw error;
      return toExperiment(await this.#call(byName, signal));
    }
  }

  /** `startTime` in milliseconds since the epoch. Resolves with the run's id. */
  async createRun(
    experimentId: string,
    name: string,
    tags: ReadonlyMap<string, string>,
    startTime: number,
    signal: AbortSignal,
  ): Promise<string> {
    const body = { experiment_id: experimentId, run_name: name, start_time: startTime, tags: pairs(tags) };
    const made = await this.#call({ method: 'POST', path: '/runs/create', body }, signal);
    return runAnswer.parse(made).run.info.run_id;
  }

  /** `endTime` in milliseconds since the epoch; left out for a run that goes on. */
  async updateRun(
    id: string,
    status: RunStatus,
    endTime: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const body = { run_id: id, status, ...(endTime === undefined ? {} : { end_time: endTime }) };
    await this.#call({ method: 'POST', path: '/runs/update', body }, signal);
  }

  async logBatch(id: string, batch: RunBatch, time: number, signal: AbortSignal): Promise<void> {
    const metrics = [...(batch.metrics ?? [])].map(([key, value]) => ({
      key,
      value,
      timestamp: time,
      step: 0,
    }));
    const params = pairs(batch.params ?? new Map()).map(({ key, value }) => ({
      key,
      value: value.slice(0, MAX_PARAM_LENGTH),
    }));
    const tags = pairs(batch.tags ?? new Map());
    for (let from = 0; from === 0 || from < params.length; from += MAX_PARAMS) {
      const isFirst = from === 0;
      const body = {
        run_id: id,
        params: params.slice(from, from + MAX_PARAMS),
        ...(isFirst ? { metrics, tags } : {}),
      };
      await this.#call({ method: 'POST', path: '/runs/log-batch', body }, signal);
    }
  }

  /** All runs that match MLflow's filter syntax. */
  async searchRuns(experimentId: string, filter: string, signal: AbortSignal): Promise<readonly RunInfo[]> {
    const found: RunInfo[] = [];
    let token: string | undefined;
    do {
      const body: JsonObject = {
        experiment_ids: [experimentId],
        filter,
        max_results: PAGE,
        ...(token === undefined ? {} : { page_token: token }),
      };
      const page = runsPage.parse(await this.#call({ method: 'POST', path: '/runs/search', body }, signal));
      found.push(...page.runs.map(({ info }) => ({ id: info.run_id, status: toStatus(info.status) })));
      token = page.next_page_token;
    } while (token !== undefined && token !== '');
    return found;
  }

  async #call(request: HttpRequest, signal: AbortSignal): Promise<JsonObject> {
    const answer = await http(
      this.#endpoint,
      { timeoutMs: TIMEOUT_MS, ...request, path: API + request.path },
      signal,
    );
    return isJsonObject(answer) ? answer : {};
  }
}

function toExperiment(answer: JsonObject): Experiment {
  const { experiment } = experimentAnswer.parse(answer);
  return { id: experiment.experiment_id, name: experiment.name };
}

const STATUSES: readonly RunStatus[] = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];

function toStatus(text: string): RunStatus {
  return STATUSES.find((status) => status === text) ?? 'RUNNING';
}

function pairs(map: ReadonlyMap<string, string>): { readonly key: string; readonly value: string }[] {
  return [...map].map(([key, value]) => ({ key, value }));
}
