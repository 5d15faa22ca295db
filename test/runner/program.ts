import { spawn } from 'node:child_process';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import type { Stage, StageContext } from './stage.ts';

/** Runs node on `args` to its end; when the signal aborts, ends it and everything that it started. */
export async function runNode(
  args: readonly string[],
  context: StageContext,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const isPosix = process.platform !== 'win32';
    const child = spawn(process.execPath, args, {
      cwd: repositoryRoot,
      // A process group of its own, so that a stage that hangs is ended whole.
      detached: isPosix,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    });
    const stop = (): void => {
      if (child.pid === undefined) return;
      if (isPosix) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    };
    context.signal.addEventListener('abort', stop, { once: true });
    child.stdout.setEncoding('utf8').on('data', context.log);
    child.stderr.setEncoding('utf8').on('data', context.log);
    child.on('error', reject);
    child.on('close', (code) => {
      context.signal.removeEventListener('abort', stop);
      resolve(code ?? 1);
    });
  });
}

/** A program that is one test: green when it ends with 0. */
export function programStage(name: string, commands: readonly (readonly string[])[]): Stage {
  return {
    name,
    async run(context) {
      let output = '';
      const log = (text: string): void => {
        output += text;
        context.log(text);
      };
      for (const args of commands) {
        const code = await runNode(args, { ...context, log });
        if (code !== 0) return { found: 1, passed: 0, failures: [output.trim().slice(-6_000)] };
      }
      return { found: 1, passed: 1, failures: [] };
    },
  };
}
