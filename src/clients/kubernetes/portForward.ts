/** A port of a pod on this machine, as `kubectl port-forward` has it: 127.0.0.1 only, one stream for each connection. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import type { Disposable } from '../../core/base/disposable.ts';
import { asError, SlipwayError } from '../../core/base/errors.ts';
import type { KubernetesApi } from './api.ts';
import { PortForward } from './clientNode.ts';

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface ForwardedPort extends Disposable {
  /** On 127.0.0.1. */
  readonly localPort: number;
}

export interface ForwardOptions {
  readonly api: KubernetesApi;
  /** Asked for each connection: the pods behind a service come and go. */
  readonly target: () => PodPort | Promise<PodPort>;
  /** Preferred; taken or not given: one that the system chooses. */
  readonly localPort?: number;
  readonly onError: (error: Error) => void;
}

/** Listens until it is disposed; then its connections are closed too. */
export async function forwardPort(options: ForwardOptions): Promise<ForwardedPort> {
  const sockets = new Set<Socket>();
  // Half-open: a client that has sent all it has still waits for the answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    void connect(options, socket).catch((error: unknown) => {
      socket.destroy();
      options.onError(
        new SlipwayError('portForwardFailed', `The port could not be forwarded: ${asError(error).message}`, {
          cause: error,
        }),
      );
    });
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const { localPort = 0 } = options;
  await listen(localPort).catch((error: unknown) => {
    if (localPort === 0) throw error;
    return listen(0);
  });
  return {
    localPort: (server.address() as AddressInfo).port,
    dispose: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function connect({ api, target, onError }: ForwardOptions, socket: Socket): Promise<void> {
  const { namespace, pod, port } = await target();
  const refused = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const text = chunk.toString('utf8').trim();
      // The first message is the port's number alone.
      if (text !== '') {
        onError(new SlipwayError('portForwardFailed', `Port ${port} of ${pod} can't be reached: ${text}`));
        socket.destroy();
      }
      done();
    },
  });
  // Its end is not passed on: client-node would close the connection before the answer has come back.
  const input = new PassThrough();
  const stream = await new PortForward(api.config).portForward(
    namespace,
    pod,
    [port],
    socket,
    refused,
    input,
  );
  if (typeof stream === 'function') return;
  const close = (): void => stream.close();
  if (socket.destroyed) close();
  socket.once('close', close);
  stream.onclose = () => socket.destroySoon();
  stream.onerror = ({ message }) => {
    onError(new SlipwayError('portForwardFailed', `Port ${port} of ${pod} was lost: ${message}`));
    socket.destroy();
  };
  socket.pipe(input, { end: false });
}
