/** The extension host's part of an edit: the worker thread, the queue and the document as the editor has them. */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { GraphWorker } from '../../src/clients/graphWorker.ts';
import type { Gesture } from '../../src/core/ir/edit/gesture.ts';
import { GestureQueue } from '../../src/pipelines/editor/gestureQueue.ts';
import { TextDrawing } from '../../src/pipelines/editor/textDrawing.ts';
import { MemoryText } from '../builders/memoryText.ts';
import { median, type BenchSuite } from './suite.ts';

const gestures = 15;
const keys = 100;
/** Between two keys of a fast typist, in milliseconds. */
const keyMs = 60;
const thinkingMs = 600;

export const inEditor = async (report: Parameters<BenchSuite>[0], original: string): Promise<void> => {
  const worker = new GraphWorker(join(import.meta.dirname, '../../dist/graph-worker.js'));
  const text = new MemoryText(original);
  const drawing = new TextDrawing(text, worker);
  const queue = new GestureQueue(drawing);
  const signal = AbortSignal.timeout(120_000);
  try {
    await drawing.draw();
    const changed: number[] = [];
    const drawn: number[] = [];
    const loop = monitorEventLoopDelay({ resolution: 1 });
    for (let i = 0; i <= gestures; i++) {
      const gesture: Gesture = { kind: 'setRetry', tasks: [`step-${i * 13}`], retry: { maxRetryCount: 3 } };
      const start = performance.now();
      let change = Number.NaN;
      const listening = text.onDidChange(() => (change = performance.now() - start));
      const outcome = await queue.perform(drawing.document.revision, (from) =>
        worker.plan({ text: from, source: text.uri, gesture }, signal),
      );
      listening.dispose();
      if (outcome.kind !== 'done') throw new Error(outcome.reason);
      // The first one warms up.
      if (i === 0) loop.enable();
      else {
        changed.push(change);
        drawn.push(performance.now() - start);
      }
    }
    loop.disable();
    report({ case: 'gesture', metric: 'ms', ours: median(changed) });
    report({ case: 'gesture-drawn', metric: 'ms', ours: median(drawn) });
    report({ case: 'gesture-event-loop', metric: 'p99-ms', ours: loop.percentile(99) / 1e6 });
    report({ case: 'gesture-event-loop', metric: 'max-ms', ours: loop.max / 1e6 });

    const typing = monitorEventLoopDelay({ resolution: 1 });
    typing.enable();
    for (let i = 0; i < keys; i++) {
      text.type(text.text.replace('name: step-7', 'name: step-7x'));
      // Every tenth time they think, and the canvas catches up.
      await delay(i % 10 === 9 ? thinkingMs : keyMs);
    }
    await drawing.draw();
    typing.disable();
    report({ case: 'typing-event-loop', metric: 'p99-ms', ours: typing.percentile(99) / 1e6 });
    report({ case: 'typing-event-loop', metric: 'max-ms', ours: typing.max / 1e6 });
  } finally {
    drawing.dispose();
    worker.dispose();
  }
};
