/** The input artifacts of a step that ran, copied into a folder, so that its function can be called on them again. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Artifact, TaskIo } from '../../clients/kfp/model.ts';
import { isSlipwayError, SlipwayError } from '../../core/base/errors.ts';
import type { RuntimeArtifact } from '../../core/ir/executorInput.ts';
import { localPath, type ArtifactFile, type ArtifactReader } from '../artifactReader.ts';
import { safeName } from '../fullLog.ts';
import { artifactType } from './functionCall.ts';

/** Folders of the SDK's own mounts: under them `Artifact.path` finds what `Artifact.uri` names. */
const MOUNTS: Readonly<Record<string, string>> = { s3: 's3', gs: 'gcs', minio: 'minio' };
const CHUNK = 4 * 1_024 * 1_024;

export interface StepInputs {
  /** By input, as the function gets them once the copies are there. */
  readonly artifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>;
  readonly mirror: string;
  readonly copies: readonly Copy[];
  /** Bytes. */
  readonly size: number;
}

interface Copy {
  readonly from: ArtifactFile;
  readonly to: string;
}

export interface RunArtifacts {
  readonly reader: ArtifactReader;
  /** Where the run keeps its artifacts. */
  readonly root: string | undefined;
}

/** Looks at what there is to copy; copies nothing. Rejects with `inputGone`, or when the store cannot be reached. */
export async function listInputs(
  io: TaskIo,
  folder: string,
  { reader, root }: RunArtifacts,
  signal: AbortSignal,
): Promise<StepInputs> {
  const mirror = join(folder, 'mirror');
  const copies: Copy[] = [];
  const artifacts = new Map<string, readonly RuntimeArtifact[]>();
  for (const { name, artifacts: given } of io.artifacts) {
    const items: RuntimeArtifact[] = [];
    for (const [at, artifact] of given.entries()) {
      const own = { name: artifact.name, type: artifactType(artifact.type), metadata: artifact.metadata };
      const place = placeOf(artifact, mirror, join(folder, 'inputs', safeName(name), String(at)));
      const found =
        place === undefined
          ? undefined
          : await filesOf(artifact.uri, place.path, reader, root, signal).catch((cause: unknown) => {
              if (!isSlipwayError(cause) || cause.reason !== 'missing') throw cause;
              throw new SlipwayError('inputGone', `its input ${name} is not there any more`, { cause });
            });
      copies.push(...(found ?? []));
      items.push({ ...own, uri: found === undefined || place === undefined ? artifact.uri : place.uri });
    }
    artifacts.set(name, items);
  }
  return { artifacts, mirror, copies, size: copies.reduce((sum, { from }) => sum + from.size, 0) };
}

/** `onBytes` with how many have come so far. */
export async function fetchInputs(
  { copies }: StepInputs,
  { reader, root }: RunArtifacts,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let come = 0;
  const count = (bytes: number): void => onBytes((come += bytes));
  for (const { from, to } of copies) {
    const found = await reader.open(from.uri, root);
    if (found.kind === 'folder')
      throw new SlipwayError('missing', `${from.uri} has become a folder meanwhile.`);
    const { file } = found;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < file.size;) {
        signal.throwIfAborted();
        const chunk = await file.read(at, at + CHUNK);
        if (chunk.length === 0)
          throw new SlipwayError('missing', `${from.uri} has become shorter meanwhile.`);
        at += chunk.length;
        count(chunk.length);
        yield chunk;
      }
    }
    try {
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await pipeline(Readable.from(chunks()), createWriteStream(to, { mode: 0o600 }), { signal });
    } finally {
      await file.close();
    }
  }
}

/** Where the copy goes and what the function is told; `undefined`: only the step's own code can read it. */
function placeOf(
  { uri }: Artifact,
  mirror: string,
  folder: string,
): { readonly path: string; readonly uri: string } | undefined {
  const [, scheme = '', rest = ''] = /^([a-z0-9]+):\/\/(.*)$/s.exec(uri) ?? [];
  const mount = Object.hasOwn(MOUNTS, scheme) ? MOUNTS[scheme] : undefined;
  if (mount !== undefined) return { path: inside(join(mirror, mount), rest), uri };
  const local = localPath(uri);
  if (local === undefined) return undefined;
  const path = join(folder, safeName(basename(local)));
  return { path, uri: path };
}

/** `undefined`: it lies outside the run, where the step read it itself. */
async function filesOf(
  uri: string,
  to: string,
  reader: ArtifactReader,
  root: string | undefined,
  signal: AbortSignal,
): Promise<Copy[] | undefined> {
  const found: Copy[] = [];
  try {
    for await (const from of reader.list(uri, root, signal))
      found.push({ from, to: from.path === '' ? to : inside(to, from.path) });
  } catch (error) {
    if (isSlipwayError(error) && error.reason === 'outsideRoot') return undefined;
    throw error;
  }
  return found;
}

/** Names come from a server: none leads out of the folder. */
function inside(folder: string, path: string): string {
  if (path.split(/[/\\]/).includes('..'))
    throw new SlipwayError('refused', `An artifact's name leads out of its folder: ${path}`);
  return join(folder, path);
}
