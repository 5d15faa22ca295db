/** Parts of a volume that are mounted alone. */
import { mkdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { PodEnvironmentError } from '../environment/errors.ts';

/** Absolute path of `subPath` in the volume, made a folder when it isn't there. Never outside of the volume. */
export async function resolveSubPath(
  volumePath: string,
  subPath: string,
  mount: { readonly name: string; readonly container: string },
): Promise<string> {
  const fail = (cause?: unknown): PodEnvironmentError =>
    new PodEnvironmentError(
      'CreateContainerConfigError',
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${mount.container}"`,
      { cause },
    );
  if (isAbsolute(subPath) || subPath.split('/').includes('..')) throw fail();
  const path = join(volumePath, subPath);
  try {
    await stat(path);
  } catch {
    await mkdir(path, { recursive: true, mode: 0o750 }).catch((error: unknown) => {
      throw fail(error);
    });
  }
  // A link in the volume may lead anywhere.
  const [root, real] = await Promise.all([realpath(volumePath), realpath(path)]);
  if (real !== root && !real.startsWith(root + sep)) throw fail();
  return path;
}
