/**
 * Python environments for the pipeline service: `<cache>/python/<hash>`, each made once, never changed, found again
 * by what it is made of. Made beside its place under a lock and renamed into it, so a folder that is there is whole.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import { PythonError } from './errors.ts';
import { type Interpreter, findInterpreter } from './interpreter.ts';
import { withLock } from './lock.ts';
import { resourcePath } from './resources.ts';
import { runTool } from './tool.ts';
import { type Uv, exists, findUv, interpreterIn } from './uv.ts';

/** A Python interpreter with a known set of packages, in the cache outside the repository. */
export interface PythonEnvironment {
  /** Absolute path of the interpreter. */
  readonly python: string;
  /** Of the lock, the packages and the Python version: two equal hashes are the same environment. */
  readonly hash: string;
}

export interface PythonEnvironmentSource {
  /** What a step needs: kfp alone, locked. Made on first call (seconds), then at once. */
  kfp(signal: AbortSignal): Promise<PythonEnvironment>;
  /** The kfp environment plus pip requirements, cached by hash. Nothing is ever installed into an existing one. */
  withPackages(packages: readonly string[], options: PackageOptions): Promise<PythonEnvironment>;
}

export interface PackageOptions {
  /** As `pip_index_urls`: the first replaces the default one. */
  readonly indexUrls?: readonly string[];
  /** As pip takes `--trusted-host`: `host` or `host:port` whose certificate isn't looked at. */
  readonly trustedHosts?: readonly string[];
  readonly signal: AbortSignal;
}

export interface PythonEnvironmentsOptions {
  /** Default: `$SLIPWAY_CACHE`, else `~/.cache/slipway`. */
  readonly cache?: string;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** One line for people per step that takes time. */
  readonly onProgress?: (line: string) => void;
}

/** What one environment is made of. */
interface Recipe {
  /** Absolute path of a lock file. */
  readonly lock: string;
  /** False: the lock names everything wanted, and what its packages ask for beside that is left out. */
  readonly dependencies: boolean;
  readonly packages: readonly string[];
  readonly indexUrls: readonly string[];
}

const INSTALL_TIMEOUT_MS = 15 * 60_000;
const REASON_LENGTH = 400;
/** Raised when environments are made differently from the same recipe. */
const FORMAT = 2;
/** The lines of uv that tell how far it is; the rest are paths, package lists and errors. */
const PROGRESS = /^(Resolved|Downloading|Downloaded|Building|Built|Prepared|Installed) /;

export class PythonEnvironments implements PythonEnvironmentSource {
  readonly #cache: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #onProgress: (line: string) => void;
  readonly #known = new Map<string, PythonEnvironment>();
  #interpreter: Promise<Interpreter> | undefined;
  #uv: Uv | undefined;

  constructor(options: PythonEnvironmentsOptions = {}) {
    this.#cache = options.cache ?? slipwayCache();
    this.#env = options.env ?? process.env;
    this.#onProgress = options.onProgress ?? (() => undefined);
  }

  kfp(signal: AbortSignal): Promise<PythonEnvironment> {
    return this.#environment(runtime([], []), signal);
  }

  /** The whole kfp SDK, locked: compiler, client, `kfp.local`. */
  sdk(signal: AbortSignal): Promise<PythonEnvironment> {
    return this.fromLock(ownLock('kfp.lock.txt'), signal);
  }

  /** Exactly what a lock file with hashes names; `path` is absolute. */
  fromLock(path: string, signal: AbortSignal): Promise<PythonEnvironment> {
    return this.#environment(locked(path), signal);
  }

