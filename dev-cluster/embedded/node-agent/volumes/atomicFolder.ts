/**
 * A folder whose files change all at once, laid out as the kubelet's: `..data` points to the folder of this moment, the
 * names that people see point through it.
 */
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Payload } from './payload.ts';

const DATA = '..data';

/** False when the folder has this very payload already. */
export async function writeAtomically(folder: string, payload: Payload): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const old = await currentFolder(folder);
  if (old !== undefined && (await hasPayload(join(folder, old), payload))) return false;
  const stamp = new Date().toISOString().replaceAll(/[-T:]/g, '_').replace(/\..*$/, '');
  const made = await mkdtemp(join(folder, `..${stamp}.`));
  await chmod(made, 0o755);
  for (const [path, { data, mode }] of payload) {
    const file = join(made, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, data, { mode: 0o600 });
    // Beside the umask.
    await chmod(file, mode);
  }
  const partial = join(folder, '..data_tmp');
  await rm(partial, { force: true });
  await symlink(made.slice(folder.length + 1), partial);
  await rename(partial, join(folder, DATA));
  const visible = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  for (const name of visible)
    if (!(await isThere(join(folder, name)))) await symlink(join(DATA, name), join(folder, name));
  for (const name of await readdir(folder))
    if (!name.startsWith('..') && !visible.has(name)) await rm(join(folder, name), { force: true });
  if (old !== undefined) await rm(join(folder, old), { recursive: true, force: true });
  return true;
}

async function currentFolder(folder: string): Promise<string | undefined> {
  try {
    return await readlink(join(folder, DATA));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function hasPayload(folder: string, payload: Payload): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.filter((entry) => entry.isFile()).length !== payload.size) return false;
  for (const [path, { data, mode }] of payload) {
    const file = join(folder, path);
    const known = await readFile(file).catch(() => undefined);
    if (known === undefined || !known.equals(data) || ((await lstat(file)).mode & 0o777) !== mode)
      return false;
  }
  return true;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
