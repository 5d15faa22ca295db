import { DatabaseSync } from 'node:sqlite';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { delay } from '../../../src/core/base/abort.ts';

const POLL_MS = 100;
const SQLITE_BUSY = 5;

/**
 * Runs `task` while no other process runs one under the same lock file. The lock is the operating system's (through
 * SQLite), so that of a killed process is free at once and there is nothing stale to clean up.
 */
export async function withLock<T>(
  path: string,
  task: () => Promise<T>,
  options: { readonly onWait?: () => void; readonly signal: AbortSignal },
): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let told = false; !tryLock(database); told = true) {
      if (!told) options.onWait?.();
      await delay(POLL_MS, options.signal);
    }
    return await task();
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
