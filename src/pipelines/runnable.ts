/** What ▶ and the form need to know of a pipeline file, an uploaded version or an earlier run before they start it. */
import type { KfpApi, NewRun } from '../clients/kfp/api.ts';
import type { SpecDocuments } from '../clients/kfp/model.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/base/json.ts';
import type { InputParameter } from '../core/ir/model.ts';
import { specToDocuments } from '../core/ir/specDocuments.ts';
import type { Analyser } from './analyser.ts';

export interface Runnable {
  /** What remembered inputs are kept under: the file, or the uploaded pipeline. */
  readonly key: string;
  /** The pipeline file it came from. */
  readonly uri: string | undefined;
  readonly pipelineName: string;
  readonly inputs: readonly InputParameter[];
  readonly source: NewRun['source'];
  /** Set for a clone: what the earlier run was given. */
  readonly parameters: Readonly<Record<string, JsonValue>> | undefined;
  readonly experimentId: string | undefined;
  readonly pipelineRoot: string | undefined;
}

/** What a person chose for one run. */
export interface RunChoice {
  readonly runName: string;
  /** Inputs that were set; the rest stay at their defaults. */
  readonly parameters: Readonly<Record<string, JsonValue>>;
  /** `undefined`: the server's default. */
  readonly experimentId: string | undefined;
  /** `undefined`: the pipeline's own. */
  readonly pipelineRoot: string | undefined;
  readonly isCachingEnabled: boolean;
}

/** Throws SlipwayError `notPipeline` or `invalidPipeline`: a broken document is not sent to any server. */
export async function runnableFromText(
  text: string,
  uri: string,
  analyser: Analyser,
  signal: AbortSignal,
): Promise<Runnable> {
  const analysis = await analyser.analyse({ text, withoutLayout: true }, signal);
  if (analysis.kind === 'notPipeline') throw new SlipwayError('notPipeline', analysis.problem.message);
  const problem = analysis.problems.find((one) => one.severity === 'error');
  if (problem !== undefined)
    throw new SlipwayError('invalidPipeline', `The pipeline has a problem: ${problem.message}`, {
      action: 'Show Problems',
    });
  const documents = specToDocuments(text);
  if (documents.kind === 'notPipeline') throw new SlipwayError('notPipeline', documents.problem.message);
  return {
    key: uri,
    uri,
    pipelineName: analysis.document.name,
    inputs: analysis.inputs,
    source: { kind: 'spec', spec: documents },
    parameters: undefined,
    experimentId: undefined,
    pipelineRoot: undefined,
  };
}

/** `versionId` undefined: the newest version. */
export async function runnableFromVersion(
  kfp: KfpApi,
  pipelineId: string,
  versionId: string | undefined,
  analyser: Analyser,
  signal: AbortSignal,
): Promise<Runnable> {
  const version =
    versionId === undefined
      ? (await kfp.listVersions(pipelineId, { pageSize: 1, sortBy: 'created_at desc' }, signal)).items[0]
      : await kfp.getVersion(pipelineId, versionId, signal);
  if (version?.spec === undefined)
    throw new SlipwayError('noVersion', 'This pipeline has no version that can be run.');
  return {
    key: `pipeline:${pipelineId}`,
    uri: undefined,
    ...(await describe(version.spec, analyser, signal)),
    source: { kind: 'version', pipelineId, versionId: version.id },
    parameters: undefined,
    experimentId: undefined,
    pipelineRoot: undefined,
  };
}

/** The same pipeline and inputs as an earlier run, to be changed. */
export async function runnableFromRun(
  kfp: KfpApi,
  runId: string,
  analyser: Analyser,
  signal: AbortSignal,
): Promise<Runnable> {
  const run = await kfp.getRun(runId, signal);
  const { version } = run;
  const base =
    version === undefined
      ? { key: `run:${runId}`, ...(await fromSpec(run.spec, analyser, signal)) }
      : await runnableFromVersion(kfp, version.pipelineId, version.versionId, analyser, signal);
  return {
    ...base,
    uri: undefined,
    parameters: run.parameters,
    experimentId: run.experimentId || undefined,
    pipelineRoot: run.pipelineRoot,
  };
}

