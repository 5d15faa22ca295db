import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GatewayCluster } from './gatewayCluster.ts';

let cluster: GatewayCluster;
beforeEach(async () => {
  cluster = await GatewayCluster.start();
});
afterEach(() => cluster.stop());

/** Answers the whole of what it gets after its own name, once the other side has said all. */
const pod = (name: string): Server =>
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.write(`${name}:`);
    socket.pipe(socket);
  });

async function ask(port: number, text = 'hello'): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(text);
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) answer += chunk;
  return answer;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await cluster.listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

const PORT = 6000;

/** The Service `ns/tcp`, whose pods listen at these ports. */
function serve(hostPort: number, ports: readonly number[]): void {
  cluster.pods.length = 0;
  cluster.services.length = 0;
  cluster.slices.length = 0;
  for (const [index, port] of ports.entries())
    cluster.pods.push({
      metadata: {
        namespace: 'ns',
        name: `pod-${index}`,
        uid: `uid-${index}`,
        annotations: { 'slipway.dev/host-ports': JSON.stringify({ 3000: port }) },
      },
      status: { phase: 'Running', podIP: `10.42.2.${index + 1}` },
    });
  const addresses = ports.map((_port, index) => `10.42.2.${index + 1}`);
  cluster.service('ns/tcp', addresses, { ports: [{ port: PORT }] });
  const [service] = cluster.services;
  if (service?.metadata !== undefined)
    service.metadata.annotations = { 'slipway.dev/host-ports': JSON.stringify({ [PORT]: hostPort }) };
  cluster.apply();
  cluster.running.serviceListeners.update();
}

it('leads to a pod that takes connections, and carries both ways to their ends', async () => {
  const [hostPort, deadPort] = [await freePort(), await freePort()];
  serve(hostPort, [deadPort, await cluster.listen(pod('one'))]);
  const long = 'x'.repeat(1_000_000);
  for (const text of ['a', 'b', long]) expect(await ask(hostPort, text)).toBe(`one:${text}`);
  // Another pod takes its place: the listener stays.
  serve(hostPort, [await cluster.listen(pod('two'))]);
  expect(await ask(hostPort)).toBe('two:hello');
});

it('refuses while there is no pod', async () => {
  const hostPort = await freePort();
  serve(hostPort, []);
  await expect(ask(hostPort)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it('listens no longer when the Service has gone or has another port', async () => {
  const [first, second] = [await freePort(), await freePort()];
  const podPort = await cluster.listen(pod('one'));
  serve(first, [podPort]);
  expect(await ask(first)).toBe('one:hello');
  serve(second, [podPort]);
  expect(await ask(second)).toBe('one:hello');
  await expect(ask(first)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  cluster.services.length = 0;
  cluster.apply();
  cluster.running.serviceListeners.update();
  await expect(ask(second)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
