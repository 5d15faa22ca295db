/** An attempt's log as text, streamed from its file with constant memory; with `follow`, until the attempt has ended. */
import { open, type FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import { delay } from '../../../../src/core/base/abort.ts';
import { isAbort } from '../../../../src/core/base/errors.ts';
import { notFound } from '../errors.ts';
import type { Route } from './router.ts';

export interface LogSource {
  /** `undefined`: no such attempt in this run. */
  find(runId: string, attempt: string): { readonly path: string; readonly isFinished: boolean } | undefined;
}

const CHUNK_BYTES = 64 * 1024;
const FOLLOW_INTERVAL_MS = 200;

export function logRoutes(logs: LogSource): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log',
      handler: async ({ path, query, response, signal }) => {
        const runId = path['run_id'] ?? '';
        const attempt = path['node_id'] ?? '';
        if (logs.find(runId, attempt) === undefined) throw notFound('Log of attempt', attempt);
        response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
        response.flushHeaders();
        const isFinished = (): boolean => logs.find(runId, attempt)?.isFinished ?? true;
        try {
          await streamLog(
            logs.find(runId, attempt)?.path ?? '',
            query.get('follow') === 'true' ? isFinished : () => true,
            response,
            signal,
          );
        } catch (error) {
          if (!isAbort(error)) throw error;
        }
        response.end();
        return undefined;
      },
    },
  ];
}

async function streamLog(
  path: string,
  isFinished: () => boolean,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  let file: FileHandle | undefined;
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      signal.throwIfAborted();
      // Asked before reading: what was written before the end is then surely read.
      const isLast = isFinished();
      file ??= await openIfThere(path);
      if (file !== undefined) await copy(file, buffer, response, signal);
      if (isLast) return;
      await delay(FOLLOW_INTERVAL_MS, signal);
    }
  } finally {
    await file?.close();
  }
}

/** From the file's position to its end, no faster than the client reads. */
async function copy(
  file: FileHandle,
  buffer: Buffer,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
    if (bytesRead === 0) return;
    // Copied, because the response may hold the bytes until the socket takes them.
    if (!response.write(Buffer.from(buffer.subarray(0, bytesRead))))
      await once(response, 'drain', { signal });
  }
}

/** A queued attempt has no file yet. */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
