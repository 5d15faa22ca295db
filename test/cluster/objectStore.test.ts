/** Our S3 client, transfers and reader against the cluster's real object store. */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  deleteArtifacts,
  fetchArtifact,
  uploadArtifact,
} from '../../dev-cluster/embedded/kfp/engine/artifactTransfer.ts';
import { S3 } from '../../src/clients/s3.ts';
import { LocalArtifactReader } from '../../src/pipelines/artifactReader.ts';
import { ObjectStoreReader } from '../../src/pipelines/objectStoreReader.ts';
import { cluster } from './cluster.ts';

const ROOT = `s3://mlpipeline/test-${process.pid}`;
/** Keys that a careless signature, list or path gets wrong. */
const FILES = {
  'plain.txt': 'hello',
  'sp ace/ü+1 &é.txt': 'odd',
  'sp ace/empty': '',
  'a%20b/<x>"\'.txt': 'quoted',
};
const signal = AbortSignal.timeout(120_000);
let s3: S3;
let folder: string;

beforeAll(async () => {
  const { s3: endpoint } = await cluster.endpoints();
  if (endpoint === undefined) throw new Error('The object store is not ready.');
  s3 = new S3(endpoint);
  folder = await mkdtemp(join(tmpdir(), 'slipway-s3-'));
});
afterAll(async () => {
  await deleteArtifacts(ROOT, s3, signal);
  await rm(folder, { recursive: true });
});

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of s3.list({ bucket: 'mlpipeline', key: ROOT.slice(16) }, signal)) found.push(key);
  return found;
}

it('brings a folder there and back, whatever its files are called', async () => {
  const mirror = join(folder, 'there');
  const local = join(mirror, 's3', ROOT.slice(5), 'data');
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(local, name)), { recursive: true });
    await writeFile(join(local, name), text);
  }
  await uploadArtifact(`${ROOT}/data`, mirror, s3, signal);
  expect((await keys()).length).toBe(Object.keys(FILES).length);

  const back = join(folder, 'back');
  await fetchArtifact(`${ROOT}/data`, back, s3, signal);
  const fetched = join(back, 's3', ROOT.slice(5), 'data');
  for (const [name, text] of Object.entries(FILES))
    expect(await readFile(join(fetched, name), 'utf8'), name).toBe(text);
  expect((await readdir(fetched)).sort()).toEqual((await readdir(local)).sort());
});

it('shows a file by ranges, a folder by its names, and says what is not there', async () => {
  const reader = new ObjectStoreReader(() => s3, new LocalArtifactReader(folder));
  const found = await reader.open(`${ROOT}/data/plain.txt`, undefined);
  if (found.kind !== 'file') throw new Error('It is a file.');
  expect(found.file.size).toBe(5);
  expect(Buffer.from(await found.file.read(1, 3)).toString()).toBe('el');
  expect(Buffer.from(await found.file.read(3, 100)).toString()).toBe('lo');
  expect(await reader.open(`${ROOT}/data`, undefined)).toEqual({
    kind: 'folder',
    names: expect.arrayContaining(['plain.txt', 'sp ace']) as unknown,
  });
  await expect(reader.open(`${ROOT}/nothing`, undefined)).rejects.toMatchObject({ reason: 'missing' });
});

it('refuses a wrong secret, and deletes only what is under a name', async () => {
  const { s3: endpoint } = await cluster.endpoints();
  if (endpoint === undefined) throw new Error('The object store is not ready.');
  const stranger = new S3({ ...endpoint, secretKey: 'wrong' });
  await expect(stranger.read({ bucket: 'mlpipeline', key: 'x' }, 0, 1, signal)).rejects.toMatchObject({
    reason: 'unauthorized',
  });
  await s3.put({ bucket: 'mlpipeline', key: `${ROOT.slice(16)}-beside` }, Buffer.from('kept'), 4, signal);
  await deleteArtifacts(`${ROOT}/data`, s3, signal);
  expect(await keys()).toEqual([`${ROOT.slice(16)}-beside`]);
  await s3.delete({ bucket: 'mlpipeline', key: `${ROOT.slice(16)}-beside` }, signal);
});
