/** One question over TCP to a service of this machine: for health checks of those that don't speak HTTP. */
import { connect } from 'node:net';
import { SlipwayError } from '../../../src/core/base/errors.ts';

const TIMEOUT_MS = 5_000;

/** Sends `question` and resolves with the answer once `isWhole` says so. Rejects when the connection ends before. */
export function exchange(
  port: number,
  question: Buffer,
  isWhole: (answer: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Buffer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, signal: limit });
    let answer = Buffer.alloc(0);
    socket.on('connect', () => socket.write(question));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (!isWhole(answer)) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(
        new SlipwayError('noAnswer', `Port ${port} of this machine closed the connection without an answer.`),
      );
    });
  });
}
