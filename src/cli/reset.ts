/** `slipway reset`: the embedded cluster as on the first day. */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { supervisorPaths } from '../../dev-cluster/embedded/supervisor/paths.ts';
import { down } from '../../dev-cluster/embedded/supervisor/down.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

export async function reset({ flag, signal }: Input): Promise<ExitCode> {
  const { folder } = supervisorPaths();
  if (!flag('yes') && !(await ask(`Delete all pipelines, runs and artifacts in ${folder}?`, signal))) {
    process.stdout.write('Nothing was deleted.\n');
    return 0;
  }
  const stopped = await down();
  await rm(folder, { recursive: true, force: true });
  process.stdout.write(
    flag('json') ? `${JSON.stringify({ stopped, deleted: folder })}\n` : `Deleted ${folder}.\n`,
  );
  return 0;
}

async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError('slipway reset needs --yes where nobody can be asked.', 'reset');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}
