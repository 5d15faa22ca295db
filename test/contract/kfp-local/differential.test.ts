/**
 * Our engine against kfp.local: the same compiled pipelines through both, the same ends. What kfp.local cannot run is
 * named in cases.ts with the reason, held against results written out by hand, and seen to still fail there.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/base/json.ts';
import { type Case, OURS, SAMPLES, SEED } from './cases.ts';
import { editedPipeline } from './edited.ts';
import { runOurs } from './ours.ts';
import { meaning, type Result } from './result.ts';

const run = promisify(execFile);
const SETUP_TIMEOUT_MS = 20 * 60_000;
type Side = 'ours' | 'peer';
const CASES = [...OURS, ...SAMPLES, ...SEED];

const json = z.json() as z.ZodType<JsonValue>;
const object = z.record(z.string(), json) as z.ZodType<JsonObject>;
const peerResults = z.array(
  z.object({
    name: z.string(),
    state: z.string(),
    error: z.string().nullable(),
    outputs: object,
    steps: z.array(z.object({ name: z.string(), parameters: object, artifacts: object })),
  }),
);

describe('our engine and kfp.local', () => {
  let folder: string;
  const results = { ours: new Map<string, Result>(), peer: new Map<string, Result>() };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-differential-'));
    await runPeer();
    const waiting = [...CASES];
    // Most pipelines are chains: one alone would leave a core idle.
    await Promise.all([runSome(waiting), runSome(waiting)]);
  }, SETUP_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true }));

  async function runSome(waiting: Case[]): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const prepared = await prepare(one, 'ours');
      const result = await runOurs({ ...prepared, times: one.times });
      results.ours.set(one.name, { ...result, files: await filesIn(prepared.files) });
    }
  }

  function folderOf(one: Case, side: Side): string {
    return join(folder, side, one.name.replaceAll(/\W+/g, '-'));
  }

  async function runPeer(): Promise<void> {
    const lock = resolve('test/python/kfp-local.lock.txt');
    const { python } = await new PythonEnvironments().fromLock(lock, new AbortController().signal);
    const prepared = await Promise.all(CASES.map(async (one) => ({ one, ...(await prepare(one, 'peer')) })));
    const cases = join(folder, 'cases.json');
    const output = join(folder, 'results.json');
    await writeFile(
      cases,
      JSON.stringify(prepared.map(({ one, ...rest }) => ({ ...rest, name: one.name, times: one.times }))),
    );
    // With bytecode kept a step that imports scikit-learn takes one second, not three.
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '' };
    await run(python, [resolve('test/contract/kfp-local/peer.py'), cases, output], { env });
    const parsed = peerResults.parse(JSON.parse(await readFile(output, 'utf8')));
    for (const { one, files } of prepared) {
      const result = parsed.find(({ name }) => name === one.name);
      if (result === undefined) throw new Error(`The peer says nothing of ${one.name}.`);
      results.peer.set(one.name, { ...result, files: await filesIn(files) });
    }
  }

  async function prepare(one: Case, side: Side) {
    const own = folderOf(one, side);
    const files = join(own, 'files');
    await mkdir(files, { recursive: true });
    for (const [name, text] of Object.entries(one.given)) await writeFile(join(files, name), text);
    const text = await readFile(resolve(one.pipeline), 'utf8');
    const file = join(own, 'pipeline.yaml');
    await writeFile(file, editedPipeline(text, one.edits));
    const parameters = JSON.parse(JSON.stringify(one.parameters).replaceAll('FILES', files)) as JsonObject;
    return { file, parameters, folder: own, files };
  }

  function resultsOf(one: Case): { readonly ours: Result; readonly peer: Result } {
    const ours = results.ours.get(one.name);
    const peer = results.peer.get(one.name);
    if (ours === undefined || peer === undefined) throw new Error(`${one.name} was not run.`);
    return { ours: said(ours, one, 'ours'), peer: said(peer, one, 'peer') };
  }

  /** Free of the side's own folder and of how values were written. */
  function said(result: Result, one: Case, side: Side): Result {
    return meaning(result as unknown as JsonValue, folderOf(one, side)) as unknown as Result;
  }

  describe.each(CASES)('$name', (one) => {
    it('ends as expected', () => {
      const { ours } = resultsOf(one);
      expect(ours, ours.error ?? undefined).toMatchObject({ state: one.state });
      if (one.outputs !== undefined) {
        const outputs = Object.entries(ours.outputs).map(([key, value]) => [key, valueOrContent(value)]);
        expect(Object.fromEntries(outputs)).toEqual(meaning(one.outputs, ''));
      }
      for (const [name, text] of Object.entries(one.files)) {
        expect(ours.files[name] ?? null, name).toEqual(text === null ? null : meaning(text, ''));
      }
    });

    const { peerCannot } = one;
    if (peerCannot !== undefined) {
      const [reason, shows] = peerCannot;
      it(`is beyond kfp.local: ${reason}`, () => {
        const { state, error, outputs, files } = resultsOf(one).peer;
        expect(JSON.stringify({ state, error, outputs, files })).toMatch(shows);
      });
      return;
    }

    it('ends as with kfp.local', () => {
      const { ours, peer } = resultsOf(one);
      expect(ours.state).toBe(peer.state);
      expect(ours.outputs).toEqual(peer.outputs);
      expect(ours.files).toEqual(peer.files);
    });

    if (one.stepsDiffer !== undefined) return;
    it('runs the same steps', () => {
      const { ours, peer } = resultsOf(one);
      expect(new Set(ours.steps.map(({ name }) => name))).toEqual(
        new Set(peer.steps.map(({ name }) => name)),
      );
      // Steps of one component in two places share a folder there: only the last is left. Its own record also lacks
      // parameters that a step wrote into a file.
      const bytes = (artifacts: JsonObject): JsonValue =>
        JSON.parse(JSON.stringify(artifacts).replaceAll(/"sha256:[0-9a-f]+"/g, '"bytes"')) as JsonValue;
      for (const { name, parameters, artifacts } of peer.steps) {
        const ran = ours.steps.filter((step) => step.name === name);
        expect(ran.map((step) => ({ ...step, artifacts: bytes(step.artifacts) }))).toContainEqual({
          name,
          parameters: expect.objectContaining(parameters) as unknown,
          artifacts: bytes(artifacts),
        });
      }
    });
  });

  it('runs every pipeline that there is', async () => {
    const covered = new Set(CASES.map(({ pipeline }) => pipeline));
    for (const place of [
      'test/fixtures/pipelines',
      'test/fixtures/kfp/samples',
      'dev-cluster/seed/pipelines',
    ]) {
      for (const name of await readdir(resolve(place))) {
        if (name.endsWith('.yaml')) expect(covered).toContain(`${place}/${name}`);
      }
    }
  });
});

function valueOrContent(value: JsonValue): JsonValue {
  return isJsonObject(value) && 'content' in value && 'metadata' in value
    ? (value['content'] ?? null)
    : value;
}

async function filesIn(path: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(path);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const)),
  );
}
