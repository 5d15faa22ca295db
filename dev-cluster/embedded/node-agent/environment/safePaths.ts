/**
 * Paths of the host go into shell lines and lists that are split at spaces and colons. A home with other characters than
 * these gets a second name without them.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, sep } from 'node:path';
import { SlipwayError } from '../../../../src/core/base/errors.ts';

const SAFE = /^[A-Za-z0-9_./+@%-]+$/;

/** Gives paths under `home` their safe name; others stay. */
export async function safePaths(home: string): Promise<(path: string) => string> {
  if (SAFE.test(home)) return (path) => path;
  const base = SAFE.test(tmpdir()) ? tmpdir() : '/tmp';
  const folder = join(base, `slipway-${userInfo().uid}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  const stats = await lstat(folder);
  // Everybody may write beside it: a folder of somebody else's would lead our pods elsewhere.
  if (!stats.isDirectory() || stats.uid !== userInfo().uid || (stats.mode & 0o022) !== 0)
    throw new SlipwayError('unsafeFolder', `${folder} is not a private folder of yours.`, {
      action: `Delete ${folder}`,
    });
  const link = join(folder, createHash('sha256').update(home).digest('hex').slice(0, 12));
  if ((await readlink(link).catch(() => undefined)) !== home) {
    const partial = `${link}.${process.pid}`;
    await rm(partial, { force: true });
    await symlink(home, partial);
    await rename(partial, link);
  }
  return (path) => (path === home || path.startsWith(home + sep) ? link + path.slice(home.length) : path);
}
