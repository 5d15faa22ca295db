/** Gestures on a pipeline of a megabyte: text to splices, beside the yaml package's parse, change and rewrite. */
import { parseDocument } from 'yaml';
import { analyse } from '../../src/core/ir/analyse.ts';
import type { Gesture } from '../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../src/core/ir/edit/plan.ts';
import { SpecText } from '../../src/core/ir/edit/specText.ts';
import { sampleText } from '../builders/pipelineText.ts';
import type { BenchSuite } from './suite.ts';

const tasks = 700;
const times = 9;

export const run: BenchSuite = (report) => {
  const original = bigPipeline();
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
  return Promise.resolve();
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

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

/** Steps in rows of ten, each with a component and an executor of its own, as the SDK writes them. */
function bigPipeline(): string {
  const sample = sampleText('if_else_with_oneof_parameters.yaml');
  const component = entry(sample, '  comp-print-and-return:\n');
  const executor = entry(sample, '    exec-print-and-return:\n');
  const steps = Array.from({ length: tasks }, (_, i) => i);
  const named = (text: string, i: number): string => text.replaceAll('print-and-return', `step-${i}`);
  const source = (i: number): string =>
    i % 10 === 0
      ? '              runtimeValue:\n                constant: Got heads!\n'
      : `              taskOutputParameter:\n                outputParameterKey: Output\n                producerTask: step-${i - 1}\n`;
  const rootTasks = steps.map(
    (i) =>
      `      step-${i}:\n        cachingOptions:\n          enableCache: true\n        componentRef:\n          name: comp-step-${i}\n` +
      (i % 10 === 0 ? '' : `        dependentTasks:\n        - step-${i - 1}\n`) +
      `        inputs:\n          parameters:\n            text:\n${source(i)}        taskInfo:\n          name: step-${i}\n`,
  );
  return (
    `# PIPELINE DEFINITION\n# Name: big\ncomponents:\n${steps.map((i) => named(component, i)).join('')}` +
    `deploymentSpec:\n  executors:\n${steps.map((i) => named(executor, i)).join('')}` +
    `pipelineInfo:\n  name: big\nroot:\n  dag:\n    tasks:\n${rootTasks.join('')}schemaVersion: 2.1.0\nsdkVersion: kfp-2.13.0\n`
  );
}

/** An entry with all its lines. */
function entry(text: string, head: string): string {
  const start = text.indexOf(head);
  const indent = head.search(/\S/);
  const rest = text.slice(start + head.length);
  const end = rest.search(new RegExp(`^ {0,${indent}}\\S`, 'm'));
  return head + rest.slice(0, end);
}
