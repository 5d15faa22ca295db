/** Runs a program to its end and keeps what it said for the error message. */
import { spawn } from 'node:child_process';
import { SlipwayError } from '../../src/core/base/errors.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Standard output. Throws a SlipwayError `commandFailed` whose cause holds the last lines of both streams. */
export async function command(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // npm, npx and code are .cmd files on Windows, which only a shell starts.
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
      signal: options.signal,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let tail = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      tail = (tail + text).slice(-4_000);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-4_000)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else
        reject(
          new SlipwayError(
            'commandFailed',
            `\`${[program, ...args].join(' ')}\` ended with ${code ?? 'a signal'}.`,
            {
              cause: new Error(tail.trim()),
            },
          ),
        );
    });
  });
}
