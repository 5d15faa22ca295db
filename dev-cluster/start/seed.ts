/** The demo project of a newcomer: copied out of the clone once, so that playing in it never dirties the clone. */
import { access, cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.ts';
import { repositoryRoot } from './root.ts';

/** Leaves an existing folder alone. Returns whether it made one. */
export async function copySeed(target: string, signal: AbortSignal): Promise<boolean> {
  if (await exists(target)) return false;
  const making = await mkdtemp(`${target}.`);
  try {
    await cp(join(repositoryRoot, 'dev-cluster', 'seed'), making, { recursive: true });
    await initialiseGit(making, signal);
    await rename(making, target);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return true;
}

/** One first commit, so that the editor shows what the newcomer changes. Without git the demo works as well. */
async function initialiseGit(folder: string, signal: AbortSignal): Promise<void> {
  const git = (...args: string[]): Promise<string> => command('git', ['-C', folder, ...args], { signal });
  try {
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '--all');
    const author = [
      '-c',
      'user.name=Slipway',
      '-c',
      'user.email=slipway@localhost',
      '-c',
      'commit.gpgsign=false',
    ];
    await git(...author, 'commit', '--quiet', '--no-verify', '--message', 'The Slipway demo project');
  } catch {
    signal.throwIfAborted();
    await rm(join(folder, '.git'), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
