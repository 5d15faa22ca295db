/** Steps as real processes: what they get, what becomes of them, and what a killed service leaves behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runLocal, type LocalRun } from '../../../dev-cluster/embedded/kfp/engine/runLocal.ts';
import { openDatabase } from '../../../dev-cluster/embedded/kfp/store/database.ts';
import { openStores } from '../../../dev-cluster/embedded/kfp/store/stores.ts';
import {
  PythonEnvironments,
  type PythonEnvironmentSource,
} from '../../../dev-cluster/embedded/python/environments.ts';
import type { SpecDocuments } from '../../../src/clients/kfp/model.ts';
import type { JsonObject } from '../../../src/core/base/json.ts';
import {
  artifactFrom,
  constant,
  dag,
  from,
  input,
  over,
  pipeline,
  python,
  step,
  task,
  value,
} from '../../builders/irSpec.ts';
import { cli } from '../../cli.ts';
import { systemPython } from './systemPython.ts';

let home: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-processes-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

const never = new AbortController().signal;

function run(
  spec: SpecDocuments,
  options: {
    home?: string;
    environments?: PythonEnvironmentSource;
    signal?: AbortSignal;
    graceMs?: number;
    maxParallelSteps?: number;
  } = {},
): Promise<LocalRun> {
  return runLocal(spec, {}, { home, environments: systemPython, signal: never, ...options });
}

function sh(script: string, io: Parameters<typeof step>[0] = {}) {
  return step({ image: 'alpine:3', command: ['sh', '-ec', script], ...io });
}

function logOf(result: LocalRun, name: string): string {
  const task = result.tasks.find((one) => one.name === name);
  const db = openDatabase(join(home, 'state.db'));
  try {
    const attempt = openStores(db)
      .attempts.ofTask(task?.id ?? '')
      .at(-1);
    return readFileSync(attempt?.logPath ?? '', 'utf8');
  } finally {
    db.close();
  }
}

describe('lightweight Python components', () => {
  const environments = new PythonEnvironments();

  test('really run: parameters of all types, artifacts with metadata, a log of both streams', async () => {
    const result = await run(
      pipeline(
        dag(
          {
            make: task('make', {
              parameters: {
                n: constant(3),
                x: constant(2),
                s: constant('a "b" $c'),
                b: constant(true),
                l: constant([1]),
                d: constant({ k: [1.5] }),
              },
            }),
            read: task('read', {
              parameters: { n: from('make', 'n') },
              artifacts: { data: artifactFrom('make', 'data') },
            }),
          },
          {
            out: { text: 'STRING' },
            artifactsOut: { data: 'system.Dataset' },
            outputs: {
              parameters: { text: value('read') },
              artifacts: {
                data: { artifactSelectors: [{ producerSubtask: 'make', outputArtifactKey: 'data' }] },
              },
            },
          },
        ),
        {
          make: python(
            [
              'def make(n: int, x: float, s: str, b: bool, l: list, d: dict, data: Output[Dataset], metrics: Output[Metrics]) -> NamedTuple("Out", n=int):',
              '    import os, sys',
              '    print("to stdout"); print("to stderr", file=sys.stderr)',
              '    assert isinstance(x, float), x',
              '    with open(data.path, "w") as f: f.write(repr((n, x, s, b, l, d, os.environ["KFP_RETRY_INDEX"])))',
              '    data.metadata["rows"] = 7',
              '    metrics.log_metric("accuracy", 0.5)',
              '    return (n + 1,)',
            ].join('\n'),
            'make',
            {
              in: {
                n: 'NUMBER_INTEGER',
                x: 'NUMBER_DOUBLE',
                s: 'STRING',
                b: 'BOOLEAN',
                l: 'LIST',
                d: 'STRUCT',
              },
              out: { n: 'NUMBER_INTEGER' },
              artifactsOut: { data: 'system.Dataset', metrics: 'system.Metrics' },
            },
          ),
          read: python(
            'def read(n: int, data: Input[Dataset]) -> str:\n    return f"{n} {data.metadata} {open(data.path).read()}"',
            'read',
            {
              in: { n: 'NUMBER_INTEGER' },
              artifactsIn: { data: 'system.Dataset' },
              out: { Output: 'STRING' },
            },
          ),
        },
      ),
      { environments },
    );
    expect(result.error).toBeUndefined();
    expect(result.outputs.parameters['text']).toBe(
      `4 {'rows': 7} (3, 2.0, 'a "b" $c', True, [1], {'k': [1.5]}, '0')`,
    );
    const [data] = result.outputs.artifacts['data'] ?? [];
    expect(data).toMatchObject({ name: 'data', type: 'system.Dataset', metadata: { rows: 7 } });
    expect(data?.uri).toMatch(
      new RegExp(`^${home}/artifacts/test-pipeline/${result.runId}/make/[0-9a-f-]+-1/data$`),
    );
    const made = result.tasks.find(({ name }) => name === 'make');
    expect(made?.produced.artifacts['metrics']?.[0]?.metadata).toEqual({ accuracy: 0.5 });
    expect(logOf(result, 'make')).toContain('to stdout');
    expect(logOf(result, 'make')).toContain('to stderr');
    expect(statSync(join(home, 'state.db')).size).toBeGreaterThan(0);
  });

  test('an input that is too big for a command line arrives', async () => {
    const result = await run(
      pipeline(
        dag(
          { a: task('make'), b: task('count', { parameters: { text: from('a') } }) },
          { out: { n: 'NUMBER_INTEGER' }, outputs: { parameters: { n: value('b') } } },
        ),
        {
          make: python('def make() -> str:\n    return "é" * 200_000', 'make', { out: { Output: 'STRING' } }),
          count: python('def count(text: str) -> int:\n    return len(text)', 'count', {
            in: { text: 'STRING' },
            out: { Output: 'NUMBER_INTEGER' },
          }),
        },
      ),
      { environments },
    );
    expect(result.error).toBeUndefined();
    expect(result.outputs.parameters).toEqual({ n: 200_000 });
  });

  test('a traceback is in the log and the exit code in the row', async () => {
    const result = await run(
      pipeline(dag({ boom: task('boom') }), {
        boom: python('def boom():\n    raise ValueError("no such luck")', 'boom'),
      }),
      { environments },
    );
    expect(result.error).toBe('Task boom failed. It ended with exit code 1.');
    expect(logOf(result, 'boom')).toContain('ValueError: no such luck');
  });

  test('packages_to_install come from an environment of their own', async () => {
    const wanted: string[][] = [];
    await run(
      pipeline(dag({ a: task('a') }), { a: python('def a():\n    pass', 'a', {}, ['six==1.17.0']) }),
      {
        environments: {
          kfp: (signal) => environments.kfp(signal),
          withPackages: (packages, { signal }) => {
            wanted.push([...packages]);
            return environments.kfp(signal);
          },
        },
      },
    );
    expect(wanted).toEqual([['six==1.17.0']]);
  });

  test('without Python the task says so', async () => {
    const result = await run(pipeline(dag({ a: task('a') }), { a: python('def a():\n    pass', 'a') }), {
      environments: new PythonEnvironments({ cache: join(home, 'cache'), env: { PATH: home } }),
    });
    expect(result.state).toBe('FAILED');
    expect(result.error).toMatch(/Python 3\.\d+/);
  });
});

describe('containers', () => {
  test('run when their command is here: placeholders, output files, env, concat and if-present', async () => {
    const result = await run(
      pipeline(
        dag(
          { a: task('a', { parameters: { x: constant('5') } }) },
          { out: { y: 'STRING' }, outputs: { parameters: { y: value('a', 'y') } } },
        ),
        {
          a: step({
            image: 'alpine:3',
            command: [
              'sh',
              '-ec',
              'printf "%s|%s|%s|%s" "$0" "$1" "$2" "$GREETING" > "$3"; pwd; echo $TMPDIR',
            ],
            args: [
              "{{$.inputs.parameters['x']}}",
              `{"Concat": ["a-", "{{$.inputs.parameters['x']}}"]}`,
              '{"IfPresent": {"InputName": "absent", "Then": ["--absent"], "Else": ["none"]}}',
              "{{$.outputs.parameters['y'].output_file}}",
            ],
            env: [{ name: 'GREETING', value: "hello {{$.inputs.parameters['x']}}" }],
            in: { x: 'STRING', absent: { parameterType: 'STRING', isOptional: true } },
            out: { y: 'STRING' },
          }),
        },
      ),
    );
    expect(result.outputs.parameters['y']).toBe('5|a-5|none|hello 5');
    expect(result.tasks.find(({ name }) => name === 'a')?.notes).toEqual({ image: 'not in its image' });
    const [cwd = '', temporary = ''] = logOf(result, 'a').split('\n');
    expect(cwd).toContain(home);
    // multiprocessing puts sockets there, whose paths may have some hundred bytes.
    expect(temporary.length).toBeLessThan(60);
    expect(existsSync(temporary)).toBe(false);
  });

  test.each([
    [
      'a command that is not here',
      step({ image: 'acme/tool:1', command: ['acme-tool-of-ours'] }),
      /acme-tool-of-ours comes with the image acme\/tool:1/,
    ],
    ['an entry point', step({ image: 'acme/tool:1', command: [] }), /entry point of the image acme\/tool:1/],
    ['a volume from Kubernetes', step({ image: 'argostub/createpvc', command: [] }), /no Kubernetes here/],
    [
      'code inside an image',
      step({ image: 'acme/py:1', command: ['python3', '-m', 'kfp.dsl.executor_main'] }),
      /only in the image acme\/py:1/,
    ],
  ])('%s fails with a sentence', async (_, component, sentence) => {
    const result = await run(pipeline(dag({ a: task('a') }), { a: component }));
    expect(result.state).toBe('FAILED');
    expect(result.error).toMatch(sentence);
  });

  test('a missing output and a wrong one are named', async () => {
    const io = { out: { n: 'NUMBER_INTEGER' } } as const;
    const missing = await run(pipeline(dag({ a: task('a') }), { a: sh('true', io) }));
    expect(missing.error).toBe('Task a failed. It ended without giving its output n.');
    const wrong = await run(
      pipeline(dag({ a: task('a') }), {
        a: step({
          command: ['sh', '-ec', 'echo many > "$0"'],
          args: ["{{$.outputs.parameters['n'].output_file}}"],
          ...io,
        }),
      }),
    );
    expect(wrong.error).toBe("Task a failed. Its output n should be an integer, but what it wrote isn't.");
  });

  test('100 MB of output go to the log and not through this process', async () => {
    const before = process.memoryUsage().rss;
    const result = await run(
      pipeline(dag({ a: task('a') }), {
        a: sh("yes 'a line of output that says nothing' | head -c 104857600"),
      }),
    );
    expect(result.state).toBe('SUCCEEDED');
    expect(logOf(result, 'a').length).toBe(104_857_600);
    expect(process.memoryUsage().rss - before).toBeLessThan(450 * 1024 * 1024);
  });

  test('a step that takes longer than its platform document allows is stopped, and tried again as its policy says', async () => {
    const spec = pipeline(
      dag({ a: task('a', { retry: { maxRetryCount: 1, backoffDuration: '0s' } }), b: task('b') }),
      {
        a: sh('sleep 600'),
        b: sh('true'),
      },
    );
    const limited = (seconds: string): JsonObject => ({ activeDeadlineSeconds: seconds });
    const platformSpec = {
      platforms: {
        kubernetes: {
          deploymentSpec: { executors: { 'exec-a': limited('1'), 'exec-b': limited('86400000') } },
        },
      },
    };
    const result = await run({ ...spec, platformSpec });
    expect(result.error).toBe('Task a failed. It was stopped because its time limit of 1 s was over.');
    expect(result.tasks.find(({ name }) => name === 'b')?.state).toBe('SUCCEEDED');
    const db = openDatabase(join(home, 'state.db'));
    const attempts = openStores(db).attempts.ofRun(result.runId);
    db.close();
    expect(attempts.map(({ signal }) => signal ?? '').toSorted()).toEqual(['', 'SIGTERM', 'SIGTERM']);
  });

  test('what a step leaves running ends with it', async () => {
    const marker = join(home, 'marker');
    const result = await run(
      pipeline(dag({ a: task('a') }), { a: sh(`(sleep 600; touch ${marker}) & echo $! > ${marker}.pid`) }),
    );
    expect(result.state).toBe('SUCCEEDED');
    const pid = Number(readFileSync(`${marker}.pid`, 'utf8'));
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    // A zombie nobody reaps is not alive.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a local run whose process is killed', () => {
  test('is ended, and its steps are stopped, by the next one; those that go on are left alone', async () => {
    const running = (name: string): string => join(home, name);
    const startRun = async (name: string): Promise<ChildProcess> => {
      const { pipelineSpec } = pipeline(dag({ a: task('a') }), {
        a: sh(`trap '' TERM; echo $$ > ${running(name)}; sleep 600 & wait; wait`),
      });
      const file = join(home, `${name}.json`);
      writeFileSync(file, JSON.stringify(pipelineSpec));
      const child = spawn(process.execPath, [cli, 'pipeline', 'run', file, '--local'], {
        env: { ...process.env, SLIPWAY_HOME: home },
        stdio: 'ignore',
      });
      started.push(child);
      await expect
        .poll(() => existsSync(running(name)) && readFileSync(running(name), 'utf8') !== '', {
          timeout: 60_000,
        })
        .toBe(true);
      return child;
    };
    const killed = await startRun('killed');
    const living = await startRun('living');
    const [killedStep = 0, livingStep = 0] = ['killed', 'living'].map((name) =>
      Number(readFileSync(running(name), 'utf8')),
    );
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(isAlive(killedStep)).toBe(true);
    const local = join(home, 'local');
    const next = await run(pipeline(dag({ a: task('a') }), { a: sh('true') }), { home: local, graceMs: 100 });
    expect(next.state).toBe('SUCCEEDED');
    expect([killedStep, livingStep].map(isAlive)).toEqual([false, true]);
    const db = openDatabase(join(local, 'state.db'));
    const states = db.prepare('SELECT state FROM runs ORDER BY rowid').all();
    db.close();
    expect(states.map(({ state }) => state)).toEqual(['CANCELED', 'RUNNING', 'SUCCEEDED']);
    living.kill('SIGTERM');
    await once(living, 'exit');
    expect(isAlive(livingStep)).toBe(false);
  });
});

describe('terminate', () => {
  test('a step that ignores SIGTERM is killed after the grace time', async () => {
    const controller = new AbortController();
    const running = join(home, 'running');
    const promise = run(
      pipeline(dag({ stubborn: task('stubborn'), next: task('plain', { after: ['stubborn'] }) }), {
        stubborn: sh(`trap '' TERM; echo $$ > ${running}; while true; do sleep 0.1; done`),
        plain: sh('true'),
      }),
      { signal: controller.signal, graceMs: 300 },
    );
    await expect
      .poll(() => existsSync(running) && readFileSync(running, 'utf8') !== '', { timeout: 30_000 })
      .toBe(true);
    controller.abort();
    const result = await promise;
    expect(result.state).toBe('CANCELED');
    expect(isAlive(Number(readFileSync(running, 'utf8')))).toBe(false);
    expect(result.tasks.map(({ name }) => name)).not.toContain('next');
  });

  test('a step that tidies up on SIGTERM gets the time for it', async () => {
    const controller = new AbortController();
    const [running, tidied] = [join(home, 'running'), join(home, 'tidied')];
    const promise = run(
      pipeline(dag({ a: task('a') }), {
        a: sh(`trap 'touch ${tidied}; exit 0' TERM; touch ${running}; while true; do sleep 0.05; done`),
      }),
      { signal: controller.signal, graceMs: 60_000 },
    );
    await expect.poll(() => existsSync(running), { timeout: 30_000 }).toBe(true);
    controller.abort();
    expect((await promise).state).toBe('CANCELED');
    expect(existsSync(tidied)).toBe(true);
  });
});

describe('a service that is killed', () => {
  /** Each step appends its attempt's name to the ledger, so that a second run of anything would show. */
  const ledgerSpec = (ledger: string) => {
    const work = step({
      command: ['sh', '-ec', `echo "$KFP_POD_NAME" >> ${ledger}; sleep 0.0$0; printf '%s' "$0" > "$1"`],
      args: ["{{$.inputs.parameters['x']}}", "{{$.outputs.parameters['Output'].output_file}}"],
      in: { x: 'STRING' },
      out: { Output: 'STRING' },
    });
    return pipeline(
      dag(
        {
          first: task('work', { parameters: { x: constant('3') } }),
          loop: task('loop', {
            parameters: { seed: from('first') },
            loop: over({ raw: '["1","5","9","2","7","4"]' }, 'item'),
          }),
          a: task('work', { parameters: { x: from('first') } }),
          b: task('work', { parameters: { x: from('a') } }),
          last: task('work', { parameters: { x: from('b') }, after: ['loop'] }),
        },
        { out: { all: 'LIST' }, outputs: { parameters: { all: value('loop', 'all') } } },
      ),
      {
        work,
        loop: dag(
          {
            one: task('work', { parameters: { x: input('item') } }),
            two: task('work', { parameters: { x: from('one') } }),
          },
          {
            in: { item: 'STRING', seed: 'STRING' },
            out: { all: 'STRING' },
            outputs: { parameters: { all: value('two') } },
          },
        ),
      },
    );
  };

  test('at any moment, again and again: nothing is lost and nothing runs twice without a record', async () => {
    for (let round = 0; round < 4; round++) {
      const folder = join(home, `round-${round}`);
      const ledger = join(home, `ledger-${round}`);
      const specFile = join(home, 'spec.json');
      writeFileSync(ledger, '');
      writeFileSync(specFile, JSON.stringify(ledgerSpec(ledger).pipelineSpec));
      const runId = randomUUID();
      let kills = 0;
      for (;;) {
        const service = spawn(
          process.execPath,
          [join(import.meta.dirname, 'serviceProcess.ts'), folder, runId, specFile],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        started.push(service);
        const exit = once(service, 'exit').then(() => true);
        // From the moment it takes the run up, never the same.
        await Promise.race([exit, once(service.stdout, 'data')]);
        const isOver = await Promise.race([exit, pause(Math.random() * 300).then(() => false)]);
        if (isOver) break;
        service.kill('SIGKILL');
        await exit;
        if (++kills > 200) throw new Error('It gets nowhere.');
      }
      const db = openDatabase(join(folder, 'state.db'));
      const stores = openStores(db);
      const row = stores.runs.get(runId);
      const tasks = stores.tasks.ofRun(runId);
      const attempts = stores.attempts.ofRun(runId);
      db.close();
      expect(row?.state).toBe('SUCCEEDED');
      expect(tasks.find(({ kind }) => kind === 'ROOT')?.outputs.parameters).toMatchObject([
        { key: 'all', value: ['1', '5', '9', '2', '7', '4'] },
      ]);
      const ran = readFileSync(ledger, 'utf8').trim().split('\n');
      // Nothing twice; everything that ran has its record; what has a record and didn't run is marked so.
      expect(new Set(ran).size).toBe(ran.length);
      const ranBy = new Set(ran);
      for (const { name, state } of attempts)
        expect([name, ranBy.has(name)]).toEqual([name, state !== 'LOST']);
      expect(ran.every((name) => attempts.some((attempt) => attempt.name === name))).toBe(true);
      expect(tasks.filter(({ kind }) => kind === 'RUNTIME').every(({ state }) => state === 'SUCCEEDED')).toBe(
        true,
      );
      expect(kills).toBeGreaterThan(0);
    }
  });

  test('a step killed together with its service fails cleanly', async () => {
    const folder = join(home, 'state');
    const running = join(home, 'running');
    const specFile = join(home, 'spec.json');
    writeFileSync(
      specFile,
      JSON.stringify(
        pipeline(dag({ a: task('a') }), { a: sh(`echo $$ > ${running}; sleep 600`) }).pipelineSpec,
      ),
    );
    const runId = randomUUID();
    const args = [join(import.meta.dirname, 'serviceProcess.ts'), folder, runId, specFile];
    const first = spawn(process.execPath, args, { stdio: 'ignore' });
    started.push(first);
    await expect
      .poll(() => existsSync(running) && readFileSync(running, 'utf8') !== '', { timeout: 30_000 })
      .toBe(true);
    const exit = once(first, 'exit');
    first.kill('SIGKILL');
    await exit;
    const step = Number(readFileSync(running, 'utf8'));
    // The step's group: its sh leads it.
    process.kill(-groupOf(step), 'SIGKILL');
    await expect.poll(() => isAlive(step), { timeout: 10_000 }).toBe(false);
    const second = spawn(process.execPath, args, { stdio: 'ignore' });
    started.push(second);
    await once(second, 'exit');
    const db = openDatabase(join(folder, 'state.db'));
    const row = openStores(db).runs.get(runId);
    db.close();
    expect(row?.state).toBe('FAILED');
    expect(row?.error).toBe(
      'Task a failed. It ended without leaving a result: it was killed, or the machine was restarted.',
    );
  });
});