async function fromSpec(
  spec: SpecDocuments | undefined,
  analyser: Analyser,
  signal: AbortSignal,
): Promise<Pick<Runnable, 'pipelineName' | 'inputs' | 'source'>> {
  if (spec === undefined)
    throw new SlipwayError('noSpec', 'The server keeps no pipeline for this run, so it cannot be cloned.');
  return { ...(await describe(spec, analyser, signal)), source: { kind: 'spec', spec } };
}

async function describe(
  spec: SpecDocuments,
  analyser: Analyser,
  signal: AbortSignal,
): Promise<Pick<Runnable, 'pipelineName' | 'inputs'>> {
  const text = JSON.stringify({ pipeline_spec: spec.pipelineSpec, platform_spec: spec.platformSpec ?? {} });
  const analysis = await analyser.analyse({ text, withoutLayout: true }, signal);
  if (analysis.kind === 'notPipeline') throw new SlipwayError('notPipeline', analysis.problem.message);
  return { pipelineName: analysis.document.name, inputs: analysis.inputs };
}

/**
 * What ▶ starts: defaults, and for inputs without one what was set last time. `undefined`: something must be asked.
 */
export function oneClickParameters(
  runnable: Runnable,
  remembered: Readonly<Record<string, JsonValue>>,
): Readonly<Record<string, JsonValue>> | undefined {
  const parameters: Record<string, JsonValue> = {};
  for (const input of runnable.inputs) {
    if (input.defaultValue !== undefined || input.isOptional) continue;
    const value = Object.hasOwn(remembered, input.name) ? remembered[input.name] : undefined;
    if (value === undefined) return undefined;
    parameters[input.name] = value;
  }
  return parameters;
}

/** `churn 2026-11-24 06-30-12`, as the KFP SDK names runs. */
export function defaultRunName(pipelineName: string, now: Date): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  const day = [now.getFullYear(), pad(now.getMonth() + 1), pad(now.getDate())].join('-');
  const time = [pad(now.getHours()), pad(now.getMinutes()), pad(now.getSeconds())].join('-');
  return `${pipelineName} ${day} ${time}`;
}

/**
 * Turns caching off on every task of a spec, as the KFP SDK does: the server has no such switch for a run, so a run
 * by version reference cannot have it.
 */
export function withoutCaching(spec: SpecDocuments): SpecDocuments {
  const root = spec.pipelineSpec['root'];
  const components = spec.pipelineSpec['components'];
  return {
    ...spec,
    pipelineSpec: {
      ...spec.pipelineSpec,
      ...(root !== undefined && isJsonObject(root) ? { root: withoutTaskCaching(root) } : {}),
      ...(components !== undefined && isJsonObject(components)
        ? {
            components: mapValues(components, (component) =>
              isJsonObject(component) ? withoutTaskCaching(component) : component,
            ),
          }
        : {}),
    },
  };
}

function withoutTaskCaching(component: JsonObject): JsonObject {
  const dag = component['dag'];
  if (dag === undefined || !isJsonObject(dag)) return component;
  const tasks = dag['tasks'];
  if (tasks === undefined || !isJsonObject(tasks)) return component;
  return {
    ...component,
    dag: {
      ...dag,
      tasks: mapValues(tasks, (task) => (isJsonObject(task) ? { ...task, cachingOptions: {} } : task)),
    },
  };
}

function mapValues(object: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** The request for one run of `runnable`. */
export function newRun(runnable: Runnable, choice: RunChoice): NewRun {
  const { source } = runnable;
  return {
    displayName: choice.runName,
    parameters: choice.parameters,
    source:
      source.kind === 'spec' && !choice.isCachingEnabled
        ? { kind: 'spec', spec: withoutCaching(source.spec) }
        : source,
    ...(choice.experimentId === undefined ? {} : { experimentId: choice.experimentId }),
    ...(choice.pipelineRoot === undefined ? {} : { pipelineRoot: choice.pipelineRoot }),
  };
}
