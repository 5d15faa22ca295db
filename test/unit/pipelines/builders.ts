/** Runs, tasks and a server of them: what a test does not name is filled in. */
import type { KfpApi } from '../../../src/clients/kfp/api.ts';
import type { Page, Pipeline, PipelineVersion, Run, RunTask } from '../../../src/clients/kfp/model.ts';

export const start = new Date('2026-11-24T10:00:00Z');
export const after = (seconds: number): Date => new Date(start.getTime() + seconds * 1_000);

export function run(id: string, some: Partial<Run> = {}): Run {
  return {
    id,
    displayName: id,
    experimentId: 'e',
    state: 'SUCCEEDED',
    isArchived: false,
    createdAt: start,
    finishedAt: after(12),
    version: undefined,
    spec: undefined,
    parameters: {},
    pipelineRoot: undefined,
    error: undefined,
    ...some,
  };
}

export function runOf(pipelineName: string, id: string, some: Partial<Run> = {}): Run {
  const spec = { pipelineSpec: { pipelineInfo: { name: pipelineName } }, platformSpec: undefined };
  return run(id, { spec, ...some });
}

export function task(id: string, some: Partial<RunTask> = {}): RunTask {
  return {
    id,
    runId: 'r',
    parentId: 'root',
    name: id,
    displayName: id,
    kind: 'RUNTIME',
    state: 'SUCCEEDED',
    scopePath: id,
    iteration: undefined,
    iterationCount: undefined,
    createdAt: start,
    startedAt: start,
    finishedAt: after(2),
    attempts: [{ name: `${id}-1` }],
    error: undefined,
    notes: {},
    inputs: { parameters: [], artifacts: [] },
    outputs: { parameters: [], artifacts: [] },
    ...some,
  };
}

export const root: RunTask = task('root', { kind: 'ROOT', parentId: undefined, attempts: [] });

export function pipeline(id: string): Pipeline {
  return { id, name: id, displayName: id, description: '', createdAt: start };
}

export function version(id: string, pipelineId: string): PipelineVersion {
  return { id, pipelineId, name: id, displayName: id, description: '', createdAt: start, spec: undefined };
}

export function page<T>(items: readonly T[], nextPageToken?: string): Page<T> {
  return { items, totalSize: items.length, nextPageToken };
}

/** A server whose answers are given; whatever else is called fails the test. */
export function server(answers: Partial<KfpApi>): KfpApi {
  const refuse = (name: string) => (): never => {
    throw new Error(`${name} was not expected`);
  };
  return {
    serverInfo: refuse('serverInfo'),
    listPipelines: () => Promise.resolve(page([])),
    uploadPipeline: refuse('uploadPipeline'),
    uploadVersion: refuse('uploadVersion'),
    deletePipeline: refuse('deletePipeline'),
    listVersions: refuse('listVersions'),
    getVersion: refuse('getVersion'),
    deleteVersion: refuse('deleteVersion'),
    listExperiments: refuse('listExperiments'),
    createExperiment: refuse('createExperiment'),
    listRuns: () => Promise.resolve(page([])),
    getRun: refuse('getRun'),
    createRun: refuse('createRun'),
    terminateRun: refuse('terminateRun'),
    retryRun: refuse('retryRun'),
    archiveRun: refuse('archiveRun'),
    unarchiveRun: refuse('unarchiveRun'),
    deleteRun: refuse('deleteRun'),
    listTasks: refuse('listTasks'),
    log: refuse('log'),
    ...answers,
  };
}
