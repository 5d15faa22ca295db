import { Readable } from 'node:stream';
import type { z } from 'zod';
import { SlipwayError } from '../../core/base/errors.ts';
import { http, type HttpEndpoint, type HttpRequest } from '../http.ts';
import type { KfpApi, NewRun } from './api.ts';
import type {
  Experiment,
  ListOptions,
  Page,
  Pipeline,
  PipelineVersion,
  Predicate,
  Run,
  RunTask,
  ServerInfo,
} from './model.ts';
import { wire, withoutRootScope, wrapSpec } from './schema.ts';

const api = '/apis/v2beta1';
const maxPageSize = 200;

/** KFP v2beta1 over HTTP. Stateless; one per Session. */
export class KfpClient implements KfpApi {
  readonly #endpoint: HttpEndpoint;

  constructor(endpoint: HttpEndpoint) {
    this.#endpoint = endpoint;
  }

  serverInfo(signal: AbortSignal): Promise<ServerInfo> {
    return this.#call(wire.healthz, { method: 'GET', path: `${api}/healthz`, timeoutMs: 5_000 }, signal);
  }

  listPipelines(options: ListOptions, signal: AbortSignal): Promise<Page<Pipeline>> {
    return this.#list(wire.pipelines, `${api}/pipelines`, options, {}, signal);
  }

