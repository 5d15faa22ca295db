/** The VS Code that is already on this machine, when it is new enough to run the extension. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isAtLeast } from '../../src/core/base/versions.ts';
import { command } from './command.ts';
import { repositoryRoot } from './root.ts';

const manifest = z.object({ engines: z.object({ vscode: z.string() }) });

/** True when `code` is on PATH, can open a window here, and satisfies `engines.vscode`. */
export async function hasDesktopEditor(signal: AbortSignal, env = process.env): Promise<boolean> {
  if (!canOpenWindow(env)) return false;
  let version: string;
  try {
    version = await command('code', ['--version'], {
      signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
      env,
    });
  } catch {
    signal.throwIfAborted();
    return false;
  }
  const { engines } = manifest.parse(
    JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')),
  );
  return isAtLeast(version.split('\n')[0] ?? '', engines.vscode.replace('^', ''));
}

/** Installs the packaged extension into the user's editor and opens the folder. */
export async function openDesktopEditor(folder: string, vsix: string, signal: AbortSignal): Promise<void> {
  await command('code', ['--install-extension', vsix, '--force'], { signal });
  await command('code', [folder], { signal });
}

/** A `code` on a Linux server without a display starts nothing; inside VS Code's own terminal it does. */
function canOpenWindow(env: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux') return true;
  return ['DISPLAY', 'WAYLAND_DISPLAY', 'VSCODE_IPC_HOOK_CLI', 'WSL_DISTRO_NAME'].some((name) => env[name]);
}
