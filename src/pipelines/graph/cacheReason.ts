/**
 * Why a step was taken from the cache, or not: its key's parts beside those of its nearest earlier execution. The server
 * tells no key, so the parts are compared that KFP puts into it: inputs, image, command, outputs.
 */
import type { KfpApi } from '../../clients/kfp/api.ts';
import type { Run, RunTask } from '../../clients/kfp/model.ts';
import type { JsonValue } from '../../core/base/json.ts';
import type { Executor, PipelineDocument } from '../../core/ir/model.ts';
import { stepDefinition, type StepDefinition } from '../../core/ir/stepDefinition.ts';
import type { CacheView } from '../../core/protocol/runGraph.ts';

/** Runs looked through for an earlier execution; each is one request. */
const MAX_RUNS = 10;

export interface ExecutedStep {
  readonly run: Run;
  readonly task: RunTask;
  /** What the run ran; undefined when the server keeps no spec. */
  readonly document: PipelineDocument | undefined;
}

interface Definition extends StepDefinition {
  readonly executor: Extract<Executor, { kind: 'container' }>;
}

/** Of the newest of `runs` (newest first) that executed the step before; each is asked in turn until one has. */
export async function earlierExecution(
  step: ExecutedStep,
  runs: readonly Run[],
  kfp: KfpApi,
  documentOf: (run: Run) => Promise<PipelineDocument | undefined>,
  signal: AbortSignal,
): Promise<ExecutedStep | undefined> {
  const earlier = runs.filter(({ id, createdAt }) => id !== step.run.id && createdAt < step.run.createdAt);
  for (const run of earlier.slice(0, MAX_RUNS)) {
    const tasks = await kfp.listTasks(run.id, signal);
    const task = tasks.find(
      (one) =>
        one.scopePath === step.task.scopePath &&
        one.iteration === step.task.iteration &&
        (one.state === 'SUCCEEDED' || one.state === 'CACHED'),
    );
    if (task !== undefined) return { run, task, document: await documentOf(run) };
  }
  return undefined;
}

export function cacheReason(step: ExecutedStep, earlier: ExecutedStep | undefined): CacheView {
  const against = earlier === undefined ? undefined : { id: earlier.run.id, name: earlier.run.displayName };
  const now = definitionOf(step);
  const differences = earlier === undefined ? [] : differencesOf(step, earlier);
  if (step.task.state === 'CACHED') return { kind: 'hit', against, differences: [] };
  if (now?.task.caching.enabled === false) return { kind: 'off', against, differences };
  if (earlier === undefined) return { kind: 'first', against, differences };
  if (definitionOf(earlier)?.task.caching.enabled === false) return { kind: 'notKept', against, differences };
  return { kind: differences.length === 0 ? 'same' : 'differs', against, differences };
}

function differencesOf(step: ExecutedStep, earlier: ExecutedStep): CacheView['differences'] {
  const before = partsOf(earlier);
  const after = partsOf(step);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    return was === is ? [] : [{ name, before: was, after: is }];
  });
}

/** The parts of the key by names for people, as texts that are equal when the parts are. */
function partsOf(step: ExecutedStep): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const { name, value } of step.task.inputs.parameters) parts.set(`Input ${name}`, textOf(value));
  for (const { name, artifacts } of step.task.inputs.artifacts)
    parts.set(`Input ${name}`, artifacts.map(({ uri, id }) => uri || id).join(', '));
  const definition = definitionOf(step);
  if (definition === undefined) return parts;
  const { executor, component, task } = definition;
  parts.set('Image', executor.image);
  if (executor.python === undefined) parts.set('Command', [...executor.command, ...executor.args].join(' '));
  else {
    parts.set('Code', executor.python.source);
    parts.set('Packages', executor.python.packages.join(', '));
  }
  for (const { name, type } of component.outputs.parameters) parts.set(`Output ${name}`, type);
  for (const { name, type } of component.outputs.artifacts) parts.set(`Output ${name}`, type.schemaTitle);
  if (task.caching.key !== undefined && task.caching.key !== '') parts.set('Cache key', task.caching.key);
  return parts;
}

function definitionOf({ document, task: { scopePath } }: ExecutedStep): Definition | undefined {
  const found = document === undefined ? undefined : stepDefinition(document, scopePath);
  return found?.executor?.kind === 'container' ? { ...found, executor: found.executor } : undefined;
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
