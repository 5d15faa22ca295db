/** Worker thread that parses, validates and lays out pipelines. Its client is src/clients/graphWorker.ts. */
import { parentPort } from 'node:worker_threads';
import { asError } from './core/base/errors.ts';
import { analyse } from './core/ir/analyse.ts';
import type { LaidOutGraph } from './core/ir/graphModel.ts';
import type { DotEngine } from './core/ir/groupLayout.ts';
import type { WorkerReply, WorkerRequest } from './core/protocol/graphWorker.ts';

/** Drawings remembered, the latest last; more documents than this are not edited at a time. */
const maxDrawings = 8;
const drawings = new Map<string, LaidOutGraph>();
const memory = {
  get: (key: string) => drawings.get(key),
  set: (key: string, drawing: LaidOutGraph) => {
    drawings.delete(key);
    drawings.set(key, drawing);
    const [oldest] = drawings.keys();
    if (drawings.size > maxDrawings && oldest !== undefined) drawings.delete(oldest);
  },
};

let engine: Promise<DotEngine> | undefined;

/** The wasm is unpacked with the first drawing, not with the first check. */
async function loadEngine(): Promise<DotEngine> {
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const graphviz = await Graphviz.load();
  return {
    dot(source) {
      try {
        return graphviz.dot(source, 'plain');
      } catch (error) {
        // After a trap the wasm's memory cannot be trusted.
        Graphviz.unload();
        engine = undefined;
        throw error;
      }
    },
  };
}

async function answer({ id, request }: WorkerRequest): Promise<WorkerReply> {
  try {
    const layout =
      request.withoutLayout === true ? undefined : { engine: await (engine ??= loadEngine()), memory };
    return { id, kind: 'analysis', analysis: analyse(request, layout) };
  } catch (error) {
    return { id, kind: 'error', message: asError(error).message };
  }
}

parentPort?.on('message', (message: WorkerRequest) => {
  void answer(message).then((reply) => parentPort?.postMessage(reply));
});
