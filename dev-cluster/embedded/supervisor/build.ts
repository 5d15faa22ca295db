/** Which build of Slipway this is. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resourcePath } from '../python/resources.ts';

const LENGTH = 16;

/**
 * The same for all processes of one build, another one for any other: a digest of the program that runs and of its
 * manifest. Sources, which change under a developer's cluster all the time, count as one build until the version changes.
 */
export function ownBuild(): string {
  const digest = createHash('sha256');
  for (const path of [process.argv[1] ?? '', resourcePath('package.json')]) digest.update(readFileSync(path));
  return digest.digest('hex').slice(0, LENGTH);
}
