import type { KfpApi } from '../../clients/kfp/api.ts';
import type { Run } from '../../clients/kfp/model.ts';
import type { PipelineDocument } from '../../core/ir/model.ts';
import type { CacheView } from '../../core/protocol/runGraph.ts';
import type { Analyser } from '../analyser.ts';
import { pipelineNameOf } from '../store.ts';
import { cacheReason, earlierExecution } from './cacheReason.ts';
import { specText, type ShownRun } from './shownRun.ts';

/** Looks through earlier runs of the same pipeline for the step, the nearest first. */
export async function whyCache(
  shown: ShownRun,
  taskId: string,
  { kfp, analyser }: { readonly kfp: KfpApi; readonly analyser: Analyser },
  signal: AbortSignal,
): Promise<CacheView> {
  const { run } = shown.known;
  const step = { run, task: shown.task(taskId), document: shown.document.analysis?.document };
  const page = await kfp.listRuns({ pageSize: 100, sortBy: 'created_at desc' }, signal);
  const runs = page.items.filter((one) => pipelineNameOf(one) === step.document?.name);
  const documentOf = async (earlier: Run): Promise<PipelineDocument | undefined> => {
    const text = await specText(earlier, kfp, signal);
    if (text === undefined) return undefined;
    const analysis = await analyser.analyse({ text, withoutLayout: true }, signal);
    return analysis.kind === 'pipeline' ? analysis.document : undefined;
  };
  return cacheReason(step, await earlierExecution(step, runs, kfp, documentOf, signal));
}
