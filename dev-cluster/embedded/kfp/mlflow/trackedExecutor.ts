/** Steps with a run of their own in MLflow; every attempt of a task goes on with the same one. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writePrivateFile } from '../../files.ts';
import type { Executor, Step, StepListener, StepOutcome } from '../engine/executor.ts';
import { toText } from '../engine/values.ts';
import type { MlflowOutput } from '../store/runs.ts';
import type { MlflowTracking } from './tracking.ts';

export interface TrackedExecutorOptions {
  readonly inner: Executor;
  readonly tracking: MlflowTracking;
  /** `plugins_output.mlflow` of a run. */
  readonly outputOf: (runId: string) => MlflowOutput | undefined;
  /** MLFLOW_TRACKING_USERNAME and _PASSWORD. */
  readonly credentials: () => Readonly<Record<string, string>>;
}

const record = z.object({ runId: z.string() });

export class TrackedExecutor implements Executor {
  readonly #options: TrackedExecutorOptions;

  constructor(options: TrackedExecutorOptions) {
    this.#options = options;
  }

  async start(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    const { inner, tracking, outputOf, credentials } = this.#options;
    const output = outputOf(step.runId);
    let runId = output === undefined ? undefined : this.#recorded(step);
    if (output !== undefined && runId === undefined) {
      const task = { name: step.names.taskName, startedAt: Date.now() };
      runId = await tracking.beginTask(output, task, signal);
      if (runId !== undefined) await writePrivateFile(recordPath(step), JSON.stringify({ runId }));
    }
    if (runId === undefined) return inner.start(step, listener, signal);
    const experimentId = output?.entries['experiment_id']?.value ?? '';
    const env = tracking.environment(runId, experimentId);
    const outcome = await inner.start({ ...step, env, credentials: credentials() }, listener, signal);
    this.#end(step, runId, outcome);
    return outcome;
  }

  async adopt(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    const outcome = await this.#options.inner.adopt(step, listener, signal);
    const runId = this.#recorded(step);
    if (runId !== undefined && outcome.kind !== 'neverStarted') this.#end(step, runId, outcome);
    return outcome;
  }

  close(): void {
    this.#options.inner.close();
  }

  /** Not waited for: the task goes on, and the end of the run closes what this could not. */
  #end(step: Step, runId: string, outcome: StepOutcome): void {
    const status =
      outcome.kind === 'succeeded' ? 'FINISHED' : outcome.kind === 'canceled' ? 'KILLED' : 'FAILED';
    void this.#options.tracking.endTask(runId, {
      status,
      endedAt: Date.now(),
      parameters: new Map([...step.input.parameters].map(([name, value]) => [name, toText(value)])),
      metrics: scalarMetrics(step, outcome),
    });
  }

  #recorded(step: Step): string | undefined {
    try {
      return record.parse(JSON.parse(readFileSync(recordPath(step), 'utf8'))).runId;
    } catch {
      // Not written (yet), or cut short by a kill: then it gets another run.
      return undefined;
    }
  }
}

function recordPath(step: Step): string {
  return join(dirname(step.folder), 'mlflow', `${step.taskId}.json`);
}

/** Numbers in the metadata of `system.Metrics` outputs. */
function scalarMetrics(step: Step, outcome: StepOutcome): Map<string, number> {
  const metrics = new Map<string, number>();
  if (outcome.kind !== 'succeeded') return metrics;
  for (const { name, type } of step.component.outputs.artifacts) {
    if (type.schemaTitle !== 'system.Metrics') continue;
    for (const { metadata } of outcome.artifacts.get(name) ?? [])
      for (const [key, value] of Object.entries(metadata))
        if (typeof value === 'number' && Number.isFinite(value)) metrics.set(key, value);
  }
  return metrics;
}
