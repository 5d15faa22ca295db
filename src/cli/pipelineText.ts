import { readFile } from 'node:fs/promises';
import { asError, SlipwayError } from '../core/base/errors.ts';

/** No pipeline is larger: the KFP API takes 32 MiB. */
const MAX_BYTES = 32 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'its permissions do not allow it',
};

/** The text of a pipeline file. Throws SlipwayError `file` with one sentence. */
export async function readPipelineText(file: string, signal: AbortSignal): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const known = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
    throw unreadable(file, known ?? asError(error).message, error);
  }
  if (bytes.length > MAX_BYTES) throw unreadable(file, 'it is larger than 32 MiB, the most that KFP takes');
  return bytes.toString('utf8');
}

function unreadable(file: string, why: string, cause?: unknown): SlipwayError<'file'> {
  return new SlipwayError('file', `${file} cannot be read: ${why}.`, {
    action: 'Name a pipeline file',
    cause,
  });
}
