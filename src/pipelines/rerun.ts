/** An earlier run once more, as far as it must be. */
import type { GraphWorker } from '../clients/graphWorker.ts';
import type { Run } from '../clients/kfp/model.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { Gesture } from '../core/ir/edit/gesture.ts';
import { applyEdits } from '../core/ir/edit/plan.ts';
import { defaultRunName, runnableFromText } from './runnable.ts';
import type { RunStarter } from './starter.ts';

export interface Again {
  /** The pipeline, perhaps edited since. */
  readonly text: string;
  readonly uri: string | undefined;
  /** Ids of the steps that run in any case; the rest comes from the cache where nothing changed. */
  readonly tasks: readonly string[];
  /** Its inputs are taken. */
  readonly run: Run;
}

/** Starts it as a new run; resolves to its id. */
export async function rerun(
  {
    worker,
    starter,
  }: { readonly worker: Pick<GraphWorker, 'plan' | 'analyse'>; readonly starter: RunStarter },
  { text, uri, tasks, run }: Again,
  signal: AbortSignal,
): Promise<string> {
  const wanted = tasks.length === 0 ? text : await withoutCaching(worker, text, tasks, signal);
  const runnable = await runnableFromText(wanted, uri ?? run.id, worker, signal);
  const started = await starter.start(runnable, {
    runName: defaultRunName(runnable.pipelineName, new Date()),
    parameters: run.parameters,
    experimentId: run.experimentId || undefined,
    pipelineRoot: undefined,
    isCachingEnabled: true,
  });
  return started.id;
}

async function withoutCaching(
  worker: Pick<GraphWorker, 'plan'>,
  text: string,
  tasks: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const gesture: Gesture = { kind: 'setCaching', tasks: [...tasks], enabled: false };
  const plan = await worker.plan({ text, gesture }, signal);
  if (plan.kind === 'refused') throw new SlipwayError('refused', plan.reason);
  return applyEdits(text, plan.edits);
}
