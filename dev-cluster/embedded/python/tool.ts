/** Runs one command to its end, for the tools that make environments (python, pip, uv). */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { asError } from '../../../src/core/base/errors.ts';

export interface ToolResult {
  /** `undefined`: ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** The last lines of stderr: enough to say what went wrong. */
  readonly stderrTail: readonly string[];
}

export interface ToolOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Each line of stderr, where pip and uv report progress. */
  readonly onLine?: (line: string) => void;
  /** Lowers the priority: for work nobody waits for. */
  readonly background?: boolean;
}

const TAIL_LINES = 30;

/** Rejects when the command cannot be started or the signal aborts (the command is then killed first); any exit code resolves. */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions,
  signal: AbortSignal,
): Promise<ToolResult> {
  signal.throwIfAborted();
  const [file, rest] =
    options.background === true && process.platform !== 'win32'
      ? ['nice', ['-n', '10', command, ...args]]
      : [command, args];
  const child = spawn(file, rest, {
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGTERM',
    windowsHide: true,
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() === '') return;
    options.onLine?.(line);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
  });
  const code = await new Promise<number | undefined>((resolve, reject) => {
    let failure: Error | undefined;
    child.on('error', (error) => {
      failure = error;
      // A command that never started has no 'close' to wait for.
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (exitCode) => {
      if (signal.aborted) reject(asError(signal.reason));
      else if (failure === undefined) resolve(exitCode ?? undefined);
      else reject(failure);
    });
  });
  return { code, stdout, stderrTail: tail };
}