test('a full disk stops the run, not the service; with space again it goes on', async () => {
  const folder = join(home, 'state');
  const ledger = join(home, 'ledger');
  const specFile = join(home, 'spec.json');
  const count = 40;
  const work = sh(`echo "$KFP_POD_NAME" >> ${ledger}`);
  const tasks = Array.from({ length: count }, (_, index): [string, JsonObject] => [
    `t${index}`,
    task('work', index === 0 ? {} : { after: [`t${index - 1}`] }),
  ]);
  writeFileSync(specFile, JSON.stringify(pipeline(dag(Object.fromEntries(tasks)), { work }).pipelineSpec));
  const runId = randomUUID();
  const args = [join(import.meta.dirname, 'serviceProcess.ts'), folder, runId, specFile];
  // No file over 300 KiB: the state's log soon reaches that, the steps' files don't.
  const limited = spawn('sh', ['-c', 'ulimit -f 600; exec "$0" "$@"', process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started.push(limited);
  let said = '';
  limited.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 60_000 }).toMatch(/StoreError|disk/);
  expect(limited.exitCode).toBeNull();
  const exit = once(limited, 'exit');
  limited.kill('SIGKILL');
  await exit;
  const roomy = spawn(process.execPath, args, { stdio: 'ignore' });
  started.push(roomy);
  await once(roomy, 'exit');
  const db = openDatabase(join(folder, 'state.db'));
  const row = openStores(db).runs.get(runId);
  db.close();
  expect(row?.state).toBe('SUCCEEDED');
  const ran = readFileSync(ledger, 'utf8').trim().split('\n');
  expect(ran).toHaveLength(count);
  expect(new Set(ran).size).toBe(count);
});

function groupOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}
