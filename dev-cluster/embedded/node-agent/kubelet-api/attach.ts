/** A client joined to a container's own input and output, from now on. */
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asError } from '../../../../src/core/base/errors.ts';
import type { ContainerRuntime } from '../contract.ts';
import { internalError } from './exec.ts';
import { readLogs } from './logs.ts';
import type { RemoteStreams } from './remoteStreams.ts';

/** Until the container ends or the client goes. Both outputs come on stdout, as the container's log is one. */
export async function attachToContainer(
  container: ContainerRuntime,
  streams: RemoteStreams,
  signal: AbortSignal,
): Promise<void> {
  const stop = AbortSignal.any([signal, streams.closed]);
  try {
    if (streams.stdin !== undefined) feed(streams.stdin, container.stdinPath);
    const output = readLogs(
      container,
      { follow: true, previous: false, timestamps: false, tailLines: 0 },
      stop,
    );
    const to = streams.stdout ?? streams.stderr;
    await pipeline(Readable.from(output), to ?? new Writable({ write: (_chunk, _encoding, done) => done() }));
    await streams.finish({ metadata: {}, status: 'Success' });
  } catch (error) {
    await streams.finish(internalError(`error attaching to container: ${asError(error).message}`));
  }
}

/** The end of the client's input is not passed on: others may attach later. */
function feed(from: Readable, path: string | undefined): void {
  if (path === undefined) {
    from.resume(); // The container was started without an input.
    return;
  }
  // Without O_NONBLOCK the open would wait for a reader that may never come. The socket closes the descriptor.
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  pipeline(from, new Socket({ fd, readable: false, writable: true })).catch(() => from.resume());
}
