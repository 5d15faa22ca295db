/** `slipway logs NAME [--follow]`. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { once } from 'node:events';
import { componentLog, supervisorPaths } from '../../dev-cluster/embedded/supervisor/paths.ts';
import { delay } from '../core/base/abort.ts';
import { isAbort } from '../core/base/errors.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

const FOLLOW_INTERVAL_MS = 200;

export async function logs({ arguments: [name = ''], flag, signal }: Input): Promise<ExitCode> {
  const paths = supervisorPaths();
  const names = await logNames(paths.logs);
  if (!names.includes(name)) {
    throw new UsageError(
      names.length === 0
        ? 'There are no logs yet: the embedded cluster was never started.'
        : `There is no log of "${name}". There are: ${names.join(', ')}.`,
    );
  }
  const path = componentLog(paths, name);
  try {
    let position = await copyFrom(path, 0, signal);
    while (flag('follow')) {
      await delay(FOLLOW_INTERVAL_MS, signal);
      const { size } = await stat(path);
      // A smaller file is a new one: the old was rotated away.
      if (size < position) position = 0;
      if (size > position) position = await copyFrom(path, position, signal);
    }
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
  return 0;
}

async function logNames(folder: string): Promise<readonly string[]> {
  try {
    const files = await readdir(folder);
    return files.filter((file) => file.endsWith('.log')).map((file) => basename(file, '.log'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Returns the position behind what was printed. */
async function copyFrom(path: string, position: number, signal: AbortSignal): Promise<number> {
  let end = position;
  for await (const chunk of createReadStream(path, { start: position, signal }) as AsyncIterable<Buffer>) {
    end += chunk.length;
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain', { signal });
  }
  return end;
}