  async uploadPipeline(name: string, yaml: string, signal: AbortSignal): Promise<Pipeline> {
    return this.#call(
      wire.pipeline,
      upload(`${api}/pipelines/upload`, { name, display_name: name }, yaml),
      signal,
    );
  }

  uploadVersion(
    pipelineId: string,
    name: string,
    yaml: string,
    signal: AbortSignal,
  ): Promise<PipelineVersion> {
    const query = { pipelineid: pipelineId, name, display_name: name };
    return this.#call(wire.version, upload(`${api}/pipelines/upload_version`, query, yaml), signal);
  }

  deletePipeline(id: string, signal: AbortSignal): Promise<void> {
    return this.#send({ method: 'DELETE', path: pipelinePath(id), query: { cascade: 'true' } }, signal);
  }

  listVersions(
    pipelineId: string,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<Page<PipelineVersion>> {
    return this.#list(wire.versions, `${pipelinePath(pipelineId)}/versions`, options, {}, signal);
  }

  getVersion(pipelineId: string, versionId: string, signal: AbortSignal): Promise<PipelineVersion> {
    return this.#call(wire.version, { method: 'GET', path: versionPath(pipelineId, versionId) }, signal);
  }

  deleteVersion(pipelineId: string, versionId: string, signal: AbortSignal): Promise<void> {
    return this.#send({ method: 'DELETE', path: versionPath(pipelineId, versionId) }, signal);
  }

  listExperiments(options: ListOptions, signal: AbortSignal): Promise<Page<Experiment>> {
    return this.#list(wire.experiments, `${api}/experiments`, options, {}, signal);
  }

  createExperiment(name: string, signal: AbortSignal): Promise<Experiment> {
    return this.#call(
      wire.experiment,
      { method: 'POST', path: `${api}/experiments`, body: { display_name: name } },
      signal,
    );
  }

  listRuns(
    options: ListOptions & { readonly experimentId?: string },
    signal: AbortSignal,
  ): Promise<Page<Run>> {
    return this.#list(wire.runs, `${api}/runs`, options, { experiment_id: options.experimentId }, signal);
  }

  getRun(id: string, signal: AbortSignal): Promise<Run> {
    // Without its tasks, from servers that know the view; those come page by page from listTasks.
    return this.#call(wire.run, { method: 'GET', path: runPath(id), query: { view: 'DEFAULT' } }, signal);
  }

  createRun(run: NewRun, signal: AbortSignal): Promise<Run> {
    // Unknown and unset fields are refused by the server, so nothing is sent that was not given.
    const body = {
      display_name: run.displayName,
      ...(run.experimentId === undefined ? {} : { experiment_id: run.experimentId }),
      runtime_config: {
        parameters: run.parameters,
        ...(run.pipelineRoot === undefined ? {} : { pipeline_root: run.pipelineRoot }),
      },
      ...(run.source.kind === 'spec'
        ? { pipeline_spec: wrapSpec(run.source.spec) }
        : {
            pipeline_version_reference: {
              pipeline_id: run.source.pipelineId,
              pipeline_version_id: run.source.versionId,
            },
          }),
    };
    return this.#call(wire.run, { method: 'POST', path: `${api}/runs`, body, timeoutMs: 30_000 }, signal);
  }

  terminateRun(id: string, signal: AbortSignal): Promise<void> {
    return this.#send({ method: 'POST', path: `${runPath(id)}:terminate` }, signal);
  }

  retryRun(id: string, signal: AbortSignal): Promise<void> {
    return this.#send({ method: 'POST', path: `${runPath(id)}:retry` }, signal);
  }

  archiveRun(id: string, signal: AbortSignal): Promise<void> {
    return this.#send({ method: 'POST', path: `${runPath(id)}:archive` }, signal);
  }

  unarchiveRun(id: string, signal: AbortSignal): Promise<void> {
    return this.#send({ method: 'POST', path: `${runPath(id)}:unarchive` }, signal);
  }

  deleteRun(id: string, signal: AbortSignal): Promise<void> {
    return this.#send({ method: 'DELETE', path: runPath(id) }, signal);
  }

  async listTasks(runId: string, signal: AbortSignal): Promise<readonly RunTask[]> {
    const tasks: RunTask[] = [];
    let pageToken: string | undefined;
    do {
      const options = { pageSize: maxPageSize, pageToken };
      const page: Page<RunTask> = await this.#list(
        wire.tasks,
        `${runPath(runId)}/tasks`,
        options,
        {},
        signal,
      );
      tasks.push(...page.items);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return withoutRootScope(tasks);
  }

  async *log(
    runId: string,
    attempt: string,
    options: { readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<string> {
    const path = `/apis/v1alpha1/runs/${encodeURIComponent(runId)}/nodes/${encodeURIComponent(attempt)}/log`;
    const stream = await http(
      this.#endpoint,
      { method: 'GET', path, query: options.follow ? { follow: 'true' } : {}, responseType: 'stream' },
      signal,
    );
    if (!(stream instanceof Readable))
      throw new SlipwayError('notAStream', 'The log did not arrive as a stream.');
    const decoder = new TextDecoder();
    try {
      for await (const chunk of stream) {
        if (!(chunk instanceof Uint8Array)) continue;
        const text = decoder.decode(chunk, { stream: true });
        if (text !== '') yield text;
      }
    } finally {
      // A consumer that stops early must not leave the connection open.
      stream.destroy();
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  }

  #list<T>(
    schema: z.ZodType<Page<T>>,
    path: string,
    options: ListOptions,
    query: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal,
  ): Promise<Page<T>> {
    const all = {
      ...query,
      page_size: options.pageSize,
      page_token: options.pageToken,
      sort_by: options.sortBy,
      filter:
        options.filter === undefined || options.filter.length === 0 ? undefined : filterText(options.filter),
    };
    return this.#call(schema, { method: 'GET', path, query: all }, signal);
  }

  async #call<T>(schema: z.ZodType<T>, request: HttpRequest, signal: AbortSignal): Promise<T> {
    const body = await http(this.#endpoint, request, signal);
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new SlipwayError(
      'unexpectedAnswer',
      `${this.#endpoint.label} answered ${request.method} ${request.path} with something that is not KFP's.`,
      { cause: parsed.error, action: 'Show the log' },
    );
  }

  async #send(request: HttpRequest, signal: AbortSignal): Promise<void> {
    await http(this.#endpoint, request, signal);
  }
}

/** `filter` of list calls: JSON predicates, AND-ed by the server. */
export function filterText(predicates: readonly Predicate[]): string {
  return JSON.stringify({
    predicates: predicates.map(({ operation, key, value }) => ({
      operation,
      key,
      ...(typeof value === 'string' ? { string_value: value } : { string_values: { values: value } }),
    })),
  });
}

function pipelinePath(id: string): string {
  return `${api}/pipelines/${encodeURIComponent(id)}`;
}

function versionPath(pipelineId: string, versionId: string): string {
  return `${pipelinePath(pipelineId)}/versions/${encodeURIComponent(versionId)}`;
}

function runPath(id: string): string {
  return `${api}/runs/${encodeURIComponent(id)}`;
}

function upload(path: string, query: Readonly<Record<string, string>>, yaml: string): HttpRequest {
  const body = new FormData();
  body.append('uploadfile', new Blob([yaml], { type: 'application/yaml' }), 'pipeline.yaml');
  return { method: 'POST', path, query, body, timeoutMs: 60_000 };
}
