/** Compiles the pipelines of Python files, by python/compile_pipelines.py in an interpreter of the user's choice. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Disposable } from '../core/base/disposable.ts';
import { SlipwayError } from '../core/base/errors.ts';

/** Line, column, end line, end column, from 1; columns in UTF-16 units, unknown before Python 3.11. */
const place = z.tuple([z.int(), z.int().nullable(), z.int(), z.int().nullable()]);
export type PythonPlace = z.infer<typeof place>;

const node = z.object({
  /** The call that made the task, or the `dsl.If(…)` and so on that made the group. */
  call: place.nullable(),
  kind: z.string(),
  component: z.object({ file: z.string(), line: z.int(), function: z.string() }).nullable(),
});

const problem = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int().nullable(),
  endLine: z.int(),
  endColumn: z.int().nullable(),
  message: z.string(),
  kind: z.enum(['syntax', 'error', 'missingModule', 'noKfp']),
});
export type PythonProblem = z.infer<typeof problem>;

const pipeline = z.object({
  /** Its name in the module. */
  function: z.string(),
  name: z.string(),
  /** Of the first decorator, from 1. */
  line: z.int(),
  /** IR YAML. */
  text: z.string(),
  /** By node id (scope path). */
  nodes: z.record(z.string(), node),
});
export type CompiledPipeline = z.infer<typeof pipeline>;

const component = z.object({
  /** Its name in the module. */
  function: z.string(),
  /** IR YAML of the component alone. */
  text: z.string(),
});
export type CompiledComponent = z.infer<typeof component>;

const result = z.object({
  /** Version of kfp; null: it is not there. */
  kfp: z.string().nullable(),
  /** In the order in which they are defined. */
  pipelines: z.array(pipeline),
  /** Of the file's own functions; empty unless they were asked for. */
  components: z.array(component),
  problems: z.array(problem),
});
export type CompileResult = z.infer<typeof result>;

export interface CompileRequest {
  /** Absolute path of an interpreter. */
  readonly python: string;
  readonly file: string;
  /** May be newer than what is on disk. */
  readonly text: string;
  /** Default: pipelines. Nothing is said of the others. */
  readonly what?: 'pipelines' | 'components';
  /** Default: a minute. First imports of large packages take long. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const TAIL_LENGTH = 4_000;
/** The interpreter holds 100 MiB; after this long without a file it ends. */
const IDLE_MS = 5 * 60_000;
const answer = z.object({ code: z.int() });

/** Keeps one interpreter that has kfp imported; a file takes a fraction of a second then, and seconds at first. */
export class PythonCompiler implements Disposable {
  readonly #script: string;
  #server: Server | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  /** `script`: absolute path of compile_pipelines.py. */
  constructor(script: string) {
    this.#script = script;
  }

  /**
   * Imports the file, which runs what people wrote: for trusted workspaces only. Errors of theirs are in the result;
   * rejects with SlipwayError `pythonFailed` when the interpreter itself does not work, `pythonTimeout` when it takes
   * long. One file after the other.
   */
  compile(request: CompileRequest, signal: AbortSignal): Promise<CompileResult> {
    const turn = this.#last.then(() => this.#compile(request, signal));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  dispose(): void {
    clearTimeout(this.#idle);
    this.#server?.stop();
    this.#server = undefined;
  }

  async #compile(request: CompileRequest, signal: AbortSignal): Promise<CompileResult> {
    signal.throwIfAborted();
    clearTimeout(this.#idle);
    const folder = await mkdtemp(join(tmpdir(), 'slipway-compile-'));
    const { python, file, text, what = 'pipelines', timeoutMs = DEFAULT_TIMEOUT_MS } = request;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      if (this.#server?.python !== python || this.#server.hasEnded) {
        this.#server?.stop();
        this.#server = new Server(python, this.#script);
      }
      const server = this.#server;
      const target = join(folder, 'result.json');
      await server.ask({ file, text, what, result: target }, AbortSignal.any([signal, timeout]));
      signal.throwIfAborted();
      if (timeout.aborted)
        throw new SlipwayError('pythonTimeout', `${file} took too long to import.`, {
          action: 'Put what takes long into functions, or under if __name__ == "__main__".',
        });
      return await readResult(target, server);
    } finally {
      this.#idle = setTimeout(() => this.dispose(), IDLE_MS).unref();
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function readResult(target: string, server: Server): Promise<CompileResult> {
  let text: string;
  try {
    text = await readFile(target, 'utf8');
  } catch (error) {
    const lastLine = server.stderr.trimEnd().split('\n').at(-1) ?? '';
    const message = lastLine === '' ? `${server.python} stopped without a word.` : lastLine;
    throw new SlipwayError('pythonFailed', message, {
      action: 'Choose another Python interpreter',
      cause: error,
    });
  }
  return result.parse(JSON.parse(text));
}

/** The interpreter, with everything that it starts in its process group. */
class Server {
  readonly python: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';
  #failure: Error | undefined;
  /** Set before the operating system says so: nobody asks one that is about to go. */
  #isStopped = false;

  constructor(python: string, script: string) {
    this.python = python;
    this.#child = spawn(python, ['-W', 'ignore', script], {
      stdio: 'pipe',
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.#child.stderr
      .setEncoding('utf8')
      .on('data', (chunk: string) => (this.#stderr = (this.#stderr + chunk).slice(-TAIL_LENGTH)));
    // One that ends early does not read to the end; what it said tells more.
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => (this.#failure = error));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    // The editor may close while it waits.
    this.#child.unref();
  }

  get stderr(): string {
    return this.#failure === undefined
      ? this.#stderr
      : `${this.python} cannot be started: ${this.#failure.message}`;
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.#child;
    return this.#isStopped || this.#failure !== undefined || exitCode !== null || signalCode !== null;
  }

  /** Ends when the request is done, the interpreter has ended, or the signal has ended it. */
  async ask(
    request: {
      readonly file: string;
      readonly text: string;
      readonly what: string;
      readonly result: string;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const stop = (): void => this.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await this.#lines.next();
      if (line.done !== true) answer.parse(JSON.parse(line.value));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  stop(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.hasEnded) return;
    this.#isStopped = true;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }
}
