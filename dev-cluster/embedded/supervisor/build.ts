/** Which build of Slipway this is. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { resourcePath } from '../python/resources.ts';

const LENGTH = 16;
const manifest = z.object({ version: z.string() });

export interface Build {
  /** Of the extension: `0.1.0`. */
  readonly release: string;
  /** The same for all processes of one build, another one for any other. */
  readonly digest: string;
}

/**
 * Sources, which change under a developer's cluster all the time, count as one build until the release changes; so do
 * the bundle in the repository and in the extension that was packaged from it.
 */
export function ownBuild(): Build {
  const { version } = manifest.parse(JSON.parse(readFileSync(resourcePath('package.json'), 'utf8')));
  const digest = createHash('sha256')
    .update(readFileSync(process.argv[1] ?? ''))
    .update(version)
    .digest('hex');
  return { release: version, digest: digest.slice(0, LENGTH) };
}
