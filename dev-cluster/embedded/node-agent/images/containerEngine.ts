/** Docker or podman, for images that no profile and no mapping knows. Containers run as clients of it, in the foreground. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { asError } from '../../../../src/core/base/errors.ts';

const run = promisify(execFile);

const ASK_TIMEOUT_MS = 5_000;
const PULL_TIMEOUT_MS = 30 * 60_000;
const REMOVE_TIMEOUT_MS = 20_000;
/** Asked once a while, not for each pod. */
const KNOWN_FOR_MS = 30_000;

/** Each answers only when containers can run: docker's client alone is not enough. */
const ENGINES = [
  { name: 'docker', question: ['version', '--format', '{{.Server.Version}}'] },
  { name: 'podman', question: ['info', '--format', '{{.Version.Version}}'] },
] as const;

export interface ContainerEngine {
  readonly name: 'docker' | 'podman';
  readonly version: string;
  /** The client's absolute path. */
  readonly program: string;
}

/** A container that an engine runs: its client's end is not its own. */
export interface EngineContainer {
  readonly program: string;
  readonly name: string;
}

/** The first engine on this PATH that answers. */
export class ContainerEngines {
  readonly #path: string;
  #known: Promise<ContainerEngine | undefined> | undefined;
  #askedAt = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Within 10 seconds; what it said lately is said again. Whoever asks at the same time waits for one answer. */
  async find(): Promise<ContainerEngine | undefined> {
    if (this.#known === undefined || performance.now() - this.#askedAt > KNOWN_FOR_MS) {
      this.#askedAt = performance.now();
      this.#known = firstEngine(this.#path);
    }
    return this.#known;
  }
}

/** The image's id, when the engine has it. */
export async function engineImageId(
  { program }: ContainerEngine,
  image: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const id = await ask(program, ['image', 'inspect', '--format', '{{.Id}}', image], signal);
  return id === undefined ? undefined : `sha256:${id.replace(/^sha256:/, '')}`;
}

/** By the engine's own logins, mirrors and proxies. Throws what the engine said. */
export async function pullImage(
  { program }: ContainerEngine,
  image: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await run(program, ['pull', '--quiet', image], { signal, timeout: PULL_TIMEOUT_MS });
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(lastLine(error), { cause: error });
  }
}

/** SIGKILL, if it still runs. One that is gone, or whose engine is, is fine. */
export async function removeContainer({ program, name }: EngineContainer): Promise<void> {
  await run(program, ['rm', '--force', '--volumes', name], {
    timeout: REMOVE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  }).catch(() => undefined);
}

export interface EngineRun {
  readonly name: string;
  readonly image: string;
  /** Lines `NAME=value`. */
  readonly envFile: string;
  /** Variables that the client passes on from its own environment. */
  readonly envNames: readonly string[];
  readonly mounts: readonly {
    readonly source: string;
    readonly target: string;
    readonly readOnly: boolean;
  }[];
  readonly hasStdin: boolean;
  readonly isReadOnly: boolean;
  readonly workingDir: string | undefined;
  /** `uid[:gid]`. */
  readonly user: string | undefined;
  readonly memoryBytes: number | undefined;
  /** As the pod's: over the image's entrypoint and cmd. Empty: the image's own. */
  readonly command: readonly string[];
  readonly args: readonly string[];
}

/**
 * The client's arguments. It stays in the foreground: what the container writes, it writes; SIGTERM it passes on; its exit
 * code is the container's.
 */
export function runArguments({ name: engine }: Pick<ContainerEngine, 'name'>, run: EngineRun): string[] {
  const [entrypoint, ...more] = run.command;
  return [
    ...['run', '--rm', '--pull', 'never', '--name', run.name],
    // Pods are on this machine's loopback.
    ...['--network', 'host'],
    // Podman often comes without one.
    ...(engine === 'docker' ? ['--init'] : []),
    ...['--env-file', run.envFile],
    ...run.envNames.flatMap((name) => ['--env', name]),
    ...run.mounts.flatMap((mount) => ['--mount', mountOption(mount)]),
    ...(run.hasStdin ? ['--interactive'] : []),
    ...(run.isReadOnly ? ['--read-only'] : []),
    ...(run.workingDir === undefined ? [] : ['--workdir', run.workingDir]),
    ...(run.user === undefined ? [] : ['--user', run.user]),
    ...(run.memoryBytes === undefined ? [] : ['--memory', String(run.memoryBytes)]),
    ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
    run.image,
    ...more,
    ...run.args,
  ];
}

/** On a terminal when there is one. */
const EXEC = 'i=-i; if [ -t 0 ]; then i=-it; fi; program=$1; shift; exec "$program" exec $i "$@"';

/** Another program in the container: a program of this machine and its arguments. */
export function execWords({ program, name }: EngineContainer, words: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', EXEC, 'sh', program, name, ...words];
}

/** One record of CSV, so that a path may have a comma. */
function mountOption({ source, target, readOnly }: EngineRun['mounts'][number]): string {
  const fields = ['type=bind', `source=${source}`, `target=${target}`, ...(readOnly ? ['readonly'] : [])];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}

async function firstEngine(path: string): Promise<ContainerEngine | undefined> {
  for (const { name, question } of ENGINES) {
    for (const folder of path.split(delimiter)) {
      const program = join(folder, name);
      if (folder === '' || !(await isProgram(program))) continue;
      const version = await ask(program, question);
      if (version !== undefined) return { name, version, program };
      break;
    }
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function ask(
  program: string,
  question: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const limits = { timeout: ASK_TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  try {
    const { stdout } = await run(program, question, {
      ...limits,
      ...(signal === undefined ? {} : { signal }),
    });
    const answer = stdout.trim();
    return answer === '' ? undefined : answer;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

function lastLine(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? asError(error).message : said.slice(said.lastIndexOf('\n') + 1);
}
