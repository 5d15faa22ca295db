import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GraphWorker } from '../../../src/clients/graphWorker.ts';
import { isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import { pipelineText, ringText, sampleText } from '../../builders/pipelineText.ts';

const script = join(import.meta.dirname, '..', '..', '..', 'src', 'graph-worker.ts');
const forever = new AbortController().signal;
let folder: string;
let worker: GraphWorker | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-worker-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => worker?.dispose());

function start(path: string, options: ConstructorParameters<typeof GraphWorker>[1] = {}): GraphWorker {
  worker = new GraphWorker(path, options);
  return worker;
}

/** A thread whose answer to a text is what the text says: die, hang, fail, or name the texts it has seen. */
async function obedientThread(): Promise<string> {
  const path = join(folder, 'obedient.mjs');
  await writeFile(
    path,
    `import { parentPort } from 'node:worker_threads';
const seen = [];
parentPort.on('message', ({ id, request }) => {
  seen.push(request.text);
  if (request.text === 'exit') process.exit(3);
  if (request.text === 'throw') throw new Error('boom');
  if (request.text === 'fail') parentPort.postMessage({ id, kind: 'error', message: 'no' });
  if (request.text === 'hang') for (;;);
  if (request.text === 'wait') return;
  const problem = { code: 'x', severity: 'error', message: seen.join(), range: { start: 0, end: 0 } };
  parentPort.postMessage({ id, kind: 'analyse', reply: { kind: 'notPipeline', problem } });
});
`,
  );
  return path;
}

function seen(analysis: Awaited<ReturnType<GraphWorker['analyse']>>): string {
  return analysis.kind === 'notPipeline' ? analysis.problem.message : '';
}

describe('the real thread', () => {
  test('parses, validates and draws; Maps and ranges survive the crossing', async () => {
    const text = sampleText('if_else_with_oneof_parameters.yaml');
    const analysis = await start(script).analyse({ text }, forever);
    if (analysis.kind !== 'pipeline') throw new Error(analysis.problem.message);
    expect(analysis.problems).toEqual([]);
    expect(analysis.document.components.get('comp-flip-coin')?.name).toBe('comp-flip-coin');
    expect(Object.keys(analysis.drawing?.boxes ?? {}).length).toBe(12);
  });

  test('draws nothing when not asked, and says what is no pipeline', async () => {
    const client = start(script);
    const analysis = await client.analyse({ text: pipelineText(), withoutLayout: true }, forever);
    expect(analysis.kind === 'pipeline' && analysis.drawing === undefined).toBe(true);
    expect((await client.analyse({ text: 'hello' }, forever)).kind).toBe('notPipeline');
  });

  test('keeps places from one drawing of a key to the next', async () => {
    const client = start(script);
    // Tasks in a row, and one more at its end.
    const row = (count: number): string => ringText(count).replace(`[t${count - 1}]`, '[]');
    const before = await client.analyse({ text: row(8), key: 'a' }, forever);
    const after = await client.analyse({ text: row(9), key: 'a' }, forever);
    if (before.kind !== 'pipeline' || after.kind !== 'pipeline') throw new Error('no pipeline');
    expect(after.drawing?.boxes).toMatchObject(before.drawing?.boxes ?? {});
    expect(after.drawing?.boxes['t8']).toBeDefined();
  });
});

describe('waiting', () => {
  test('of requests with one key only the newest is answered', async () => {
    const client = start(await obedientThread());
    const first = client.analyse({ text: 'a', key: 'k' }, forever);
    const second = client.analyse({ text: 'b', key: 'k' }, forever);
    const other = client.analyse({ text: 'other', key: 'l' }, forever);
    const third = client.analyse({ text: 'c', key: 'k' }, forever);
    await expect(second).rejects.toSatisfy(isAbort);
    expect(seen(await first)).toBe('a');
    expect(seen(await other)).toBe('a,other');
    expect(seen(await third)).toBe('a,other,c');
  });

  test('what is cancelled never reaches the thread', async () => {
    const client = start(await obedientThread());
    const cancelled = new AbortController();
    const first = client.analyse({ text: 'a' }, forever);
    const second = client.analyse({ text: 'b' }, cancelled.signal);
    cancelled.abort();
    await expect(second).rejects.toSatisfy(isAbort);
    await first;
    expect(seen(await client.analyse({ text: 'c' }, forever))).toBe('a,c');
    await expect(client.analyse({ text: 'd' }, cancelled.signal)).rejects.toSatisfy(isAbort);
  });

  test('a request under way lets its caller go at once', async () => {
    const client = start(await obedientThread());
    const cancelled = new AbortController();
    const stuck = client.analyse({ text: 'wait' }, cancelled.signal);
    cancelled.abort();
    await expect(stuck).rejects.toSatisfy(isAbort);
  });
});

describe('faults', () => {
  test.each([
    ['exit', 'graphWorkerCrashed'],
    ['throw', 'graphWorkerCrashed'],
    ['fail', 'graphWorkerFailed'],
  ])('%s: the request ends with a reason, the next one is answered', async (text, reason) => {
    const client = start(await obedientThread());
    const broken = client.analyse({ text }, forever);
    const next = client.analyse({ text: 'next' }, forever);
    const error: unknown = await broken.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SlipwayError);
    expect(error).toMatchObject({ reason });
    expect(seen(await next)).toBe(text === 'fail' ? 'fail,next' : 'next');
  });

  test('a thread that never answers is ended', async () => {
    const client = start(await obedientThread(), { timeoutMs: 300 });
    await expect(client.analyse({ text: 'hang' }, forever)).rejects.toMatchObject({
      reason: 'graphWorkerTimedOut',
    });
    expect(seen(await client.analyse({ text: 'next' }, forever))).toBe('next');
  });

  test('a script that is not there is a crash, not a hang', async () => {
    await expect(start(join(folder, 'gone.mjs')).analyse({ text: 'a' }, forever)).rejects.toMatchObject({
      reason: 'graphWorkerCrashed',
    });
  });

  test('disposing ends what waits and what runs', async () => {
    const client = start(await obedientThread());
    const running = client.analyse({ text: 'wait' }, forever);
    const waiting = client.analyse({ text: 'b' }, forever);
    client.dispose();
    await expect(running).rejects.toSatisfy(isAbort);
    await expect(waiting).rejects.toSatisfy(isAbort);
    await expect(client.analyse({ text: 'c' }, forever)).rejects.toSatisfy(isAbort);
  });

  test('idle, the thread goes; the next request starts a new one', async () => {
    const client = start(await obedientThread(), { idleMs: 1 });
    expect(seen(await client.analyse({ text: 'a' }, forever))).toBe('a');
    // A new thread has not seen "a".
    await expect
      .poll(async () => seen(await client.analyse({ text: 'b' }, forever)), { interval: 50, timeout: 10_000 })
      .toBe('b');
  });
});
