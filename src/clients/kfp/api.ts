/** The calls Slipway makes to a KFP server. KfpClient (client.ts) is the one implementation; tests may pass a fake. */
import type { JsonValue } from '../../core/base/json.ts';
import type {
  Experiment,
  ListOptions,
  Page,
  Pipeline,
  PipelineVersion,
  Run,
  RunTask,
  ServerInfo,
  SpecDocuments,
} from './model.ts';

export interface NewRun {
  readonly displayName: string;
  readonly experimentId?: string;
  readonly parameters: Readonly<Record<string, JsonValue>>;
  readonly pipelineRoot?: string;
  /** Exactly one of the two. */
  readonly source:
    | { readonly kind: 'spec'; readonly spec: SpecDocuments }
    | { readonly kind: 'version'; readonly pipelineId: string; readonly versionId: string };
}

/** The last parameter is always the cancel signal; every call also has a timeout. Failures are HttpErrors. */
export interface KfpApi {
  serverInfo(signal: AbortSignal): Promise<ServerInfo>;
  listPipelines(options: ListOptions, signal: AbortSignal): Promise<Page<Pipeline>>;
  uploadPipeline(name: string, yaml: string, signal: AbortSignal): Promise<Pipeline>;
  uploadVersion(
    pipelineId: string,
    name: string,
    yaml: string,
    signal: AbortSignal,
  ): Promise<PipelineVersion>;
  deletePipeline(id: string, signal: AbortSignal): Promise<void>;
  listVersions(pipelineId: string, options: ListOptions, signal: AbortSignal): Promise<Page<PipelineVersion>>;
  getVersion(pipelineId: string, versionId: string, signal: AbortSignal): Promise<PipelineVersion>;
  deleteVersion(pipelineId: string, versionId: string, signal: AbortSignal): Promise<void>;
  listExperiments(options: ListOptions, signal: AbortSignal): Promise<Page<Experiment>>;
  createExperiment(name: string, signal: AbortSignal): Promise<Experiment>;
  listRuns(
    options: ListOptions & { readonly experimentId?: string },
    signal: AbortSignal,
  ): Promise<Page<Run>>;
  getRun(id: string, signal: AbortSignal): Promise<Run>;
  createRun(run: NewRun, signal: AbortSignal): Promise<Run>;
  terminateRun(id: string, signal: AbortSignal): Promise<void>;
  retryRun(id: string, signal: AbortSignal): Promise<void>;
  archiveRun(id: string, signal: AbortSignal): Promise<void>;
  unarchiveRun(id: string, signal: AbortSignal): Promise<void>;
  deleteRun(id: string, signal: AbortSignal): Promise<void>;
  /** The whole tree of a run: pages are followed. */
  listTasks(runId: string, signal: AbortSignal): Promise<readonly RunTask[]>;
  /** `attempt` is the name in RunTask.attempts. With `follow`, ends when the attempt has ended. Decoded text chunks. */
  log(
    runId: string,
    attempt: string,
    options: { readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<string>;
}