  /** True when `fromLock` will answer at once. */
  async isMade(path: string, signal: AbortSignal): Promise<boolean> {
    return exists((await this.#place(locked(path), signal)).environment.python);
  }

  /** Of one of the cluster's services: what `<name>.lock.txt` beside this file names, and nothing else. */
  service(name: 'mlflow' | 'feast' | 'redis', signal: AbortSignal): Promise<PythonEnvironment> {
    const lock = ownLock(`${name}.lock.txt`);
    return this.#environment({ lock, dependencies: false, packages: [], indexUrls: [] }, signal);
  }

  withPackages(
    packages: readonly string[],
    { indexUrls = [], trustedHosts = [], signal }: PackageOptions,
  ): Promise<PythonEnvironment> {
    if (packages.length === 0) return this.kfp(signal);
    const sorted = [...new Set(packages)].sort();
    return this.#environment(runtime(sorted, indexUrls), signal, trustedHosts);
  }

  /**
   * Makes what the first run will need before anyone waits for it: the kfp environment, the one with `packages`, and
   * its bytecode (first imports of scikit-learn take seconds without), at low priority.
   */
  async prepare(packages: readonly string[], signal: AbortSignal): Promise<PythonEnvironment> {
    await this.kfp(signal);
    const environment = await this.withPackages(packages, { signal });
    const folder = join(this.#cache, 'python', environment.hash);
    const isCompiled = join(folder, '.bytecode');
    if (await exists(isCompiled)) return environment;
    this.#onProgress('Compiling Python bytecode');
    const limit = AbortSignal.any([signal, AbortSignal.timeout(INSTALL_TIMEOUT_MS)]);
    // Files that do not compile (templates, other versions' syntax) are no failure; the packages' own tests are half of all.
    const args = ['-m', 'compileall', '-qq', '-x', String.raw`[/\\]tests[/\\]`, folder];
    await runTool(environment.python, args, { background: true }, limit);
    // Looking through thousands of files at each start would keep everything else waiting.
    await writeFile(isCompiled, '');
    return environment;
  }

  /** `trustedHosts` are no part of the recipe: they change how it is fetched, not what it is. */
  async #environment(
    recipe: Recipe,
    signal: AbortSignal,
    trustedHosts: readonly string[] = [],
  ): Promise<PythonEnvironment> {
    const key = JSON.stringify(recipe);
    const known = this.#known.get(key);
    if (known !== undefined && (await exists(known.python))) return known;
    const { interpreter, folder, environment } = await this.#place(recipe, signal);
    if (!(await exists(environment.python))) {
      await withLock(
        `${folder}.lock`,
        async () => {
          if (!(await exists(environment.python)))
            await this.#make(folder, recipe, interpreter, trustedHosts, signal);
        },
        {
          onWait: () => this.#onProgress('Waiting for another Slipway to make the same Python environment'),
          signal,
        },
      );
    }
    this.#known.set(key, environment);
    return environment;
  }

  /** Where the environment of a recipe is, made or not. */
  async #place(
    recipe: Recipe,
    signal: AbortSignal,
  ): Promise<{ interpreter: Interpreter; folder: string; environment: PythonEnvironment }> {
    const interpreter = await this.#findInterpreter();
    const lockText = await readFile(recipe.lock, 'utf8');
    signal.throwIfAborted();
    const hash = createHash('sha256')
      .update(JSON.stringify([FORMAT, interpreter, { ...recipe, lock: lockText }]))
      .digest('hex')
      .slice(0, 20);
    const folder = join(this.#cache, 'python', hash);
    return { interpreter, folder, environment: { python: interpreterIn(folder), hash } };
  }

  /** Shared by all callers and therefore under no caller's signal; a failure is not remembered. */
  async #findInterpreter(): Promise<Interpreter> {
    this.#interpreter ??= findInterpreter(this.#env, new AbortController().signal);
    try {
      return await this.#interpreter;
    } catch (error) {
      this.#interpreter = undefined;
      throw error;
    }
  }

  async #make(
    folder: string,
    recipe: Recipe,
    interpreter: Interpreter,
    trustedHosts: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    this.#uv ??= await findUv(
      { interpreter, cache: this.#cache, env: this.#env, onProgress: this.#onProgress },
      signal,
    );
    const uv = this.#uv;
    this.#onProgress(`Making the Python ${interpreter.version} environment with ${contents(recipe)}`);
    await removeLeftovers(folder);
    // Its own name each time: a killed Slipway's uv may still be writing into the last one.
    const partial = `${folder}.partial-${randomUUID()}`;
    try {
      for (const args of preparation(recipe, interpreter, partial))
        await this.#runUv(uv, args, recipe, signal);
      if (recipe.packages.length > 0) {
        const env = { ...uv.env, ...indexVariables(recipe.indexUrls, trustedHosts, uv.env) };
        const args = [...install(partial), '--', ...recipe.packages];
        await this.#runUv({ ...uv, env }, args, recipe, signal);
      }
      await rm(folder, { recursive: true, force: true });
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  #onUvLine(line: string): void {
    if (PROGRESS.test(line)) this.#onProgress(line.trim());
  }

  async #runUv(uv: Uv, args: readonly string[], recipe: Recipe, signal: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(INSTALL_TIMEOUT_MS);
    let result;
    try {
      result = await runTool(
        uv.command,
        args,
        { env: uv.env, onLine: (line) => this.#onUvLine(line) },
        AbortSignal.any([signal, timeout]),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!timeout.aborted) throw error;
      throw new PythonError(
        'timeout',
        `Installing ${contents(recipe)} took more than ${INSTALL_TIMEOUT_MS / 60_000} minutes.`,
        {
          action: 'Check the network or the package index, and try again.',
          cause: error,
        },
      );
    }
    if (result.code === 0) return;
    throw new PythonError(
      'install-failed',
      `Python packages could not be installed (${contents(recipe)}): ${reasonIn(result.stderrTail)}`,
      {
        action:
          'Check the names and versions in packages_to_install, and that the package index can be reached.',
        cause: new Error(result.stderrTail.join('\n')),
      },
    );
  }
}

/**
 * uv's calls before the packages. Those come in an install of their own, since in a pod too what the packages ask for may
 * replace parts of what kfp brought.
 */
function preparation(
  recipe: Recipe,
  interpreter: Interpreter,
  folder: string,
): readonly (readonly string[])[] {
  const locked = ['--require-hashes', '--requirement', recipe.lock];
  return [
    ['venv', '--quiet', '--relocatable', '--no-project', '--python', interpreter.path, folder],
    // Every step imports kfp, every start of a service all of its packages: bytecode is made once.
    [...install(folder), ...(recipe.dependencies ? [] : ['--no-deps', '--compile-bytecode']), ...locked],
  ];
}

function install(folder: string): readonly string[] {
  return ['pip', 'install', '--python', interpreterIn(folder)];
}

async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder);
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(folder)}.partial-`))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

function locked(path: string): Recipe {
  return { lock: path, dependencies: true, packages: [], indexUrls: [] };
}

function runtime(packages: readonly string[], indexUrls: readonly string[]): Recipe {
  return { lock: ownLock('kfp-runtime.lock.txt'), dependencies: false, packages, indexUrls };
}

function ownLock(name: string): string {
  return resourcePath('dev-cluster', 'embedded', 'python', name);
}

function contents({ lock, packages, dependencies }: Recipe): string {
  if (packages.length > 0) return packages.join(', ');
  return dependencies ? basename(lock) : basename(lock).replace(/(-runtime)?\.lock\.txt$/, '');
}

/**
 * As pip in a pod takes `pip_index_urls`: the first replaces the default, the best version over all of them wins. Their
 * passwords would be seen by everybody in a command line.
 */
function indexVariables(
  [first, ...others]: readonly string[],
  trustedHosts: readonly string[],
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  // The SDK passes index URLs as hosts, too, which trusts nobody in pip.
  const hosts = trustedHosts.filter((host) => !host.includes('/'));
  return {
    ...(first === undefined ? {} : { UV_DEFAULT_INDEX: first, UV_INDEX_STRATEGY: 'unsafe-best-match' }),
    ...(others.length === 0 ? {} : { UV_INDEX: others.join(' ') }),
    ...(hosts.length === 0
      ? {}
      : { UV_INSECURE_HOST: [env['UV_INSECURE_HOST'] ?? '', ...hosts].join(' ').trim() }),
  };
}

/** uv's own explanation without its box drawing and word wrapping. */
function reasonIn(lines: readonly string[]): string {
  const text = lines
    .filter((line) => !PROGRESS.test(line) && !line.startsWith('Using '))
    .map((line) => line.replace(/^[\s×╰─▶├│]+/u, '').replace(/^(error|cause|Caused by): /, ''))
    .join(' ')
    .trim();
  if (text === '') return 'uv gave no reason';
  return text.length > REASON_LENGTH ? `${text.slice(0, REASON_LENGTH)}…` : text;
}
