/** Compiles the pipelines of a Python file in a process of its own, by python/compile_pipelines.py. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { asError, SlipwayError } from '../core/base/errors.ts';

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

const result = z.object({
  /** Version of kfp; null: it is not there. */
  kfp: z.string().nullable(),
  /** In the order in which they are defined. */
  pipelines: z.array(pipeline),
  problems: z.array(problem),
});
export type CompileResult = z.infer<typeof result>;

export interface CompileRequest {
  /** Absolute path of an interpreter. */
  readonly python: string;
  /** Absolute path of compile_pipelines.py. */
  readonly script: string;
  readonly file: string;
  /** May be newer than what is on disk. */
  readonly text: string;
  /** Default: a minute. First imports of large packages take long. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const TAIL_LENGTH = 4_000;

/**
 * Imports the file, which runs what people wrote: for trusted workspaces only. Errors of theirs are in the result;
 * rejects with SlipwayError `pythonFailed` when the interpreter itself does not work, `pythonTimeout` when it takes long.
 */
export async function compilePipelines(request: CompileRequest, signal: AbortSignal): Promise<CompileResult> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-compile-'));
  try {
    const target = join(folder, 'result.json');
    const timeout = AbortSignal.timeout(request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const ended = await run(request, target, AbortSignal.any([signal, timeout]));
    signal.throwIfAborted();
    if (timeout.aborted)
      throw new SlipwayError('pythonTimeout', `${request.file} took too long to import.`, {
        action: 'Put what takes long into functions, or under if __name__ == "__main__".',
      });
    let text: string;
    try {
      text = await readFile(target, 'utf8');
    } catch (error) {
      const lastLine = ended.stderr.trimEnd().split('\n').at(-1) ?? '';
      throw new SlipwayError(
        'pythonFailed',
        lastLine || `${request.python} stopped with code ${String(ended.code)}.`,
        {
          action: 'Choose another Python interpreter',
          cause: error,
        },
      );
    }
    return result.parse(JSON.parse(text));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ends with everything that the file started, too. */
function run(
  { python, script, file, text }: CompileRequest,
  target: string,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-W', 'ignore', script, file, target], {
      cwd: dirname(file),
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const stop = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    let stderr = '';
    child.stderr
      .setEncoding('utf8')
      .on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-TAIL_LENGTH)));
    // A process that ends early does not read to the end.
    child.stdin.on('error', () => undefined).end(text);
    child.once('error', (error) => {
      signal.removeEventListener('abort', stop);
      reject(
        new SlipwayError('pythonFailed', `${python} cannot be started: ${asError(error).message}`, {
          action: 'Choose another Python interpreter',
          cause: error,
        }),
      );
    });
    child.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      // What it started may hold the pipe open.
      child.stderr.destroy();
      resolve({ code, stderr });
    });
  });
}
