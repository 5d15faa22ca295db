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
): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    const child = spawn(process.execPath, [cli.path, ...args], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
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
            lastLine || `slipway ${args[0] ?? ''} stopped with code ${String(code)}.`,
            {
              action: 'Show the log',
            },
          ),
        );
    });
  });
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
