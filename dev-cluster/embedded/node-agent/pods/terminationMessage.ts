/** What a container leaves as its last word, as the kubelet's `getTerminationMessage`. */
import { open } from 'node:fs/promises';
import type { Container } from '../../../../src/clients/kubernetes/model.ts';

const LARGEST = 4096;
/** Of all the pod's containers together. */
const LARGEST_OF_POD = 12 * 1024;
const FALLBACK_BYTES = 2048;
const FALLBACK_LINES = 80;

export async function terminationMessage(options: {
  readonly spec: Container;
  readonly exitCode: number;
  readonly messageFile: string;
  readonly logFile: string;
  readonly containersOfPod: number;
}): Promise<string | undefined> {
  const { spec, exitCode, messageFile, logFile, containersOfPod } = options;
  const limit = Math.min(LARGEST, Math.floor(LARGEST_OF_POD / Math.max(1, containersOfPod)));
  const message = await part(messageFile, limit, 'start');
  if (message !== '') return message;
  if (spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return undefined;
  const tail = await part(logFile, Math.min(limit, FALLBACK_BYTES), 'end');
  const lines = tail.split('\n');
  const kept = FALLBACK_LINES + (tail.endsWith('\n') ? 1 : 0);
  const text = lines.slice(-kept).join('\n');
  return text === '' ? undefined : text;
}

async function part(path: string, limit: number, from: 'start' | 'end'): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const length = Math.min(size, limit);
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(length),
      position: from === 'start' ? 0 : size - length,
    });
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
