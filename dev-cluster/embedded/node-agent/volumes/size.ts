/** What is in a folder, in bytes on the disk. */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Links aren't followed; what goes while it is counted doesn't count. */
export async function folderSize(folder: string, signal: AbortSignal): Promise<number> {
  let size = 0;
  const directory = await opendir(folder, { recursive: true }).catch(() => undefined);
  if (directory === undefined) return 0;
  for await (const entry of directory) {
    signal.throwIfAborted();
    const stats = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (stats?.isFile() === true) size += stats.blocks * 512;
  }
  return size;
}
