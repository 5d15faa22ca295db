/** VS Code for the browser, from npm, in the cache: one folder per lock, made once, shared by clones and tests. */
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { slipwayCache } from '../../src/clients/embedded.ts';
import { SlipwayError } from '../../src/core/base/errors.ts';
import { command } from './command.ts';
import { repositoryRoot } from './root.ts';

const locked = join(repositoryRoot, 'test', 'editor');

async function target(): Promise<string> {
  const lock = await readFile(join(locked, 'package-lock.json'));
  return join(slipwayCache(), 'editor', createHash('sha256').update(lock).digest('hex').slice(0, 16));
}

/** The folder of VS Code's server, installed if it was not. */
export async function installCodeServer(signal: AbortSignal): Promise<string> {
  const folder = await target();
  const server = (parent: string): string => join(parent, 'node_modules', 'code-server', 'lib', 'vscode');
  if (await exists(join(folder, 'complete'))) return server(folder);
  await mkdir(join(folder, '..'), { recursive: true });
  // Made beside its place and renamed, so that a killed install or a second one never leaves half an editor.
  const making = await mkdtemp(`${folder}.`);
  try {
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(join(locked, file), join(making, file));
    // Its install scripts compile native modules, which need a compiler; the editor works without them.
    const npm = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    await command('npm', ['ci', ...npm], { cwd: making, signal });
    // `install`, not `ci`: this shrinkwrap, published with the editor, lacks an optional package.
    await command('npm', ['install', ...npm], { cwd: server(making), signal });
    await mkdir(join(making, 'complete'));
    await rename(making, folder).catch(async (error: unknown) => {
      if (!(await exists(join(folder, 'complete')))) throw error;
    });
    return server(folder);
  } catch (error) {
    signal.throwIfAborted();
    throw new SlipwayError('editorInstall', 'The browser editor could not be installed from npm.', {
      action: 'Check the network, or install VS Code and put `code` on PATH, then run `npm start` again.',
      cause: error,
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
