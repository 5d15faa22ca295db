/** Runs dist/cli.js on the editor's own runtime and reads its JSON lines. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { SlipwayError } from '../core/base/errors.ts';

export interface CliCommand {
  /** Absolute path of dist/cli.js. */
  readonly path: string;
  /** What it says on stderr, line by line. */
  readonly onLog: (line: string) => void;
  /** Of the editor as it was started: later, variables for people's tools are in this process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

const cliEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('progress'),
    component: z.string().optional(),
    message: z.string(),
    fraction: z.number().min(0).max(1).optional(),
  }),
  z.object({ event: z.literal('ready') }),
  /** `slipway pipeline run --json`, here and below. */
  z.object({ event: z.literal('started'), runId: z.string() }),
  z.object({
    event: z.literal('task'),
    taskId: z.string(),
    scopePath: z.string(),
    state: z.string(),
    error: z.string().optional(),
    /** Path of the newest attempt's log. */
    log: z.string().optional(),
  }),
  z.object({ event: z.literal('run'), state: z.string(), error: z.string().optional() }),
]);
export type CliEvent = z.infer<typeof cliEvent>;

/** Rejects with SlipwayError `cliFailed` (the last stderr line is its sentence) unless the exit code is allowed. */
export function runCli(
  cli: CliCommand,
  args: readonly string[],
  onEvent: (event: CliEvent) => void,
  signal: AbortSignal,
  allowedExitCodes: readonly number[] = [0],
  onOutput?: (line: string) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    const child = spawn(process.execPath, [cli.path, ...args], {
      env: { ...(cli.env ?? process.env), ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group, so that closing the editor's terminal or window never takes it along.
      detached: true,
    });
    const onAbort = (): void => {
      child.kill('SIGTERM');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    let lastLine = '';
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.trim() !== '') lastLine = line;
      cli.onLog(line);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (onOutput !== undefined) {
        onOutput(line);
        return;
      }
      const event = parseEvent(line);
      if (event === undefined) cli.onLog(line);
      else onEvent(event);
    });
    child.once('error', (error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    });
    child.once('close', (code) => {
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(abortError(signal));
      else if (code !== null && allowedExitCodes.includes(code)) resolve(code);
      else
        reject(
          new SlipwayError(
            'cliFailed',
            sentenceOf(lastLine) || `slipway ${args[0] ?? ''} stopped with code ${String(code)}.`,
            {
              action: 'Show the log',
            },
          ),
        );
    });
  });
}

/** What a command prints, as it comes. Ends with the command; ending it early stops the command. */
export async function* streamCli(
  cli: CliCommand,
  args: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const child = spawn(process.execPath, [cli.path, ...args], {
    env: { ...(cli.env ?? process.env), ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  // An abort ends it, which is no failure of its own.
  child.on('error', () => undefined);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-1_000);
  });
  try {
    yield* child.stdout.setEncoding('utf8') as AsyncIterable<string>;
    if (complaint.trim() !== '' && !signal.aborted)
      throw new SlipwayError('notFound', sentenceOf(complaint.trim().split('\n').at(-1) ?? ''));
  } finally {
    child.kill();
  }
}

/** The one JSON value that a command prints; 1, "the checked thing is bad", is an answer too. */
export async function readCli<T>(
  cli: CliCommand,
  args: readonly string[],
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  const lines: string[] = [];
  await runCli(
    cli,
    args,
    () => undefined,
    signal,
    [0, 1],
    (line) => lines.push(line),
  );
  let value: unknown;
  try {
    value = JSON.parse(lines.join('\n'));
  } catch (error) {
    throw new SlipwayError('cliFailed', `slipway ${args[0] ?? ''} gave no answer.`, {
      cause: error,
      action: 'Show the log',
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SlipwayError(
    'cliFailed',
    `slipway ${args[0] ?? ''} gave an answer that this version does not know.`,
    {
      cause: parsed.error,
      action: 'Show the log',
    },
  );
}

/** In a terminal its name comes first. */
function sentenceOf(line: string): string {
  return line.replace(/^slipway: /, '');
}

function parseEvent(line: string): CliEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const result = cliEvent.safeParse(value);
  return result.success ? result.data : undefined;
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new DOMException('Cancelled', 'AbortError');
}
