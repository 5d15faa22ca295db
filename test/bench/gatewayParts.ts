/** Processes of the gateway's benchmark: `pod`, `gateway PORT PORT`, `load PORT CONNECTIONS SECONDS`, `turns RPS SECONDS PORT…`. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gateway, gatewayClass, httpRoute } from '../../dev-cluster/embedded/gateway/resources.ts';
import { startGateway } from '../../dev-cluster/embedded/gateway/server.ts';
import { buildView } from '../../dev-cluster/embedded/gateway/view.ts';

const [, , role, ...args] = process.argv;
const numbers = args.map(Number);
const ANSWER = JSON.stringify({ predictions: [1, 0, 2, 1] });
const TURN_MS = 250;
const DRAIN_MS = 200;
const BODY = JSON.stringify({ instances: [[6.8, 2.8, 4.8, 1.4]] });
const REQUEST = Buffer.from(
  `POST /v1/models/iris:predict HTTP/1.1\r\nHost: iris.test\r\nContent-Type: application/json\r\nAccept: */*\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);

function pod(): void {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length });
      response.end(ANSWER);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
}

async function serve(ports: readonly number[]): Promise<void> {
  const running = await startGateway({
    ports: { ingress: 0, proxy: 0, metrics: 0 },
    egressSocket: join(mkdtempSync(join(tmpdir(), 'slipway-bench-')), 'egress.sock'),
    proxyCredential: 'x'.repeat(32),
    metricsToken: 'x'.repeat(32),
  });
  const names = ['stable', 'canary'];
  running.dataPlane.view = buildView({
    pods: ports.map((port, index) => ({
      metadata: {
        namespace: 'ns',
        name: names[index] ?? '',
        uid: names[index] ?? '',
        annotations: { 'slipway.dev/host-ports': JSON.stringify({ 8080: port }) },
      },
      status: { phase: 'Running', podIP: `10.42.0.${index + 1}` },
    })),
    services: names.map((name) => ({ metadata: { namespace: 'ns', name }, spec: { ports: [{ port: 80 }] } })),
    endpointSlices: names.map((name, index) => ({
      metadata: { namespace: 'ns', name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [`10.42.0.${index + 1}`] }],
      ports: [{ name: '', port: 8080 }],
    })),
    nodes: [],
    namespaces: [],
    classes: [
      gatewayClass.parse({ metadata: { name: 'c' }, spec: { controllerName: 'slipway.dev/gateway' } }),
    ],
    gateways: [
      gateway.parse({
        metadata: { namespace: 'ns', name: 'g' },
        spec: { gatewayClassName: 'c', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
      }),
    ],
    // As KServe writes them: a header filter, a regular expression, a time limit.
    routes: [
      {
        ...httpRoute.parse({
          metadata: { namespace: 'ns', name: 'iris' },
          spec: {
            parentRefs: [{ name: 'g' }],
            hostnames: ['iris.test'],
            rules: [
              {
                matches: [{ path: { type: 'RegularExpression', value: '^/.*$' } }],
                filters: [
                  {
                    type: 'RequestHeaderModifier',
                    requestHeaderModifier: { set: [{ name: 'KServe-Isvc-Name', value: 'iris' }] },
                  },
                ],
                timeouts: { request: '60s' },
                backendRefs: [
                  { name: 'stable', port: 80, weight: 90 },
                  { name: 'canary', port: 80, weight: 10 },
                ],
              },
            ],
          },
        }),
        kind: 'HTTPRoute',
      },
    ],
    grants: [],
  });
  process.stdout.write(`${running.ports.ingress}\n`);
}

/** Connections to one target. Raw sockets: the load must cost less than what it measures. */
class Client {
  readonly latencies: number[] = [];
  /** Asked when a response has come: when the next request was due, if there is one to send at once. */
  onFree: () => number | undefined = () => undefined;
  readonly #idle: Socket[] = [];
  readonly #waiting: number[] = [];

  async open(port: number, connections: number): Promise<void> {
    for (let index = 0; index < connections; index++) {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      await once(socket, 'connect');
      this.#idle.push(socket);
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (!text.endsWith(ANSWER) && !text.endsWith(`${ANSWER}\r\n0\r\n\r\n`)) return;
        if (!text.startsWith('HTTP/1.1 200')) throw new Error(text);
        text = '';
        this.latencies.push(performance.now() - (this.#due.get(socket) ?? Number.NaN));
        const next = this.#waiting.shift() ?? this.onFree();
        if (next === undefined) this.#idle.push(socket);
        else this.#write(socket, next);
      });
    }
  }

  // From when a request was due, so that waiting for a free connection counts.
  readonly #due = new Map<Socket, number>();

  send(at: number): void {
    const socket = this.#idle.pop();
    if (socket === undefined) this.#waiting.push(at);
    else this.#write(socket, at);
  }

  #write(socket: Socket, at: number): void {
    this.#due.set(socket, at);
    socket.write(REQUEST);
  }

  summary(seconds: number): { readonly rps: number; readonly p50: number; readonly p99: number } {
    const sorted = this.latencies.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return { rps: Math.round(sorted.length / seconds), p50: at(0.5), p99: at(0.99) };
  }
}

/** Each connection as fast as it can. */
async function load(port = 0, connections = 0, seconds = 0): Promise<void> {
  const client = new Client();
  await client.open(port, connections);
  const end = performance.now() + seconds * 1000;
  client.onFree = () => (performance.now() < end ? performance.now() : undefined);
  for (let index = 0; index < connections; index++) client.send(performance.now());
  await setTimeout(seconds * 1000 + DRAIN_MS);
  print([client.summary(seconds)]);
}

/**
 * So many requests a second, to the targets in turns of a quarter of a second: whatever else the machine does then hits
 * all alike.
 */
async function loadInTurns(rps = 0, seconds = 0, ...ports: readonly number[]): Promise<void> {
  const clients = ports.map(() => new Client());
  for (const [index, client] of clients.entries()) await client.open(ports[index] ?? 0, 16);
  for (let turn = 0; turn < (seconds * 1000) / TURN_MS; turn++) {
    for (const client of clients) {
      const end = performance.now() + TURN_MS;
      for (let next = performance.now(); next < end;) {
        for (; next <= performance.now() && next < end; next += 1000 / rps) client.send(next);
        await setTimeout(1);
      }
    }
  }
  await setTimeout(DRAIN_MS);
  print(clients.map((client) => client.summary(seconds)));
}

function print(results: readonly unknown[]): void {
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}

if (role === 'pod') pod();
else if (role === 'gateway') await serve(numbers);
else if (role === 'load') await load(...numbers);
else await loadInTurns(...numbers);
