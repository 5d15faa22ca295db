/** Processes of the gateway's benchmark: `pod`, `gateway PORT PORT`, `load PORT CONNECTIONS SECONDS RPS`. */
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gateway, gatewayClass, httpRoute } from '../../dev-cluster/embedded/gateway/resources.ts';
import { startGateway } from '../../dev-cluster/embedded/gateway/server.ts';
import { buildView } from '../../dev-cluster/embedded/gateway/view.ts';

const [, , role, ...args] = process.argv;
const numbers = args.map(Number);
const ANSWER = JSON.stringify({ predictions: [1, 0, 2, 1] });
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

/** Raw sockets: the load must cost less than what it measures. RPS 0: each connection as fast as it can. */
async function load(port = 0, connections = 0, seconds = 0, rps = 0): Promise<void> {
  const latencies: number[] = [];
  const idle: Socket[] = [];
  const sockets: Socket[] = [];
  const end = performance.now() + seconds * 1000;
  // From when a request was due, so that waiting for a free connection counts.
  const due = new Map<Socket, number>();
  const waiting: number[] = [];
  const send = (socket: Socket, at: number): void => {
    due.set(socket, at);
    socket.write(REQUEST);
  };
  for (let index = 0; index < connections; index++) {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    sockets.push(socket);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (!text.endsWith(ANSWER) && !text.endsWith(`${ANSWER}\r\n0\r\n\r\n`)) return;
      if (!text.startsWith('HTTP/1.1 200')) throw new Error(text);
      text = '';
      const now = performance.now();
      latencies.push(now - (due.get(socket) ?? now));
      if (now >= end) return;
      const next = rps === 0 ? now : waiting.shift();
      if (next === undefined) idle.push(socket);
      else send(socket, next);
    });
    await new Promise((resolve) => socket.once('connect', resolve));
    if (rps === 0) send(socket, performance.now());
    else idle.push(socket);
  }
  if (rps > 0) {
    let next = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      for (; next <= now && next < end; next += 1000 / rps) {
        const socket = idle.pop();
        if (socket === undefined) waiting.push(next);
        else send(socket, next);
      }
    }, 1);
    setTimeout(() => clearInterval(timer), seconds * 1000);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000 + 200));
  for (const socket of sockets) socket.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const result = { rps: Math.round(latencies.length / seconds), p50: at(0.5), p99: at(0.99) };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

if (role === 'pod') pod();
else if (role === 'gateway') await serve(numbers);
else await load(...numbers);
