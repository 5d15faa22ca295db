/** Builds programs with Go, one at a time on the whole machine, out of everybody's way. */
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { withLock } from '../python/lock.ts';
import { runTool } from '../python/tool.ts';
import { exists } from '../python/uv.ts';
import { findGo, goEnvironment } from './go.ts';
import { moduleFolder, writeOverlay, type Overlay } from './overlay.ts';
import {
  cachedProgram,
  programFile,
  programFiles,
  programs,
  type FindOptions,
  type Program,
} from './programs.ts';
import { Turns } from './turns.ts';

const BUILD_TIMEOUT_MS = 60 * 60_000;
const PROGRESS_INTERVAL_MS = 5_000;
const turns = new Turns();

/** Go keeps what it has compiled: a build that was stopped goes on where it was. */
export async function buildProgram(program: Program, target: string, options: FindOptions): Promise<void> {
  const { report, signal } = options;
  const onWait = (): void => report(`${program.name} is built when it is its turn`);
  await turns.take(programs.indexOf(program), onWait, signal, () =>
    whileNobodyBuilds(() => build(program, target, options), { onWait, signal }),
  );
}

/** Of all that use this cache. */
export function whileNobodyBuilds(
  task: () => Promise<void>,
  options: { readonly onWait?: () => void; readonly signal: AbortSignal },
): Promise<void> {
  return withLock(join(slipwayCache(), 'binaries', 'build.lock'), task, options);
}

async function build(program: Program, target: string, options: FindOptions): Promise<void> {
  const { signal } = options;
  const folder = moduleFolder(program);
  const progress = await startProgress(program, options);
  const partial = `${target}.partial`;
  const scratch = `${target}.overlay`;
  try {
    const go = await findGo(await oldestGo(folder), { report: progress.report, signal });
    progress.report(`Building ${program.name}, about ${duration(program.buildSeconds)}`);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const cores = String(Math.max(1, availableParallelism() - 1));
    // As many compilers as threads.
    const env = { ...goEnvironment(), ...go.env, GOMAXPROCS: cores };
    const onLine = (line: string): void => {
      if (line.startsWith('go: downloading'))
        progress.reportPassing(`Downloading what ${program.name} is built from`);
    };
    const { command } = go;
    const overlay = await writeOverlay(program, { command, env, folder: scratch, onLine }, signal);
    const { code, stderrTail } = await runTool(
      command,
      buildArguments(program, partial, overlay),
      { env, background: true, onLine },
      AbortSignal.any([signal, AbortSignal.timeout(BUILD_TIMEOUT_MS)]),
    );
    if (code !== 0) throw new Error(stderrTail.at(-1)?.trim() ?? `Go ended with ${String(code)}.`);
    await rename(partial, target);
  } catch (error) {
    signal.throwIfAborted();
    throw noWay(program, error);
  } finally {
    progress.stop();
    await rm(partial, { force: true });
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The same bytes wherever it is built by the same Go. */
export function buildArguments(program: Program, target: string, overlay?: Overlay): readonly string[] {
  const flags = ['-trimpath', '-ldflags', `-s -w ${program.ldflags ?? ''}`.trim()];
  if (overlay !== undefined) flags.push('-overlay', overlay.path);
  return ['-C', moduleFolder(program), 'build', ...flags, '-o', target, packageOf(program, overlay)];
}

const packageOf = (program: Program, overlay: Overlay | undefined): string =>
  overlay?.package ?? program.bundle?.package ?? program.package;

function noWay({ name, version }: Program, cause: unknown): SlipwayError {
  return new SlipwayError(
    'noProgram',
    `${name} ${version} is neither on PATH nor released for this machine, and could not be built: ${asError(cause).message.replace(/\.$/, '')}.`,
    {
      action:
        'Check the network, set SLIPWAY_ARCHIVES to a folder or URL with the released programs, or use another cluster; pipelines run without it.',
      cause,
    },
  );
}

interface Progress {
  readonly report: (message: string) => void;
  /** Until the next interval. */
  readonly reportPassing: (message: string) => void;
  readonly stop: () => void;
}

/** Says how far all programs are, by how long each takes. */
async function startProgress(program: Program, { report }: FindOptions): Promise<Progress> {
  const all = programFiles.reduce((sum, { buildSeconds }) => sum + buildSeconds, 0);
  let done = 0;
  for (const other of programFiles)
    if (programFile(other) !== programFile(program) && (await exists(cachedProgram(other))))
      done += other.buildSeconds;
  const startedAt = Date.now();
  let message = '';
  let passing: string | undefined;
  const tell = (): void => {
    const seconds = Math.min((Date.now() - startedAt) / 1000, program.buildSeconds * 0.95);
    report(passing ?? message, Math.round(((done + seconds) / all) * 100) / 100);
  };
  const timer = setInterval(() => {
    tell();
    passing = undefined;
  }, PROGRESS_INTERVAL_MS);
  return {
    report: (text) => {
      message = text;
      tell();
    },
    reportPassing: (text) => {
      passing = text;
      tell();
    },
    stop: () => clearInterval(timer),
  };
}

async function oldestGo(folder: string): Promise<string> {
  const version = /^go (\S+)$/m.exec(await readFile(join(folder, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${folder} needs no Go.`);
  return version;
}

function duration(seconds: number): string {
  return seconds < 60 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
