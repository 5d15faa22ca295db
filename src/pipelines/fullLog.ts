import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { KfpApi } from '../clients/kfp/api.ts';
import type { LogSource } from './runLogs.ts';

/** Streams a whole log into a file that only this user can read, and returns its path. */
export async function saveFullLog(
  kfp: KfpApi,
  source: LogSource,
  folder: string,
  onProgress: (characters: number) => void,
  signal: AbortSignal,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${safeName(source.attempt)}.log`);
  let characters = 0;
  async function* chunks(): AsyncIterable<string> {
    for await (const chunk of kfp.log(source.runId, source.attempt, { follow: false }, signal)) {
      characters += chunk.length;
      onProgress(characters);
      yield chunk;
    }
  }
  try {
    await pipeline(Readable.from(chunks()), createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return path;
}

/** Names come from pipelines: a file name must not leave its folder. */
export function safeName(name: string): string {
  return (
    name
      .replaceAll(/[^\w.-]+/g, '-')
      .replaceAll(/^\.+/g, '')
      .slice(0, 100) || 'log'
  );
}
