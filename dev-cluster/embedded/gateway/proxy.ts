/** The way into the cluster's network: for pods (with a credential) and for the API server (by a private socket). */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Target } from './addresses.ts';
import { withoutPort, type DataPlane, type Source } from './dataPlane.ts';
import { respond } from './respond.ts';
import { connectFirst } from './tcp.ts';
import { resolveHost, type ServicePort } from './services.ts';
import type { RouteTable } from './table.ts';
import { join } from './upgrade.ts';

export interface ProxyOptions {
  readonly dataPlane: DataPlane;
  /** Password of the user in `HTTP_PROXY`, whose name is `<pod>.<namespace>`; `undefined`: whoever reaches it may use it. */
  readonly credential: string | undefined;
  /** Takes over a connection to one of the gateway's own listeners. */
  readonly enter: (table: RouteTable, socket: Socket) => void;
}

type Route =
  | { readonly kind: 'gateway'; readonly table: RouteTable }
  | { readonly kind: 'service'; readonly servicePort: ServicePort }
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'missing'; readonly message: string };

export function createProxy({ dataPlane, credential, enter }: ProxyOptions): Server {
  const find = (host: string, port: number, caller: Source | undefined): Route => {
    const { view } = dataPlane;
    const table = view.tables.get(`${host}:${port}`);
    if (table !== undefined) return { kind: 'gateway', table };
    const found = resolveHost(view.directory, host, port, caller?.namespace ?? '');
    if (found.kind !== 'outside') return found;
    // A host that a route names would be in the cluster's DNS.
    if (view.ingress.isNamed(host)) return { kind: 'gateway', table: view.ingress };
    return {
      kind: 'target',
      target: { host: host === 'localhost' ? '127.0.0.1' : host, port, pod: undefined },
    };
  };
  const server = createServer({ keepAliveTimeout: 75_000, maxHeaderSize: 65_536 }, (request, response) => {
    const caller = authenticate(request, credential);
    if (caller === 'refused') {
      response.setHeader('Proxy-Authenticate', 'Basic realm="slipway"');
      respond(request, response, 407, 'The proxy of the cluster asks for the credential in HTTP_PROXY.');
      return;
    }
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
    if (url?.protocol !== 'http:') {
      respond(request, response, 400, 'This is a proxy: it takes absolute http:// addresses.');
      return;
    }
    const port = url.port === '' ? 80 : Number(url.port);
    const route = find(hostName(url.hostname), port, caller);
    const path = (request.url ?? '').replace(/^http:\/\/[^/?#]*/i, '').replace(/^(?!\/)/, '/');
    const message = { host: url.host, path, source: caller };
    switch (route.kind) {
      case 'missing':
        respond(request, response, 503, route.message);
        break;
      case 'gateway':
        // Its Host stays as the caller said, as on a direct connection to the Gateway's address.
        dataPlane.route(route.table, request, response, caller);
        break;
      case 'service':
        dataPlane.forwardTo(route.servicePort, request, response, { ...message, isCounted: true });
        break;
      case 'target':
        dataPlane.forwardTo(asService(route.target), request, response, {
          ...message,
          isCounted: route.target.pod !== undefined,
        });
        break;
    }
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!(socket instanceof Socket)) throw new TypeError('A connection of an HTTP server is a socket.');
    socket.on('error', () => socket.destroy());
    const caller = authenticate(request, credential);
    if (caller === 'refused') {
      socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="slipway"\r\nContent-Length: 0\r\n\r\n',
      );
      return;
    }
    const authority = request.url ?? '';
    const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? 443);
    const route = find(hostName(withoutPort(authority)), port, caller);
    switch (route.kind) {
      case 'missing':
        refuse(socket, 503, route.message);
        break;
      case 'gateway':
        socket.write(ESTABLISHED);
        if (head.length > 0) socket.unshift(head);
        enter(route.table, socket);
        break;
      case 'service': {
        const { endpoints, cursor, service } = route.servicePort;
        tunnel(dataPlane.pool.order(endpoints, cursor()), socket, head, `The Service ${service.namespace}/${service.name} has no ready endpoint.`); // prettier-ignore
        break;
      }
      case 'target':
        tunnel([route.target], socket, head, '');
        break;
    }
  });
  return server;
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

function tunnel(targets: readonly Target[], socket: Socket, head: Buffer, message: string): void {
  connectFirst(targets, {
    onConnected: (upstream) => {
      socket.write(ESTABLISHED);
      if (head.length > 0) upstream.write(head);
      join(socket, upstream);
    },
    onFailed: (reason) => refuse(socket, 503, reason ?? message),
  });
}

function refuse(socket: Socket, status: number, message: string): void {
  const text = `${message}\n`;
  socket.end(`HTTP/1.1 ${status} Unreachable\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`); // prettier-ignore
}

function hostName(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

function asService(target: Target): ServicePort {
  return {
    service: {
      namespace: target.pod?.namespace ?? '',
      name: target.pod?.name ?? target.host,
      ports: new Map(),
      isHeadless: true,
      hostnames: new Map(),
      hostPorts: new Map(),
      addresses: [],
      externalName: undefined,
    },
    port: target.port,
    protocol: 'http/1.1',
    unsupportedProtocol: undefined,
    endpoints: [target],
    cursor: () => 0,
  };
}

/** Who calls, by the user name `<pod>.<namespace>`: a namespace has no dot. */
function authenticate(
  request: IncomingMessage,
  credential: string | undefined,
): Source | undefined | 'refused' {
  if (credential === undefined) return undefined;
  const encoded = /^Basic (.+)$/i.exec(request.headers['proxy-authorization'] ?? '')?.[1];
  if (encoded === undefined) return 'refused';
  const [user, password] = splitAtFirst(Buffer.from(encoded, 'base64').toString('utf8'), ':');
  const [given, expected] = [Buffer.from(password), Buffer.from(credential)];
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'refused';
  const name = decodeURIComponent(user);
  const at = name.lastIndexOf('.');
  return { workload: name.slice(0, Math.max(at, 0)), namespace: name.slice(at + 1) };
}

function splitAtFirst(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
