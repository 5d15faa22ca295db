import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Attach, Exec, Log, PortForward, type V1Status } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startApiServer, type ApiServer } from './apiServer.ts';
import { FakeNode } from './fakeNode.ts';

const stop = new AbortController();
const echo = createServer((socket) => socket.pipe(socket));
let server: ApiServer;
let node: FakeNode;

beforeAll(async () => {
  server = await startApiServer(AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]));
  node = new FakeNode(server, stop.signal);
  await node.start();
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as AddressInfo;
  await node.run({ name: 'p', script: 'exec sleep 1000', hostPorts: new Map([[7000, port]]) });
});

afterAll(async () => {
  echo.close();
  await node.stopPods();
  stop.abort();
  await server.stop();
  expect(node.errors).toEqual([]);
});

it('client-node execs, with input and the exit code', async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const words = ['sh', '-c', 'read line; echo "got $line"; exit 4'];
  const ended = Promise.withResolvers<V1Status>();
  stdin.write('hello\n');
  await new Exec(server.api.config).exec(
    'default',
    'p',
    'main',
    words,
    stdout,
    null,
    stdin,
    false,
    ended.resolve,
  );
  const status = await ended.promise;
  expect(status.status).toBe('Failure');
  expect(status.details?.causes).toEqual([{ reason: 'ExitCode', message: '4' }]);
  expect((stdout.read() as Buffer).toString()).toBe('got hello\n');
});

it('client-node forwards a port', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const bytes = Buffer.alloc(1024 * 1024, 'slipway ');
  const socket = await new PortForward(server.api.config).portForward(
    'default',
    'p',
    [7000],
    output,
    null,
    input,
  );
  input.write(bytes);
  const parts: Buffer[] = [];
  for await (const part of output as AsyncIterable<Buffer>) {
    parts.push(part);
    if (Buffer.concat(parts).length >= bytes.length) break;
  }
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  if ('close' in socket) socket.close();
});

it('client-node attaches, and follows a log to its end', async () => {
  const stdinPath = `${server.home}/attach.fifo`;
  await once(spawn('mkfifo', [stdinPath]), 'exit');
  const script = 'echo ready; while read line; do [ "$line" = end ] && exit; echo "heard $line"; done';
  await node.run({ name: 'talk', script, stdinPath });
  const log = new PassThrough();
  await new Log(server.api.config).log('default', 'talk', 'main', log, { follow: true });
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  let heard = '';
  stdout.setEncoding('utf8').on('data', (part: string) => (heard += part));
  await new Attach(server.api.config).attach('default', 'talk', 'main', stdout, null, stdin, false);
  while (!heard.includes('heard hello\n')) {
    stdin.write('hello\n');
    await delay(100);
  }
  stdin.write('end\n');
  expect(await text(log)).toMatch(/^ready\n(heard hello\n)+$/);
});

/** What Python's client speaks; the API server passes it through to the node. */
it('serves v4.channel.k8s.io, with stderr apart and a Status at the end', async () => {
  const path = '/api/v1/namespaces/default/pods/p/exec?stdout=true&stderr=true&stdin=true';
  const command = ['sh', '-c', 'read x; echo out $x; echo err >&2; exit 2'].map(
    (word) => `&command=${encodeURIComponent(word)}`,
  );
  const options: { headers?: Record<string, string> } = {};
  await server.api.config.applyToHTTPSOptions(options);
  const url = `${server.api.config.getCurrentCluster()?.server.replace('https', 'wss') ?? ''}${path}${command.join('')}`;
  const socket = new WebSocket(url, 'v4.channel.k8s.io', options);
  const channels = ['', '', '', '', ''];
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0;
    channels[channel] = `${channels[channel] ?? ''}${message.subarray(1).toString()}`;
  });
  await once(socket, 'open');
  socket.send(Buffer.from('\0there\n'));
  await once(socket, 'close');
  expect(channels.slice(0, 3)).toEqual(['', 'out there\n', 'err\n']);
  expect(JSON.parse(channels[3] ?? '')).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' });
});
