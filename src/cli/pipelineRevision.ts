import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../core/base/errors.ts';
import { readPipelineText } from './pipelineText.ts';

const maxBytes = 32 * 1024 * 1024;

/** The text of FILE, or of FILE@REV as Git has it. Throws SlipwayError `file` with one sentence. */
export async function readPipelineVersion(version: string, signal: AbortSignal): Promise<string> {
  const at = version.lastIndexOf('@');
  // A file may have an @ in its name.
  if (at <= 0 || (await exists(version))) return readPipelineText(version, signal);
  const [file, revision] = [version.slice(0, at), version.slice(at + 1)];
  if (revision === '' || revision.startsWith('-')) throw unreadable(version, `'${revision}' is no revision`);
  try {
    const { stdout } = await promisify(execFile)(
      'git',
      ['-C', dirname(file), 'cat-file', 'blob', `${revision}:./${basename(file)}`],
      { maxBuffer: maxBytes, timeout: 60_000, signal },
    );
    return stdout;
  } catch (error) {
    signal.throwIfAborted();
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw unreadable(version, 'there is no Git, or no such folder', error);
    throw unreadable(version, `Git has no ${basename(file)} at ${revision}`, error);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}

function unreadable(version: string, why: string, cause?: unknown): SlipwayError<'file'> {
  return new SlipwayError('file', `${version} cannot be read: ${why}.`, {
    action: 'Name a pipeline file, or FILE@REV',
    cause,
  });
}
