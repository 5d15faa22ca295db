/** The parent runs: made before a KFP run begins, ended and opened again with it. */
import { isFinal } from '../../../../src/clients/kfp/model.ts';
import type { PipelineEngine } from '../engine/engine.ts';
import type { RunStore } from '../store/runs.ts';
import type { MlflowTracking } from './tracking.ts';

/** Follows the engine; `dispose` stops that. */
export function trackRuns(
  engine: PipelineEngine,
  runs: RunStore,
  tracking: MlflowTracking,
): { dispose(): void } {
  const ended = new Set<string>();
  return engine.onDidChange((runId) => {
    const state = runs.state(runId);
    if (state === undefined) return;
    if (!isFinal(state)) {
      // A retry: what had ended goes on.
      if (!ended.delete(runId)) return;
      const output = runs.mlflowOutput(runId);
      if (output !== undefined) void tracking.reopen(output);
      return;
    }
    if (ended.has(runId)) return;
    ended.add(runId);
    const output = runs.mlflowOutput(runId);
    if (output !== undefined) void tracking.end(output, state, Date.now());
  });
}
