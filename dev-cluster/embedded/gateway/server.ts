/** The gateway's listeners: ingress, the pods' proxy, the API server's egress socket, metrics. */
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { timingSafeEqual } from 'node:crypto';
import { DataPlane } from './dataPlane.ts';
import { frontDoor } from './frontDoor.ts';
import { createProxy } from './proxy.ts';
import { ServiceListeners } from './serviceListeners.ts';
import type { RouteTable } from './table.ts';

export interface GatewayOptions {
  readonly ports: { readonly ingress: number; readonly proxy: number; readonly metrics: number };
  /** Path of the Unix socket; what was left there is replaced. */
  readonly egressSocket: string;
  readonly proxyCredential: string;
  /** Bearer token of `/metrics` and `/readyz`. */
  readonly metricsToken: string;
  readonly log?: (line: string) => void;
}

export interface RunningGateway {
  readonly dataPlane: DataPlane;
  /** To be told when the view is another. */
  readonly serviceListeners: ServiceListeners;
  readonly ports: GatewayOptions['ports'];
  stop(): Promise<void>;
}

/** Listens on 127.0.0.1 and the socket; port 0 takes any. Serves nothing until the data plane's view is set. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const dataPlane = new DataPlane();
  const doors = new WeakMap<RouteTable, ReturnType<typeof frontDoor>>();
  const doorOf = (table: () => RouteTable): ReturnType<typeof frontDoor> =>
    frontDoor({
      onRequest: (request, response) => dataPlane.route(table(), request, response),
      onUpgrade: (request, socket, head) => dataPlane.routeUpgrade(table(), request, socket, head),
    });
  const enter = (table: RouteTable, socket: Parameters<ReturnType<typeof frontDoor>>[0]): void => {
    const known = doors.get(table) ?? doorOf(() => table);
    doors.set(table, known);
    known(socket);
  };
  const sockets = new Set<Socket>();
  const trackSocket = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const track = <T extends Server>(server: T): T => server.on('connection', trackSocket);
  const ingress = track(
    createServer(
      { noDelay: true, allowHalfOpen: true },
      doorOf(() => dataPlane.view.ingress),
    ),
  );
  const proxy = track(createProxy({ dataPlane, credential: options.proxyCredential, enter }));
  const egress = track(createProxy({ dataPlane, credential: undefined, enter }));
  const metrics = track(metricsServer(dataPlane, options.metricsToken));
  const serviceListeners = new ServiceListeners(dataPlane, {
    onConnection: trackSocket,
    ...(options.log === undefined ? {} : { onError: options.log }),
  });
  await rm(options.egressSocket, { force: true });
  // 0600 from the first moment: the umask of the cluster's processes leaves nothing for others.
  egress.listen(options.egressSocket);
  await once(egress, 'listening');
  await chmod(options.egressSocket, 0o600);
  return {
    dataPlane,
    serviceListeners,
    ports: {
      ingress: await listen(ingress, options.ports.ingress),
      proxy: await listen(proxy, options.ports.proxy),
      metrics: await listen(metrics, options.ports.metrics),
    },
    stop: async () => {
      const servers = [ingress, proxy, egress, metrics];
      const closed = servers.map((server) => once(server, 'close'));
      for (const server of servers) server.close();
      serviceListeners.close();
      for (const socket of sockets) socket.destroy();
      await dataPlane.pool.close();
      await Promise.all(closed);
      await rm(options.egressSocket, { force: true });
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP listener has a port.');
  return address.port;
}

function metricsServer(dataPlane: DataPlane, token: string): HttpServer {
  const expected = Buffer.from(`Bearer ${token}`);
  return createHttpServer((request, response) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    const isAllowed = given.length === expected.length && timingSafeEqual(given, expected);
    if (!isAllowed) response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end();
    else if (request.url === '/metrics')
      response
        .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' })
        .end(dataPlane.metrics.render());
    else if (request.url === '/readyz')
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(`${process.pid}\n`);
    else response.writeHead(404).end();
  });
}
