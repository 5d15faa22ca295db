/** Bytes of artifacts. Local files now; an object store is another ArtifactReader. Knows no vscode. */
import { open, realpath, stat, readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asError, SlipwayError } from '../core/base/errors.ts';

export interface OpenArtifact {
  /** Bytes. */
  readonly size: number;
  /** Up to `end`, exclusive; shorter at the end of the file. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export type FoundArtifact =
  | { readonly kind: 'file'; readonly file: OpenArtifact }
  | { readonly kind: 'folder'; readonly names: readonly string[] };

/** One file of an artifact. */
export interface ArtifactFile {
  readonly uri: string;
  /** Below the artifact, with `/`; empty for an artifact that is a file. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export interface ArtifactReader {
  /** `root`: where the run keeps its artifacts; what lies outside is refused. */
  open(uri: string, root: string | undefined): Promise<FoundArtifact>;
  /** Everything that an artifact is made of, folders opened. */
  list(uri: string, root: string | undefined, signal: AbortSignal): AsyncIterable<ArtifactFile>;
}

const maxNames = 200;

/** Reads artifacts on this machine: `file:` URIs and absolute paths inside the run's root or the cluster's own folder. */
export class LocalArtifactReader implements ArtifactReader {
  readonly #home: string;

  /** `home`: the embedded cluster's folder, the root of runs without one of their own. */
  constructor(home: string) {
    this.#home = home;
  }

  async open(uri: string, root: string | undefined): Promise<FoundArtifact> {
    const { path, real } = await this.#find(uri, root);
    const stats = await stat(real);
    if (stats.isDirectory())
      return { kind: 'folder', names: (await readdir(real)).toSorted().slice(0, maxNames) };
    const handle = await open(real, 'r').catch((error: unknown) => {
      throw new SlipwayError('unreadable', `${path} cannot be read: ${asError(error).message}`, {
        cause: error,
      });
    });
    return {
      kind: 'file',
      file: {
        size: stats.size,
        read: async (start, end) => {
          const buffer = new Uint8Array(Math.max(0, Math.min(end, stats.size) - start));
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
          return buffer.subarray(0, bytesRead);
        },
        close: () => handle.close(),
      },
    };
  }

  async *list(
    uri: string,
    root: string | undefined,
    signal: AbortSignal,
    path = '',
  ): AsyncGenerator<ArtifactFile> {
    signal.throwIfAborted();
    const { real } = await this.#find(uri, root);
    const stats = await stat(real);
    if (!stats.isDirectory()) yield { uri: real, path, size: stats.size };
    else
      for (const name of (await readdir(real)).toSorted())
        yield* this.list(join(real, name), root, signal, path === '' ? name : `${path}/${name}`);
  }

  /** `real`: after links are followed. */
  async #find(
    uri: string,
    root: string | undefined,
  ): Promise<{ readonly path: string; readonly real: string }> {
    const path = localPath(uri);
    if (path === undefined)
      throw new SlipwayError('notLocal', `${uri} is not on this machine, so it cannot be shown here.`);
    const roots = [this.#home, ...(root === undefined ? [] : [localPath(root)])].filter(
      (one) => one !== undefined,
    );
    let real: string;
    try {
      real = await realpath(path);
    } catch (error) {
      throw new SlipwayError('missing', `${path} is not there: it was never written, or has been deleted.`, {
        cause: error,
      });
    }
    // A link out of the root is as much outside as a path with dots.
    const isInside = await Promise.all(roots.map((one) => contains(one, real)));
    if (!isInside.includes(true))
      throw new SlipwayError(
        'outsideRoot',
        `${path} is outside the run\u2019s pipeline root, so it is not opened.`,
      );
    return { path, real };
  }
}

async function contains(root: string, path: string): Promise<boolean> {
  try {
    const real = await realpath(root);
    return path === real || path.startsWith(real.endsWith(sep) ? real : real + sep);
  } catch {
    // A root that does not exist contains nothing.
    return false;
  }
}

/** `undefined` for other schemes. */
export function localPath(uri: string): string | undefined {
  if (uri.startsWith('/') || /^[a-zA-Z]:[\\/]/.test(uri)) return uri;
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
