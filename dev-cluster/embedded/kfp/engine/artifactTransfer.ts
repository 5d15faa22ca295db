/** Artifacts between the object store and their copies on this machine. Files and folders alike. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseS3Uri, type S3, type S3Uri } from '../../../../src/clients/s3.ts';
import { localPath } from './artifactPaths.ts';
import { TaskError } from './errors.ts';

/**
 * Brings an input artifact here unless it is here already (the run's own outputs are). Throws TaskError `environment`
 * for stores that can't be reached from this cluster.
 */
export async function fetchArtifact(uri: string, mirror: string, s3: S3, signal: AbortSignal): Promise<void> {
  const path = localPath(uri, mirror);
  // A path, or a uri that only the step's own code can read.
  if (path === uri || (await exists(path))) return;
  const source = parseS3Uri(uri);
  if (source === undefined)
    throw new TaskError(
      'environment',
      `Its input ${uri} can't be read here: the cluster has no credentials for that store. Copy it to s3:// and import it from there.`,
    );
  const found: string[] = [];
  for await (const { key } of s3.list(source, signal)) {
    const isPart = key === source.key || key.startsWith(`${source.key.replace(/\/$/, '')}/`);
    if (isPart && !key.endsWith('/')) found.push(key);
  }
  for (const key of found) await download({ bucket: source.bucket, key }, mirror, s3, signal);
}

async function download(source: S3Uri, mirror: string, s3: S3, signal: AbortSignal): Promise<void> {
  const path = localPath(`s3://${source.bucket}/${source.key}`, mirror);
  const partial = `${path}.${process.pid}.partial`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await pipeline(await s3.get(source, signal), createWriteStream(partial, { mode: 0o600 }), { signal });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** What a step left at an output artifact's path, if anything. */
export async function uploadArtifact(
  uri: string,
  mirror: string,
  s3: S3,
  signal: AbortSignal,
): Promise<void> {
  const target = parseS3Uri(uri);
  if (target === undefined) return;
  const root = localPath(uri, mirror);
  for await (const path of filesUnder(root)) {
    const name = relative(root, path).split(sep).join('/');
    const key = name === '' ? target.key : `${target.key}/${name}`;
    const { size } = await stat(path);
    await s3.put({ bucket: target.bucket, key }, createReadStream(path), size, signal);
  }
}

/** Everything under a uri, e.g. a run's folder. */
export async function deleteArtifacts(uri: string, s3: S3, signal: AbortSignal): Promise<void> {
  const target = parseS3Uri(`${uri}/`);
  if (target === undefined) return;
  for await (const { key } of s3.list(target, signal))
    await s3.delete({ bucket: target.bucket, key }, signal);
}

async function* filesUnder(path: string): AsyncGenerator<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isDirectory()) {
    yield path;
    return;
  }
  for (const entry of await readdir(path)) yield* filesUnder(join(path, entry));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
