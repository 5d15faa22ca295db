/** `slipway logs NAME [--follow]`. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { componentLog, supervisorPaths } from '../../dev-cluster/embedded/supervisor/paths.ts';
import { delay } from '../core/base/abort.ts';
import { isAbort, SlipwayError } from '../core/base/errors.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

const FOLLOW_INTERVAL_MS = 200;

export async function logs({ arguments: [name = ''], flag, signal }: Input): Promise<ExitCode> {
  const paths = supervisorPaths();
  const names = await logNames(paths.logs);
  if (!names.includes(name)) {
    throw names.length === 0
      ? new SlipwayError('noLogs', 'There are no logs yet: the embedded cluster was never started.', {
          action: 'Start it with slipway up',
        })
      : new UsageError(`There is no log of "${name}". There are: ${names.join(', ')}.`, 'logs');
  }
  const path = componentLog(paths, name);
  try {
    const format = flag('json') ? jsonLines() : (bytes: Buffer): Buffer => bytes;
    let position = await copyFrom(path, 0, format, signal);
    while (flag('follow')) {
      await delay(FOLLOW_INTERVAL_MS, signal);
      const { size } = await stat(path);
      // A smaller file is a new one: the old was rotated away.
      if (size < position) position = 0;
      if (size > position) position = await copyFrom(path, position, format, signal);
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
async function copyFrom(
  path: string,
  position: number,
  format: (bytes: Buffer) => Buffer | string,
  signal: AbortSignal,
): Promise<number> {
  let end = position;
  const stream = createReadStream(path, { start: position, signal });
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    end += bytes.length;
    if (!process.stdout.write(format(bytes))) await once(process.stdout, 'drain', { signal });
  }
  return end;
}

/** Bytes as they come → `{"line"}` for each line that is whole by now. */
function jsonLines(): (bytes: Buffer) => string {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (bytes) => {
    const lines = (rest + decoder.write(bytes)).split('\n');
    rest = lines.pop() ?? '';
    return lines.map((line) => `${JSON.stringify({ line })}\n`).join('');
  };
}
