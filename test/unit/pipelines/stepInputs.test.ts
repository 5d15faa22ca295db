import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/clients/kfp/model.ts';
import { LocalArtifactReader, type ArtifactReader } from '../../../src/pipelines/artifactReader.ts';
import { fetchInputs, listInputs } from '../../../src/pipelines/python/stepInputs.ts';
import { start } from './builders.ts';

let base: string;
let home: string;
let folder: string;
const signal = new AbortController().signal;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-inputs-'));
  home = join(base, 'home');
  folder = join(base, 'step');
  await mkdir(join(home, 'model', 'weights'), { recursive: true });
  await writeFile(join(home, 'table.csv'), 'a,b');
  await writeFile(join(home, 'model', 'config.json'), '{}');
  await writeFile(join(home, 'model', 'weights', '0.bin'), '0123456789');
  await writeFile(join(base, 'outside.csv'), 'x');
});
afterEach(() => rm(base, { recursive: true, force: true }));

const artifact = (uri: string, some: Partial<Artifact> = {}): Artifact => ({
  id: uri,
  name: 'a',
  type: 'Dataset',
  uri,
  metadata: { rows: 3 },
  createdAt: start,
  ...some,
});

async function fetched(
  inputs: Readonly<Record<string, readonly Artifact[]>>,
  reader: ArtifactReader = new LocalArtifactReader(home),
) {
  const io = {
    parameters: [],
    artifacts: Object.entries(inputs).map(([name, artifacts]) => ({ name, artifacts, producer: undefined })),
  };
  const from = { reader, root: undefined };
  const listed = await listInputs(io, folder, from, signal);
  const progress: number[] = [];
  await fetchInputs(listed, from, (bytes) => progress.push(bytes), signal);
  const uris = (name: string): readonly string[] => (listed.artifacts.get(name) ?? []).map(({ uri }) => uri);
  return { listed, progress, uris };
}

/** An object store of one bucket. */
function store(objects: Readonly<Record<string, string>>): ArtifactReader {
  return {
    async *list(uri) {
      await Promise.resolve();
      for (const [key, text] of Object.entries(objects))
        if (key === uri) yield { uri: key, path: '', size: text.length };
        else if (key.startsWith(`${uri}/`))
          yield { uri: key, path: key.slice(uri.length + 1), size: text.length };
    },
    open: (uri) => {
      const bytes = new TextEncoder().encode(objects[uri] ?? '');
      const read = (from: number, to: number): Promise<Uint8Array> => Promise.resolve(bytes.slice(from, to));
      return Promise.resolve({
        kind: 'file',
        file: { size: bytes.length, read, close: () => Promise.resolve() },
      });
    },
  };
}

describe('the inputs of a step', () => {
  test('are copies: a file, and a folder with all that is in it', async () => {
    const { listed, uris, progress } = await fetched({
      table: [artifact(join(home, 'table.csv'))],
      model: [artifact(join(home, 'model'), { type: 'Model' })],
    });
    const [table = ''] = uris('table');
    const [model = ''] = uris('model');
    expect(table.startsWith(folder) && model.startsWith(folder)).toBe(true);
    expect(await readFile(table, 'utf8')).toBe('a,b');
    expect(await readFile(join(model, 'weights', '0.bin'), 'utf8')).toBe('0123456789');
    expect(await readFile(join(model, 'config.json'), 'utf8')).toBe('{}');
    expect(listed.size).toBe(15);
    expect(progress.at(-1)).toBe(15);
    // What the step writes into its inputs leaves the run's own alone.
    await writeFile(table, 'changed');
    expect(await readFile(join(home, 'table.csv'), 'utf8')).toBe('a,b');
    expect(listed.artifacts.get('model')).toEqual([
      {
        name: 'a',
        type: { schemaTitle: 'system.Model', schemaVersion: '0.0.1' },
        uri: model,
        metadata: { rows: 3 },
      },
    ]);
  });

  test('of a list have a place each', async () => {
    const { uris } = await fetched({
      all: [artifact(join(home, 'table.csv')), artifact(join(home, 'model', '..', 'table.csv'))],
    });
    expect(new Set(uris('all')).size).toBe(2);
    for (const uri of uris('all')) expect(await readFile(uri, 'utf8')).toBe('a,b');
  });

  test('in an object store keep their URI, and lie where the SDK’s mount would have them', async () => {
    const { uris, listed } = await fetched(
      { data: [artifact('s3://bucket/run/data')] },
      store({ 's3://bucket/run/data/part-0': 'first', 's3://bucket/run/data/deep/part-1': 'second' }),
    );
    expect(uris('data')).toEqual(['s3://bucket/run/data']);
    const place = join(listed.mirror, 's3', 'bucket', 'run', 'data');
    expect(await readFile(join(place, 'part-0'), 'utf8')).toBe('first');
    expect(await readFile(join(place, 'deep', 'part-1'), 'utf8')).toBe('second');
  });

  test('stay where they are when only the step’s own code read them there', async () => {
    const outside = join(base, 'outside.csv');
    const web = 'https://example.com/data.csv';
    const { uris, listed } = await fetched({ a: [artifact(outside)], b: [artifact(web)], c: [artifact('')] });
    expect([uris('a'), uris('b'), uris('c')]).toEqual([[outside], [web], ['']]);
    expect(listed.copies).toEqual([]);
  });

  test('that are gone, or in a store that cannot be reached, are said to be', async () => {
    await expect(fetched({ a: [artifact(join(home, 'gone'))] })).rejects.toMatchObject({
      reason: 'inputGone',
      message: 'its input a is not there any more',
    });
    await expect(fetched({ a: [artifact('gs://bucket/a')] })).rejects.toMatchObject({ reason: 'notLocal' });
  });

  test('never leave their folder, whatever a server calls them', async () => {
    const evil = 's3://bucket/../../../../evil';
    await expect(fetched({ a: [artifact(evil)] }, store({ [evil]: 'x' }))).rejects.toMatchObject({
      reason: 'refused',
    });
    const within = 's3://bucket/a/../../evil';
    await expect(fetched({ a: [artifact('s3://bucket/a')] }, store({ [within]: 'x' }))).rejects.toMatchObject(
      {
        reason: 'refused',
      },
    );
  });
});
