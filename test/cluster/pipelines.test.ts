/**
 * Every pipeline of the differential suite (test/contract/kfp-local) once more, as pods: the same ends and outputs as it
 * has there, whether by hand or from kfp.local. Artifacts come from the object store.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KfpClient } from '../../src/clients/kfp/client.ts';
import { isFinal, type Artifact, type RunTask } from '../../src/clients/kfp/model.ts';
import { S3, parseS3Uri } from '../../src/clients/s3.ts';
import { delay } from '../../src/core/base/abort.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/base/json.ts';
import { specToDocuments } from '../../src/core/ir/specDocuments.ts';
import { OURS, SAMPLES, SEED, type Case } from '../contract/kfp-local/cases.ts';
import { editedPipeline } from '../contract/kfp-local/edited.ts';
import { meaning, textOrDigest } from '../contract/kfp-local/result.ts';
import { runOurs } from '../contract/kfp-local/ours.ts';
import { cluster } from './cluster.ts';

const SETUP_TIMEOUT_MS = 15 * 60_000;
const POLL_MS = 200;
/** Steps are as many at once as there are cores; runs beyond that only wait. */
const RUNS_AT_ONCE = 4;

/** In pods it is another end, as it is with KFP's own backend. */
const IN_PODS: Readonly<Record<string, Partial<Case>>> = {
  // There is a Kubernetes for its volume.
  kubernetes_create_mount_delete_dynamic_pvc: { state: 'SUCCEEDED' },
  // It opens its artifacts as gs://, and the object store is S3.
  artifacts_simple: { state: 'FAILED' },
  // It asks for NVIDIA_TESLA_P4, which Kubernetes takes for no resource.
  pipeline_with_string_machine_fields_pipeline_input: { state: 'FAILED' },
};
/** Without a node that has the labels it asks for it waits for ever, as it should: run apart. */
const UNSCHEDULABLE = new Set(['kubernetes_node_selector']);

const CASES = [...OURS, ...SAMPLES, ...SEED]
  .filter(({ name }) => !UNSCHEDULABLE.has(name))
  .map((one): Case => ({ ...one, ...IN_PODS[one.name] }));

interface PodResult {
  readonly state: string;
  readonly error: string | undefined;
  readonly outputs: JsonObject;
  readonly files: Readonly<Record<string, string>>;
  readonly place: string | undefined;
  readonly folder: string;
}

describe('pipelines as pods', () => {
  const results = new Map<string, PodResult>();
  let folder: string;
  let kfp: KfpClient;
  let s3: S3;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-pods-'));
    const found = await cluster.endpoints();
    if (found.kfp === undefined || found.s3 === undefined) throw new Error('The cluster is not whole.');
    kfp = new KfpClient({ ...found.kfp, label: 'The pipeline service' });
    s3 = new S3(found.s3);
    const waiting = [...CASES];
    await Promise.all(Array.from({ length: RUNS_AT_ONCE }, () => runSome(waiting)));
  }, SETUP_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true }));

  async function runSome(waiting: Case[]): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      results.set(one.name, await runCase(one));
  }

  async function runCase(one: Case): Promise<PodResult> {
    const { text, parameters, files, own } = await prepare(one, folder);
    const spec = specToDocuments(text);
    if (spec.kind === 'notPipeline') throw new Error(`${one.name} is no pipeline.`);
    const signal = AbortSignal.timeout(SETUP_TIMEOUT_MS);
    let tasks: readonly RunTask[] = [];
    let state = '';
    let error: string | undefined;
    for (let time = 0; time < one.times; time++) {
      const made = await kfp.createRun(
        { displayName: `${one.name} ${time}`, parameters, source: { kind: 'spec', spec } },
        signal,
      );
      let run = made;
      while (!isFinal(run.state)) {
        await delay(POLL_MS, signal);
        run = await kfp.getRun(made.id, signal);
      }
      tasks = await kfp.listTasks(made.id, signal);
      ({ state } = run);
      error = tasks.find(({ error: said }) => said !== undefined)?.error;
    }
    const root = tasks.find(({ kind }) => kind === 'ROOT');
    return {
      state,
      error,
      outputs: state === 'SUCCEEDED' && root !== undefined ? await outputsOf(root) : {},
      files: await filesIn(files),
      place: root?.notes['place'],
      folder: own,
    };
  }

  async function outputsOf({ outputs }: RunTask): Promise<JsonObject> {
    const parameters = outputs.parameters.map(({ name, value }) => [name, value] as const);
    const artifacts = await Promise.all(
      outputs.artifacts.map(async ({ name, artifacts: items }) => {
        const contents = await Promise.all(items.map(contentOf));
        return [name, contents.length === 1 ? (contents[0] ?? null) : contents] as const;
      }),
    );
    return Object.fromEntries([...parameters, ...artifacts]);
  }

  async function contentOf({ uri }: Artifact): Promise<JsonValue> {
    const source = parseS3Uri(uri);
    if (source === undefined) throw new Error(`${uri} is not in the object store.`);
    const found: { key: string; size: number }[] = [];
    for await (const object of s3.list(source, AbortSignal.timeout(30_000))) found.push(object);
    const whole = found.find(({ key }) => key === source.key);
    if (whole === undefined) return found.length === 0 ? null : found.map(({ key }) => key).sort();
    if (whole.size === 0) return '';
    return textOrDigest(await s3.read(source, 0, whole.size, AbortSignal.timeout(30_000)));
  }

  describe.each(CASES)('$name', (one) => {
    it('ends as it does elsewhere', async () => {
      const pods = results.get(one.name);
      if (pods === undefined) throw new Error(`${one.name} was not run.`);
      expect(pods.place).toBe('in pods');
      expect(pods.state, pods.error).toBe(one.state);
      const outputs = meaning(pods.outputs, pods.folder);
      if (one.outputs !== undefined) expect(outputs).toEqual(meaning(one.outputs, ''));
      else if (one.stepsDiffer === undefined && one.state === 'SUCCEEDED' && one.peerCannot === undefined) {
        // What kfp.local says of it, the contract suite holds against our processes.
        const { file, parameters, own } = await prepare(one, join(folder, 'processes'));
        const processes = await runOurs({ file, parameters, folder: own, times: one.times });
        expect(outputs).toEqual(meaning(withContents(processes.outputs), own));
      }
      for (const [name, text] of Object.entries(one.files))
        expect(pods.files[name] ?? null, name).toEqual(text);
    });
  });
});

/** Artifacts by what is in them, as this file has them. */
function withContents(outputs: JsonObject): JsonObject {
  const content = (value: JsonValue): JsonValue =>
    isJsonObject(value) && 'content' in value ? (value['content'] ?? null) : value;
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      Array.isArray(value) ? (value as readonly JsonValue[]).map(content) : content(value),
    ]),
  );
}

async function prepare(one: Case, root: string) {
  const own = join(root, one.name.replaceAll(/\W+/g, '-'));
  const files = join(own, 'files');
  await mkdir(files, { recursive: true });
  for (const [name, text] of Object.entries(one.given)) await writeFile(join(files, name), text);
  // One cluster remembers what all runs made: a key of its own for each case that names one.
  const text = editedPipeline(await readFile(resolve(one.pipeline), 'utf8'), one.edits).replaceAll(
    'cacheKey: its own',
    `cacheKey: ${randomUUID()}`,
  );
  const file = join(own, 'pipeline.yaml');
  await writeFile(file, text);
  const parameters = JSON.parse(JSON.stringify(one.parameters).replaceAll('FILES', files)) as JsonObject;
  return { file, text, parameters, files, own };
}

async function filesIn(path: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(path);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const)),
  );
}
