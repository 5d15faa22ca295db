/** What we use of the built-in Git extension's API (vscode.git, version 1). */
import { extensions, Uri, type Event } from 'vscode';
import { z } from 'zod';
import { SlipwayError } from '../../core/base/errors.ts';

export interface Commit {
  readonly hash: string;
  readonly message: string;
  readonly authorName?: string;
  readonly authorDate?: Date;
}

export interface Repository {
  readonly rootUri: Uri;
  readonly state: {
    readonly HEAD: { readonly name?: string; readonly commit?: string } | undefined;
    /** What is staged. `renameUri`: what it is called now. */
    readonly indexChanges: readonly { readonly originalUri: Uri; readonly renameUri: Uri | undefined }[];
    readonly onDidChange: Event<void>;
  };
  /** Rejects when there is no such commit. */
  getCommit(ref: string): Promise<Commit>;
  log(options: { readonly path?: string; readonly maxEntries?: number }): Promise<readonly Commit[]>;
}

interface GitApi {
  readonly state: 'uninitialized' | 'initialized';
  readonly onDidChangeState: Event<GitApi['state']>;
  getRepository(uri: Uri): Repository | null;
  toGitUri(uri: Uri, ref: string): Uri;
}

interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

/** Throws a SlipwayError when there is no Git here: `noGit`, or no repository around the file: `noRepository`. */
export async function repositoryOf(file: Uri): Promise<Repository> {
  const git = await gitApi();
  const repository = git?.getRepository(file) ?? undefined;
  if (repository !== undefined) return repository;
  if (git === undefined)
    throw new SlipwayError('noGit', 'The Git extension is switched off, or finds no Git on this machine.', {
      action: 'Open its settings',
    });
  throw new SlipwayError(
    'noRepository',
    `${nameOf(file)} is in no Git repository that is open here, so it has no earlier versions.`,
    { action: 'Open Source Control' },
  );
}

/** The file as Git had it; at HEAD also under the name that it had there. Rejects as repositoryOf. */
export async function gitUri(file: Uri, ref: string): Promise<Uri> {
  const { state } = await repositoryOf(file);
  const renamed = state.indexChanges.find(({ renameUri }) => renameUri?.toString() === file.toString());
  const git = await gitApi();
  return git?.toGitUri(ref === 'HEAD' ? (renamed?.originalUri ?? file) : file, ref) ?? file;
}

/** Rejects as repositoryOf, or with `noCommit` when the repository does not have it. */
export async function requireRef(file: Uri, ref: string): Promise<void> {
  const repository = await repositoryOf(file);
  if (!isCommit(ref)) return;
  await repository.getCommit(ref).catch((error: unknown) => {
    throw new SlipwayError('noCommit', `Git has no commit ${refLabel(ref)} any more.`, { cause: error });
  });
}

const query = z.object({ path: z.string(), ref: z.string() });

/** Of a `git:` document: the file, and what of it. */
export function readGitUri(uri: Uri): { readonly file: Uri; readonly ref: string } | undefined {
  if (uri.scheme !== 'git') return undefined;
  try {
    const parsed = query.safeParse(JSON.parse(uri.query));
    return parsed.success ? { file: Uri.file(parsed.data.path), ref: parsed.data.ref } : undefined;
  } catch {
    return undefined;
  }
}

/** `HEAD`, `Index`, or a commit's short name. */
export function refLabel(ref: string): string {
  if (ref === '' || /^~\d*$/.test(ref)) return 'Index';
  return isCommit(ref) ? ref.slice(0, 7) : ref;
}

function isCommit(ref: string): boolean {
  return /^[0-9a-f]{40}$/.test(ref);
}

function nameOf(uri: Uri): string {
  return uri.path.split('/').at(-1) ?? uri.path;
}

async function gitApi(): Promise<GitApi | undefined> {
  const extension = extensions.getExtension<GitExtension>('vscode.git');
  const git = await extension?.activate();
  if (git?.enabled !== true) return undefined;
  const api = git.getAPI(1);
  if (api.state === 'uninitialized')
    await new Promise<void>((resolve) => {
      const waiting = api.onDidChangeState((state) => {
        if (state === 'uninitialized') return;
        waiting.dispose();
        resolve();
      });
    });
  return api;
}
