/** Gestures on a pipeline of a megabyte: text to splices, beside the yaml package's parse, change and rewrite. */
import { parseDocument } from 'yaml';
import { analyse } from '../../src/core/ir/analyse.ts';
import type { Gesture } from '../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../src/core/ir/edit/plan.ts';
import { SpecText } from '../../src/core/ir/edit/specText.ts';
import { bigPipeline } from './bigPipeline.ts';
import { inEditor } from './dagEditHost.ts';
import { median, type BenchSuite } from './suite.ts';

const times = 9;

export const run: BenchSuite = async (report) => {
  const original = bigPipeline(700);
  const task = (i: number): string => `step-${i}`;
  const root = ['root', 'dag', 'tasks'];
  const cases: Readonly<
    Record<string, { gesture: (i: number) => Gesture; theirs: (text: string, i: number) => string }>
  > = {
    rename: {
      gesture: (i) => ({ kind: 'rename', task: task(i), name: `renamed-${i}` }),
      theirs: rewrite((i) => [[...root, task(i), 'taskInfo', 'name'], `renamed-${i}`]),
    },
    connect: {
      gesture: (i) => ({
        kind: 'connect',
        task: task(i + 40),
        input: 'text',
        source: { kind: 'taskOutput', task: task(i), output: 'Output' },
      }),
      theirs: rewrite((i) => [
        [...root, task(i + 40), 'inputs', 'parameters', 'text'],
        { taskOutputParameter: { outputParameterKey: 'Output', producerTask: task(i) } },
      ]),
    },
    constant: {
      gesture: (i) => ({
        kind: 'connect',
        task: task(i),
        input: 'text',
        source: { kind: 'constant', value: 'new' },
      }),
      theirs: rewrite((i) => [
        [...root, task(i), 'inputs', 'parameters', 'text'],
        { runtimeValue: { constant: 'new' } },
      ]),
    },
    'add-task': {
      gesture: (i) => ({ kind: 'addTask', group: '', component: { existing: `comp-step-${i}` } }),
      theirs: rewrite((i) => [[...root, `new-${i}`], { componentRef: { name: `comp-step-${i}` } }]),
    },
    delete: {
      gesture: (i) => ({ kind: 'delete', tasks: [task(i)] }),
      theirs: rewrite((i) => [[...root, task(i)], undefined]),
    },
    retry: {
      gesture: (i) => ({ kind: 'setRetry', tasks: [task(i)], retry: { maxRetryCount: 3 } }),
      theirs: rewrite((i) => [[...root, task(i), 'retryPolicy'], { maxRetryCount: 3 }]),
    },
  };
  for (const [name, { gesture, theirs }] of Object.entries(cases)) {
    const file = new SpecText();
    let text = original;
    planGesture(text, gesture(0), file);
    const ours: number[] = [];
    const peers: number[] = [];
    for (let i = 1; i <= times; i++) {
      const at = i * 13;
      const start = performance.now();
      const plan = planGesture(text, gesture(at), file);
      ours.push(performance.now() - start);
      if (plan.kind === 'refused') throw new Error(plan.reason);
      const theirStart = performance.now();
      theirs(text, at);
      peers.push(performance.now() - theirStart);
      text = applyEdits(text, plan.edits);
    }
    report({ case: name, metric: 'ms', ours: median(ours), peer: 'yaml', theirs: median(peers) });
  }
  typing(report, original);
  await inEditor(report, original);
};

/** A letter more in a task's name: what the worker does before it lays out, beside doing it all anew. */
function typing(report: Parameters<BenchSuite>[0], original: string): void {
  const file = new SpecText();
  let text = original;
  analyse({ text, withoutLayout: true }, undefined, file.yaml);
  const ours: number[] = [];
  const anew: number[] = [];
  for (let i = 1; i <= times; i++) {
    text = text.replace(`name: step-${i * 13}\n`, `name: step-${i * 13}x\n`);
    let start = performance.now();
    analyse({ text, withoutLayout: true }, undefined, file.yaml);
    ours.push(performance.now() - start);
    start = performance.now();
    analyse({ text, withoutLayout: true });
    anew.push(performance.now() - start);
  }
  report({ case: 'typing', metric: 'ms', ours: median(ours), peer: 'parse anew', theirs: median(anew) });
}

function rewrite(
  change: (i: number) => readonly [readonly string[], unknown],
): (text: string, i: number) => string {
  return (text, i) => {
    const document = parseDocument(text);
    const [path, value] = change(i);
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, value);
    return document.toString();
  };
}
