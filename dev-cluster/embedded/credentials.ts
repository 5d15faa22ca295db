/** Random credentials of the cluster's services, one 0600 file each: never in arguments, settings, logs or URLs. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { slipwayHome } from '../../src/clients/embedded.ts';
import { writePrivateFile } from './files.ts';
import { withLock } from './python/lock.ts';

/** Of a credential's file, for services that read it themselves. */
export function credentialPath(name: string, home = slipwayHome()): string {
  return join(home, 'embedded', 'credentials', name);
}

/** The credential with this name, made at its first use: 32 random bytes, base64url, so safe in any file or header. */
export async function credential(name: string, signal: AbortSignal, home = slipwayHome()): Promise<string> {
  const path = credentialPath(name, home);
  return withLock(
    `${path}.lock`,
    async () => {
      try {
        const known = (await readFile(path, 'utf8')).trim();
        if (known.length >= 32) return known;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
      const made = randomBytes(32).toString('base64url');
      await writePrivateFile(path, made);
      return made;
    },
    { signal },
  );
}
