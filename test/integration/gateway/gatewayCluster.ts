/** A gateway on free ports, with objects as an API server would have them and echo servers as pods. */
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  gateway,
  gatewayClass,
  httpRoute,
  referenceGrant,
  type Gateway,
  type ReferenceGrant,
  type Route,
} from '../../../dev-cluster/embedded/gateway/resources.ts';
import { startGateway, type RunningGateway } from '../../../dev-cluster/embedded/gateway/server.ts';
import { buildView } from '../../../dev-cluster/embedded/gateway/view.ts';
import type { EndpointSlice, Pod, Service } from '../../../src/clients/kubernetes/model.ts';

export interface Echo {
  readonly pod: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly httpVersion: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of a backend that echoes. */
  readonly echo: Echo | undefined;
}

export interface Call {
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** The Gateway whose address is called; else the ingress port, which serves all. */
  readonly gateway?: string;
}

export const PROXY_CREDENTIAL = 'a-credential-of-at-least-32-characters';
export const METRICS_TOKEN = 'a-token-of-at-least-thirty-two-characters';

export class GatewayCluster {
  readonly running: RunningGateway;
  readonly egressSocket: string;
  readonly #folder: string;
  readonly #servers: Server[] = [];
  readonly pods: Pod[] = [];
  readonly services: Service[] = [];
  readonly slices: EndpointSlice[] = [];
  readonly gateways: Gateway[] = [];
  readonly grants: ReferenceGrant[] = [];
  readonly namespaces = new Map<string, Record<string, string>>();
  routes: Route[] = [];

  private constructor(running: RunningGateway, folder: string) {
    this.running = running;
    this.#folder = folder;
    this.egressSocket = join(folder, 'egress.sock');
  }

  static async start(): Promise<GatewayCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway gateway ü-'));
    const running = await startGateway({
      ports: { ingress: 0, proxy: 0, metrics: 0 },
      egressSocket: join(folder, 'egress.sock'),
      proxyCredential: PROXY_CREDENTIAL,
      metricsToken: METRICS_TOKEN,
    });
    return new GatewayCluster(running, folder);
  }

  async stop(): Promise<void> {
    await this.running.stop();
    for (const server of this.#servers) server.close();
    await rm(this.#folder, { recursive: true });
  }

  /** A ready pod, and the Service with its name, port 8080 → container port 3000. `namespace/name`. */
  async backend(
    key: string,
    listener?: RequestListener,
    { pods = 1, http2 = false, port = {} } = {},
  ): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    if (!this.namespaces.has(namespace)) this.namespaces.set(namespace, {});
    const addresses: string[] = [];
    for (let index = 0; index < pods; index++) {
      const pod = `${name}-${index}`;
      const listening = listener ?? echo(pod);
      const server = http2 ? createHttp2(listening as never) : createServer(listening);
      const hostPort = await this.listen(server);
      const podIP = `10.42.1.${this.pods.length + 1}`;
      addresses.push(podIP);
      this.pods.push({
        metadata: {
          namespace,
          name: pod,
          uid: `uid-${namespace}-${pod}`,
          annotations: { 'slipway.dev/host-ports': JSON.stringify({ 3000: hostPort }) },
          labels: { 'pod-template-hash': 'abc', app: name },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-abc`, uid: 'x', controller: true },
          ],
        },
        status: { phase: 'Running', podIP },
      });
    }
    this.service(key, addresses, { ports: [{ port: 8080, ...port }] });
  }

  service(key: string, addresses: readonly string[], spec: Partial<NonNullable<Service['spec']>> = {}): void {
    const [namespace = '', name = ''] = key.split('/');
    const ports = spec.ports ?? [{ port: 8080 }];
    this.services.push({
      metadata: { namespace, name },
      spec: { clusterIP: `10.43.0.${this.services.length + 1}`, ...spec, ports },
    });
    this.slices.push({
      metadata: { namespace, name: `${name}-x`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports: ports.map(({ name: portName = '' }) => ({ name: portName, port: 3000, protocol: 'TCP' })),
    });
  }

  async listen(server: Server): Promise<number> {
    this.#servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  gateway(key: string, listeners: readonly unknown[] = [{ name: 'http', port: 80, protocol: 'HTTP' }]): void {
    const [namespace, name] = key.split('/');
    const spec = { gatewayClassName: 'slipway', listeners };
    this.gateways.push(gateway.parse({ metadata: { namespace, name }, spec }));
  }

  route(key: string, spec: z.input<typeof httpRoute>['spec'], createdAt = '2026-01-01T00:00:00Z'): void {
    const [namespace = '', name = ''] = key.split('/');
    const parsed = httpRoute.parse({ metadata: { namespace, name, creationTimestamp: createdAt }, spec });
    this.routes.push({ ...parsed, kind: 'HTTPRoute' });
  }

  grant(namespace: string, from: string, to?: string): void {
    const spec = {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: from }],
      to: [{ group: '', kind: 'Service', ...(to === undefined ? {} : { name: to }) }],
    };
    this.grants.push(referenceGrant.parse({ metadata: { namespace, name: 'grant' }, spec }));
  }

  /** Makes the gateway know what was added. */
  apply(): void {
    this.running.dataPlane.view = buildView({
      services: this.services,
      endpointSlices: this.slices,
      pods: this.pods,
      nodes: [{ status: { addresses: [{ type: 'InternalIP', address: '10.42.255.1' }] } }],
      namespaces: [...this.namespaces].map(([name, labels]) => ({ metadata: { name, labels } })),
      classes: [
        gatewayClass.parse({
          metadata: { name: 'slipway' },
          spec: { controllerName: 'slipway.dev/gateway' },
        }),
      ],
      gateways: this.gateways,
      routes: this.routes,
      grants: this.grants,
    });
  }

  /** The status conditions of a route, `Type=Status:Reason`. */
  conditions(key: string): readonly string[] {
    const report = this.running.dataPlane.view.attachment.routes.find(
      ({ route: { metadata } }) => `${metadata.namespace}/${metadata.name}` === key,
    );
    return (report?.parents ?? []).flatMap(({ conditions }) =>
      conditions.map(({ type, status, reason }) => `${type}=${status}:${reason}`),
    );
  }

  async call({ host, path = '/', method = 'GET', headers = {}, body, gateway: name }: Call): Promise<Answer> {
    const address = name === undefined ? undefined : this.running.dataPlane.view.addresses.get(name);
    const target =
      address === undefined
        ? { host: '127.0.0.1', port: this.running.ports.ingress, path }
        : {
            host: '127.0.0.1',
            port: this.running.ports.proxy,
            path: `http://${address}${path}`,
          };
    const auth =
      address === undefined
        ? {}
        : {
            'Proxy-Authorization': `Basic ${Buffer.from(`test.default:${PROXY_CREDENTIAL}`).toString('base64')}`,
          };
    const sent = request({
      ...target,
      method,
      headers: { ...(host === undefined ? {} : { Host: host }), ...auth, ...headers },
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    const isEcho = response.headers['x-echo'] === 'yes';
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: text,
      echo: isEcho ? (JSON.parse(text) as Echo) : undefined,
    };
  }
}

/** Answers with what it got. */
function echo(pod: string): RequestListener {
  return (incoming, response) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    incoming.on('end', () => {
      const seen: Echo = {
        pod,
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        host: incoming.headers.host ?? String(incoming.headers[':authority'] ?? ''),
        headers: incoming.headers,
        body,
        httpVersion: incoming.httpVersion,
      };
      response.writeHead(200, { 'Content-Type': 'application/json', 'X-Echo': 'yes' });
      response.end(JSON.stringify(seen));
    });
  };
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
