import type { AnalyseRequest, Analysis } from '../core/protocol/graphWorker.ts';

/** The graph worker as the pipelines noun uses it; tests pass a fake. */
export interface Analyser {
  analyse(request: AnalyseRequest, signal: AbortSignal): Promise<Analysis>;
}
