/** Artifacts in the environment's object store; the others are left to the next reader. Knows no vscode. */
import { parseS3Uri, type S3, type S3Object, type S3Uri } from '../clients/s3.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { ArtifactFile, ArtifactReader, FoundArtifact, OpenArtifact } from './artifactReader.ts';

const TIMEOUT_MS = 15_000;
const MAX_NAMES = 200;

export class ObjectStoreReader implements ArtifactReader {
  readonly #find: () => S3 | undefined;
  readonly #next: ArtifactReader;

  /** `find`: the store of the current environment, asked at each artifact. */
  constructor(find: () => S3 | undefined, next: ArtifactReader) {
    this.#find = find;
    this.#next = next;
  }

  async open(uri: string, root: string | undefined): Promise<FoundArtifact> {
    const source = parseS3Uri(uri);
    if (source === undefined) return this.#next.open(uri, root);
    const s3 = this.#store(uri);
    const found = await this.#firstOf(s3, source);
    const whole = found.find(({ key }) => key === source.key);
    if (whole !== undefined) return { kind: 'file', file: openObject(s3, source, whole.size) };
    if (found.length === 0) throw missing(uri);
    const folder = `${source.key.replace(/\/$/, '')}/`;
    const names = new Set(found.map(({ key }) => key.slice(folder.length).split('/')[0] ?? ''));
    return { kind: 'folder', names: [...names].filter((name) => name !== '') };
  }

  async *list(uri: string, root: string | undefined, signal: AbortSignal): AsyncGenerator<ArtifactFile> {
    const source = parseS3Uri(uri);
    if (source === undefined) {
      yield* this.#next.list(uri, root, signal);
      return;
    }
    let isThere = false;
    for await (const { key, size } of objectsOf(this.#store(uri), source, signal)) {
      isThere = true;
      // Whoever makes a folder by hand leaves an object with nothing in it.
      if (key.endsWith('/')) continue;
      const path = key === source.key ? '' : key.slice(source.key.replace(/\/$/, '').length + 1);
      yield { uri: `s3://${source.bucket}/${key}`, path, size };
    }
    if (!isThere) throw missing(uri);
  }

  #store(uri: string): S3 {
    const s3 = this.#find();
    if (s3 !== undefined) return s3;
    throw new SlipwayError('noObjectStore', `The object store with ${uri} can't be reached from here.`);
  }

  async #firstOf(s3: S3, source: S3Uri): Promise<S3Object[]> {
    const found: S3Object[] = [];
    for await (const object of objectsOf(s3, source, AbortSignal.timeout(TIMEOUT_MS))) {
      found.push(object);
      if (found.length >= MAX_NAMES) break;
    }
    return found;
  }
}

/** The object itself, or what is in the folder of that name. */
async function* objectsOf(s3: S3, source: S3Uri, signal: AbortSignal): AsyncGenerator<S3Object> {
  const folder = `${source.key.replace(/\/$/, '')}/`;
  for await (const object of s3.list(source, signal))
    if (object.key === source.key || object.key.startsWith(folder)) yield object;
}

function missing(uri: string): SlipwayError {
  return new SlipwayError('missing', `${uri} is not there: it was never written, or has been deleted.`);
}

function openObject(s3: S3, source: S3Uri, size: number): OpenArtifact {
  return {
    size,
    read: async (start, end) => {
      const last = Math.min(end, size);
      if (last <= start) return new Uint8Array();
      return s3.read(source, start, last, AbortSignal.timeout(TIMEOUT_MS));
    },
    close: () => Promise.resolve(),
  };
}
