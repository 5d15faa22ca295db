/**
 * Services over plain TCP: for each port that pods were told a port of this machine for, a listener there that leads to
 * a ready endpoint, as kube-proxy would.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { DataPlane } from './dataPlane.ts';
import { connectFirst } from './tcp.ts';
import { join } from './upgrade.ts';

interface ServiceAddress {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export class ServiceListeners {
  readonly #dataPlane: DataPlane;
  readonly #onConnection: (socket: Socket) => void;
  readonly #onError: (message: string) => void;
  /** By the port of this machine, with what it leads to. */
  readonly #servers = new Map<number, { readonly key: string; readonly server: Server }>();

  /** `onConnection` hears of each connection, `onError` of a port that something else has. */
  constructor(
    dataPlane: DataPlane,
    {
      onConnection = () => undefined,
      onError = () => undefined,
    }: { onConnection?: (socket: Socket) => void; onError?: (message: string) => void },
  ) {
    this.#dataPlane = dataPlane;
    this.#onConnection = onConnection;
    this.#onError = onError;
  }

  /** Listens as the data plane's view now says. Connections that are there stay. */
  update(): void {
    const wanted = new Map<number, ServiceAddress>();
    for (const { namespace, name, hostPorts } of this.#dataPlane.view.directory.all())
      for (const [port, hostPort] of hostPorts) wanted.set(hostPort, { namespace, name, port });
    for (const [hostPort, { key, server }] of this.#servers) {
      const address = wanted.get(hostPort);
      if (address !== undefined && keyOf(address) === key) continue;
      server.close();
      this.#servers.delete(hostPort);
    }
    for (const [hostPort, address] of wanted)
      if (!this.#servers.has(hostPort)) this.#listen(hostPort, address);
  }

  close(): void {
    for (const { server } of this.#servers.values()) server.close();
    this.#servers.clear();
  }

  #listen(hostPort: number, address: ServiceAddress): void {
    const key = keyOf(address);
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#onConnection(socket);
      this.#forward(socket, address);
    });
    server.on('error', (error) => {
      this.#onError(`The Service ${key} has no listener: ${error.message}`);
      if (this.#servers.get(hostPort)?.server === server) this.#servers.delete(hostPort);
    });
    server.listen(hostPort, '127.0.0.1');
    this.#servers.set(hostPort, { key, server });
  }

  #forward(socket: Socket, { namespace, name, port }: ServiceAddress): void {
    socket.on('error', () => socket.destroy());
    const { view, pool } = this.#dataPlane;
    const servicePort = view.directory.find(namespace, name)?.ports.get(port);
    const targets = servicePort === undefined ? [] : pool.order(servicePort.endpoints, servicePort.cursor());
    connectFirst(targets, {
      onConnected: (upstream) => join(socket, upstream),
      // As when nobody listens.
      onFailed: () => socket.resetAndDestroy(),
    });
  }
}

function keyOf({ namespace, name, port }: ServiceAddress): string {
  return `${namespace}/${name}:${port}`;
}
