/** Worker thread that parses, validates, lays out and plans edits of pipelines. Its client is src/clients/graphWorker.ts. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { canonicalJson } from './core/base/canonicalJson.ts';
import { asError } from './core/base/errors.ts';
import { analyse, type Layout } from './core/ir/analyse.ts';
import { compare } from './core/ir/compare.ts';
import { copyTasks } from './core/ir/edit/clipboard.ts';
import { definitionsIn } from './core/ir/edit/definitions.ts';
import { planGesture } from './core/ir/edit/plan.ts';
import type { Spec } from './core/ir/edit/spec.ts';
import { SpecText } from './core/ir/edit/specText.ts';
import { targetsOf } from './core/ir/edit/targets.ts';
import type { LaidOutGraph } from './core/ir/graphModel.ts';
import type { DotEngine } from './core/ir/groupLayout.ts';
import type { TextRequest, WorkerReply, WorkerRequest } from './core/protocol/graphWorker.ts';

/** Texts and drawings remembered, each; more documents than this are not edited at a time. */
const maxRemembered = 8;

/** The last of a kind by key; the one that was not used for longest goes. */
class Remembered<T> {
  readonly #values = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > maxRemembered && oldest !== undefined) this.#values.delete(oldest);
  }
}

const drawings = new Remembered<LaidOutGraph>();
const files = new Remembered<SpecText>();

/** What was read of the source's last version; a new one for a text of its own. */
function fileOf(source: string | undefined): SpecText {
  if (source === undefined) return new SpecText();
  const file = files.get(source) ?? new SpecText();
  files.set(source, file);
  return file;
}

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

async function layout(): Promise<Layout> {
  return { engine: await (engine ??= loadEngine()), memory: drawings };
}

async function answer(message: WorkerRequest): Promise<WorkerReply> {
  const { id } = message;
  try {
    switch (message.kind) {
      case 'analyse': {
        const { request, kind } = message;
        const drawn = request.withoutLayout === true ? undefined : await layout();
        const file = fileOf(request.source);
        const analysis = analyse(request, drawn, file.yaml);
        if (drawn === undefined || analysis.kind === 'notPipeline') return { id, kind, reply: analysis };
        return { id, kind, reply: { ...analysis, meaning: meaningOf(file, request.text) } };
      }
      case 'diff': {
        const { request, kind } = message;
        const yaml = { before: fileOf(request.before.source).yaml, after: fileOf(request.after.source).yaml };
        return { id, kind, reply: compare(request, await layout(), yaml) };
      }
      case 'plan': {
        const { request, kind } = message;
        return { id, kind, reply: planGesture(request.text, request.gesture, fileOf(request.source)) };
      }
      case 'copy': {
        const { request, kind } = message;
        const spec = specOf(request);
        return { id, kind, reply: spec && copyTasks(spec, request.nodeIds) };
      }
      case 'targets': {
        const { request, kind } = message;
        const spec = specOf(request);
        return { id, kind, reply: { inputs: spec === undefined ? [] : targetsOf(spec, request.from) } };
      }
      case 'definitions':
        return { id, kind: message.kind, reply: definitionsIn(message.request.text) };
    }
  } catch (error) {
    return { id, kind: 'error', message: asError(error).message };
  }
}

function meaningOf(file: SpecText, text: string): string | undefined {
  const opened = file.read(text);
  return opened.kind === 'opened'
    ? createHash('sha256').update(canonicalJson(opened.spec)).digest('base64')
    : undefined;
}

function specOf({ text, source }: TextRequest): Spec | undefined {
  const opened = fileOf(source).read(text);
  return opened.kind === 'opened' ? opened.spec : undefined;
}

parentPort?.on('message', (message: WorkerRequest) => {
  void answer(message).then((reply) => parentPort?.postMessage(reply));
});
