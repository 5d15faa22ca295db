/** Programs from a release: one gzip file each, checked by its sha256. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { http, HttpError } from '../../../src/clients/http.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { resourcePath } from '../python/resources.ts';
import { programFile, type FindOptions, type Program } from './programs.ts';

const SUMS = 'SHA256SUMS';
/** Until the first byte, and between two. */
const STALL_TIMEOUT_MS = 30_000;

const manifest = z.object({
  version: z.string(),
  repository: z.object({ url: z.string() }).optional(),
});

/** A folder, or the start of URLs. */
export interface Place {
  readonly kind: 'folder' | 'url';
  readonly path: string;
}

/** Resolves false when there is no archive of it; a broken one is an error. */
export async function downloadProgram(
  program: Program,
  target: string,
  { report, signal }: FindOptions,
  place = archivePlace(process.env),
): Promise<boolean> {
  if (place === undefined) return false;
  const file = `${programFile(program)}.gz`;
  const sum = await expectedSum(file, place, signal);
  if (sum === undefined) return false;
  report(`Downloading ${program.name}`);
  const partial = `${target}.${process.pid}.partial`;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  try {
    const archive = await open(place, file, signal);
    if (archive === undefined) return false;
    const hash = createHash('sha256');
    const tap = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(undefined, chunk);
      },
    });
    await pipeline(archive, tap, createGunzip(), createWriteStream(partial), { signal });
    if (hash.digest('hex') !== sum)
      throw new SlipwayError('wrongSum', `${file} is not the file that was released: its sha256 is another.`);
    await chmod(partial, 0o755);
    await rename(partial, target);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SlipwayError && error.reason === 'wrongSum') throw error;
    throw new SlipwayError(
      'downloadFailed',
      `${program.name} could not be downloaded: ${asError(error).message}`,
      { action: 'Check the network, or SLIPWAY_ARCHIVES', cause: error },
    );
  } finally {
    await rm(partial, { force: true });
  }
}

/** `$SLIPWAY_ARCHIVES` (a folder or a URL), else the release of this very version. */
export function archivePlace(env: NodeJS.ProcessEnv): Place | undefined {
  const chosen = env['SLIPWAY_ARCHIVES'];
  if (chosen !== undefined && chosen !== '')
    return /^https?:\/\//.test(chosen)
      ? { kind: 'url', path: chosen.replace(/\/$/, '') }
      : { kind: 'folder', path: chosen };
  const { version, repository } = manifest.parse(
    JSON.parse(readFileSync(resourcePath('package.json'), 'utf8')),
  );
  const home = /^(?:git\+)?(https:\/\/github\.com\/.+?)(?:\.git)?$/.exec(repository?.url ?? '')?.[1];
  return home === undefined ? undefined : { kind: 'url', path: `${home}/releases/download/v${version}` };
}

/** The list that ships counts; a place that the user names may hold more, and vouches for it by a list of its own. */
async function expectedSum(file: string, place: Place, signal: AbortSignal): Promise<string | undefined> {
  const shipped = await textOf(resourcePath('dev-cluster', 'embedded', 'binaries', SUMS));
  const known = sumIn(shipped, file);
  if (known !== undefined || process.env['SLIPWAY_ARCHIVES'] === undefined) return known;
  if (place.kind === 'folder') return sumIn(await textOf(join(place.path, SUMS)), file);
  const list = await open(place, SUMS, signal);
  return list === undefined ? undefined : sumIn(await textIn(list), file);
}

function sumIn(list: string, file: string): string | undefined {
  for (const line of list.split('\n')) {
    const [sum = '', name] = line.trim().split(/\s+\*?/);
    if (name === file && /^[0-9a-f]{64}$/.test(sum)) return sum;
  }
  return undefined;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function textIn(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return text;
}

/** `undefined` when it isn't there. */
async function open(place: Place, file: string, signal: AbortSignal): Promise<Readable | undefined> {
  if (place.kind === 'folder') {
    const stream = createReadStream(join(place.path, file));
    return new Promise((resolve, reject) => {
      stream.once('open', () => resolve(stream));
      stream.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') resolve(undefined);
        else reject(error);
      });
    });
  }
  const url = new URL(`${place.path}/${file}`);
  try {
    const body = await http(
      { url: url.origin, token: undefined, label: `The place of downloads, ${url.host},` },
      {
        method: 'GET',
        path: url.pathname + url.search,
        responseType: 'stream',
        timeoutMs: STALL_TIMEOUT_MS,
        isDownload: true,
      },
      signal,
    );
    if (!(body instanceof Readable)) throw new TypeError('The HTTP client did not stream.');
    return body;
  } catch (error) {
    if (error instanceof HttpError && error.reason === 'notFound') return undefined;
    throw error;
  }
}
