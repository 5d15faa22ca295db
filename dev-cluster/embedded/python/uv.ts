import { access, mkdir, rename, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PythonError } from './errors.ts';
import { readPipConfig, uvEnvironment } from './indexSettings.ts';
import type { Interpreter } from './interpreter.ts';
import { withLock } from './lock.ts';
import { resourcePath } from './resources.ts';
import { runTool } from './tool.ts';

/** A uv that runs here, with the user's index, certificate and proxy settings. */
export interface Uv {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface UvOptions {
  readonly interpreter: Interpreter;
  /** Where an own uv is kept: `$SLIPWAY_CACHE`. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
}

const OLDEST: readonly [number, number] = [0, 5];
const PROBE_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 5 * 60_000;

/** uv from PATH when it is new enough, else from the cache, else installed into the cache from PyPI by hash. */
export async function findUv(options: UvOptions, signal: AbortSignal): Promise<Uv> {
  const [pipConfig, isOnPath] = await Promise.all([
    readPipConfig(options.interpreter.path, options.env, signal),
    isUsable('uv', options.env, signal),
  ]);
  const env = uvEnvironment(options.env, pipConfig);
  if (isOnPath) return { command: 'uv', env };
  const folder = join(options.cache, 'uv', pinnedVersion());
  const command = join(folder, 'bin', process.platform === 'win32' ? 'uv.exe' : 'uv');
  if (!(await exists(command))) {
    await withLock(
      `${folder}.lock`,
      async () => {
        if (!(await exists(command))) await installUv(folder, options, signal);
      },
      { onWait: () => options.onProgress('Waiting for another Slipway to install uv'), signal },
    );
  }
  return { command, env };
}

async function isUsable(command: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
  try {
    const { code, stdout } = await runTool(command, ['--version'], { env }, limit);
    const match = /^uv (\d+)\.(\d+)\./.exec(stdout);
    if (code !== 0 || match === null) return false;
    const [major, minor] = [Number(match[1]), Number(match[2])];
    return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function installUv(folder: string, options: UvOptions, signal: AbortSignal): Promise<void> {
  const { interpreter, onProgress } = options;
  onProgress('Installing uv');
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(INSTALL_TIMEOUT_MS)]);
  const pip = await findPip(interpreter, join(partial, 'pip'), options.env, limit);
  const result = await runTool(
    pip,
    [
      ...[
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary',
        ':all:',
      ],
      ...['--require-hashes', '--requirement', lockPath(), '--target', join(partial, 'uv')],
    ],
    { env: options.env },
    limit,
  );
  if (result.code !== 0) {
    throw new PythonError(
      'uv-failed',
      `uv could not be installed from the package index: ${result.stderrTail.at(-1) ?? 'pip gave no reason'}`,
      {
        action:
          'Check the network, or install uv yourself (https://docs.astral.sh/uv) so that it is on PATH, and try again.',
        cause: new Error(result.stderrTail.join('\n')),
      },
    );
  }
  await rename(join(partial, 'uv'), folder);
  await rm(partial, { recursive: true, force: true });
}

/** A Python that has pip: the interpreter itself, else a throw-away environment of it. */
async function findPip(
  { path }: Interpreter,
  scratch: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const own = await runTool(path, ['-m', 'pip', '--version'], { env }, signal);
  if (own.code === 0) return path;
  const made = await runTool(path, ['-m', 'venv', scratch], { env }, signal);
  if (made.code === 0) return interpreterIn(scratch);
  throw new PythonError(
    'pip-missing',
    `${path} has neither pip nor venv, so nothing can be installed with it.`,
    {
      action:
        'Install them (Debian, Ubuntu: sudo apt-get install python3-venv) or uv (https://docs.astral.sh/uv), and try again.',
      cause: new Error(made.stderrTail.join('\n')),
    },
  );
}

/** The interpreter of the environment in `folder`. */
export function interpreterIn(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function lockPath(): string {
  return resourcePath('dev-cluster', 'embedded', 'python', 'uv.lock.txt');
}

function pinnedVersion(): string {
  const version = /^uv==(\S+)/m.exec(readFileSync(lockPath(), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${lockPath()} pins no uv.`);
  return version;
}
