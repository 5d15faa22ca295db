/**
 * The engine against kfp.local (SubprocessRunner without a venv), both with no-op Python steps, caching off. kfp.local
 * runs one step after the other and keeps nothing; ours runs one per core and keeps state and logs.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readDocument } from '../../dev-cluster/embedded/kfp/engine/document.ts';
import { PipelineEngine } from '../../dev-cluster/embedded/kfp/engine/engine.ts';
import type { Executor, StepOutcome } from '../../dev-cluster/embedded/kfp/engine/executor.ts';
import { runLocal } from '../../dev-cluster/embedded/kfp/engine/runLocal.ts';
import { openDatabase } from '../../dev-cluster/embedded/kfp/store/database.ts';
import { openStores } from '../../dev-cluster/embedded/kfp/store/stores.ts';
import { PythonEnvironments } from '../../dev-cluster/embedded/python/environments.ts';
import type { SpecDocuments } from '../../src/clients/kfp/model.ts';
import type { JsonObject } from '../../src/core/base/json.ts';
import {
  constant,
  dag,
  from,
  input,
  over,
  pipeline,
  python,
  step,
  task,
  type TaskOptions,
} from '../builders/irSpec.ts';
import type { BenchSuite } from './suite.ts';

const STEPS = 200;
const ROUNDS = 3;
const MANY = 10_000;

const noop = python('def noop(a: int) -> int:\n    return a', 'noop', {
  in: { a: 'NUMBER_INTEGER' },
  out: { Output: 'NUMBER_INTEGER' },
});

function shaped(needs: (index: number) => TaskOptions): SpecDocuments {
  const tasks = Array.from({ length: STEPS }, (_, index): [string, JsonObject] => [
    `t${index}`,
    task('noop', needs(index)),
  ]);
  return pipeline(dag(Object.fromEntries(tasks)), { noop });
}

const cases = [
  { name: `fan-out-${STEPS}`, spec: shaped((index) => ({ parameters: { a: constant(index) } })) },
  {
    name: `chain-${STEPS}`,
    spec: shaped((index) => {
      const before = `t${index - 1}`;
      return index === 0
        ? { parameters: { a: constant(0) } }
        : { after: [before], parameters: { a: from(before) } };
    }),
  },
];

export const run: BenchSuite = async (report) => {
  const signal = new AbortController().signal;
  const environments = new PythonEnvironments();
  await environments.kfp(signal);
  const sdk = await environments.sdk(signal);
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    // First, while the process is small: afterwards its growth would not show.
    for (const row of await manySteps(join(folder, 'many'))) report(row);
    for (const { name, spec } of cases) {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(withoutPip(spec.pipelineSpec)));
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await runOurs(spec, join(folder, randomUUID()), environments, signal));
        theirs.push(await runTheirs(sdk.python, file));
      }
      report({ case: name, metric: 'ms', ours: median(ours), peer: 'kfp.local', theirs: median(theirs) });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

async function runOurs(
  spec: SpecDocuments,
  home: string,
  environments: PythonEnvironments,
  signal: AbortSignal,
): Promise<number> {
  const start = performance.now();
  const { state, error } = await runLocal(spec, {}, { home, environments, signal });
  const ms = performance.now() - start;
  if (state !== 'SUCCEEDED') throw new Error(error);
  return ms;
}

async function runTheirs(python: string, file: string): Promise<number> {
  const peer = join(import.meta.dirname, 'peers', 'kfp_local_engine.py');
  const { stdout } = await promisify(execFile)(python, [peer, file], {
    // The steps' own `python3` has to be this one.
    env: { ...process.env, PATH: [dirname(python), process.env['PATH']].join(delimiter) },
    maxBuffer: 64 * 1024 * 1024,
  });
  return Number(stdout.trim()) * 1000;
}

function withoutPip(spec: JsonObject): JsonObject {
  const text = JSON.stringify(spec);
  return JSON.parse(
    text.replaceAll(
      /"command":\["sh","-c","(?:[^"\\]|\\.)*"/g,
      '"command":["sh","-c","true && \\"$0\\" \\"$@\\""',
    ),
  ) as JsonObject;
}

/** Steps that take no time and leave nothing behind. */
const instant: Executor = {
  start: () => {
    const outcome: StepOutcome = { kind: 'succeeded', parameters: new Map(), artifacts: new Map() };
    // By the event loop, as a process would: promises alone would leave no room for sampling the memory.
    return new Promise((resolve) => setImmediate(resolve, outcome));
  },
  adopt: () => Promise.resolve({ kind: 'neverStarted' }),
  close: () => undefined,
};

/** The engine alone: steps that take no time, a loop of ten thousand, with the state on disk. */
async function manySteps(home: string) {
  const stores = openStores(openDatabase(join(home, 'state.db')));
  const engine = new PipelineEngine({
    stores,
    executor: instant,
    home,
    maxParallelSteps: 8,
    parse: readDocument,
    onError: (error) => {
      throw error;
    },
  });
  const items = JSON.stringify(Array.from({ length: MANY }, (_, index) => index));
  const spec = pipeline(dag({ loop: task('loop', { loop: over({ raw: items }, 'item') }) }), {
    loop: dag({ one: task('one', { parameters: { a: input('item') } }) }, { in: { item: 'NUMBER_INTEGER' } }),
    one: step({ in: { a: 'NUMBER_INTEGER' } }),
  });
  const id = randomUUID();
  stores.runs.insert({
    id,
    displayName: 'many',
    description: '',
    experimentId: '',
    createdAt: Date.now(),
    pipelineId: null,
    versionId: null,
    spec: { pipeline_spec: spec.pipelineSpec },
    parameters: {},
    pipelineRoot: '',
    serviceAccount: '',
  });
  const ended = new Promise<void>((resolve) => {
    engine.onDidChange(() => {
      if (stores.runs.state(id) !== 'RUNNING' && stores.runs.state(id) !== 'PENDING') resolve();
    });
  });
  const memory = process.memoryUsage().rss;
  let most = memory;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50);
  const start = performance.now();
  engine.start(id);
  await ended;
  const ms = performance.now() - start;
  clearInterval(sampling);
  if (stores.runs.state(id) !== 'SUCCEEDED') throw new Error(stores.runs.get(id)?.error ?? '');
  await engine.close();
  stores.db.close();
  return [
    { case: `engine-overhead-per-step`, metric: 'ms', ours: round(ms / MANY) },
    { case: `${MANY}-steps`, metric: 'mib', ours: round((most - memory) / 1024 / 1024) },
  ];
}

function median(values: readonly number[]): number {
  return round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
