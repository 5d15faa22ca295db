/** What travels through the gateway besides plain requests: streams, aborts, faults, upgrades, tunnels, counts. */
import { once } from 'node:events';
import {
  createServer,
  request,
  type ClientRequest,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
} from 'node:http';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { closedPort, GatewayCluster, METRICS_TOKEN, PROXY_CREDENTIAL } from './gatewayCluster.ts';

let cluster: GatewayCluster;

beforeEach(async () => {
  cluster = await GatewayCluster.start();
  cluster.gateway('ns/gateway');
});

afterEach(() => cluster.stop());

/** A route to this backend for every request. */
async function serve(
  listener?: RequestListener,
  options: Parameters<GatewayCluster['backend']>[2] = {},
  rule: object = {},
): Promise<void> {
  await cluster.backend('ns/app', listener, options);
  cluster.route('ns/app', {
    parentRefs: [{ name: 'gateway' }],
    hostnames: ['app.test'],
    rules: [{ backendRefs: [{ name: 'app', port: 8080 }], ...rule }],
  });
  cluster.apply();
}

function ask(path = '/', options: RequestOptions = {}): ClientRequest {
  return request({
    host: '127.0.0.1',
    port: cluster.running.ports.ingress,
    path,
    headers: { Host: 'app.test' },
    ...options,
  });
}

async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function metrics(): Promise<string> {
  const url = `http://127.0.0.1:${cluster.running.ports.metrics}/metrics`;
  return (await fetch(url, { headers: { Authorization: `Bearer ${METRICS_TOKEN}` } })).text();
}

describe('streams', () => {
  it('gives each chunk to the client before the backend sends the next one', async () => {
    const chunks = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n'];
    let next = (): void => undefined;
    await serve((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const left = [...chunks];
      next = () => {
        const chunk = left.shift();
        if (chunk === undefined) response.end();
        else response.write(chunk);
      };
      next();
    });
    const sent = ask();
    sent.end();
    const response = await responseTo(sent);
    const seen: string[] = [];
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      seen.push(chunk);
      next();
    }
    expect(seen).toEqual(chunks);
  });

  it('sends the request on while the client still writes', async () => {
    await serve((incoming, response) => {
      response.writeHead(200);
      incoming.pipe(response);
    });
    const sent = ask('/', { method: 'POST' });
    sent.write('first');
    const response = await responseTo(sent);
    const [first] = (await once(response.setEncoding('utf8'), 'data')) as [string];
    sent.end('second');
    const [second] = (await once(response, 'data')) as [string];
    expect([first, second]).toEqual(['first', 'second']);
  });

  it('ends the backend’s work when the client goes away', async () => {
    const gone = Promise.withResolvers<undefined>();
    await serve((_request, response) => {
      response.once('close', () => gone.resolve(undefined));
      response.write('x');
    });
    const sent = ask();
    sent.end();
    const response = await responseTo(sent);
    response.on('error', () => undefined);
    sent.destroy();
    await gone.promise;
    expect(await metrics()).toContain('response_flags="DC"');
  });

  it('breaks the response when the backend breaks its own', async () => {
    await serve((_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half', () => response.destroy());
    });
    const sent = ask();
    sent.end();
    const response = await responseTo(sent);
    await expect(response.toArray()).rejects.toThrow('aborted');
  });
});

describe('HTTP/2 without TLS', () => {
  it('carries trailers both from and to HTTP/2, and ends a stream without a body at its headers', async () => {
    await cluster.backend('ns/grpc', undefined, { pods: 0 });
    const { createServer: createHttp2 } = await import('node:http2');
    const backend = createHttp2();
    backend.on('stream', (stream, headers) => {
      if (headers[':path'] === '/none') {
        stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
        return;
      }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.pipe(stream);
    });
    const hostPort = await cluster.listen(backend);
    cluster.pods.push({
      metadata: {
        namespace: 'ns',
        name: 'grpc',
        uid: 'g',
        annotations: { 'slipway.dev/host-ports': `{"3000":${hostPort}}` },
      },
      status: { phase: 'Running', podIP: '10.42.9.9' },
    });
    cluster.service('ns/app', ['10.42.9.9'], { ports: [{ port: 8080, name: 'grpc' }] });
    cluster.route('ns/app', {
      parentRefs: [{ name: 'gateway' }],
      rules: [{ backendRefs: [{ name: 'app', port: 8080 }] }],
    });
    cluster.apply();
    const session = connectHttp2(`http://127.0.0.1:${cluster.running.ports.ingress}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/pkg.Service/Call',
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    const trailers = once(stream, 'trailers') as Promise<[IncomingHttpHeaders]>;
    stream.write('one');
    const [first] = (await once(stream.setEncoding('utf8'), 'data')) as [string];
    stream.end('two');
    let rest = '';
    stream.on('data', (chunk: string) => (rest += chunk));
    expect((await trailers)[0]['grpc-status']).toBe('0');
    expect([first, rest]).toEqual(['one', 'two']);
    const bare = session.request({ ':method': 'POST', ':path': '/none', 'content-type': 'application/grpc' });
    bare.end();
    const [headers, flags] = (await once(bare, 'response')) as [IncomingHttpHeaders, number];
    expect(headers['grpc-status']).toBe('5');
    expect(flags & 1).toBe(1);
    session.close();
  });
});

describe('faults', () => {
  it('says which Service has no endpoint, and what to do', async () => {
    await serve(undefined, { pods: 0 });
    const answer = await cluster.call({ host: 'app.test' });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatch(/The Service ns\/app .* no ready endpoint.*kubectl -n ns get pods/);
  });

  it('goes on to the next pod when one takes no connections, with the body', async () => {
    await serve(undefined, { pods: 2 });
    const dead = await closedPort();
    const annotations = cluster.pods[0]?.metadata?.annotations ?? {};
    annotations['slipway.dev/host-ports'] = JSON.stringify({ 3000: dead });
    cluster.apply();
    for (let index = 0; index < 4; index++) {
      const { echo } = await cluster.call({ host: 'app.test', method: 'POST', body: 'data' });
      expect(echo).toMatchObject({ pod: 'app-1', body: 'data' });
    }
    cluster.pods.splice(1);
    cluster.apply();
    const answer = await cluster.call({ host: 'app.test' });
    expect([answer.status, answer.body]).toEqual([
      503,
      expect.stringContaining('app-0 takes no connections'),
    ]);
  });

  it('tries again as often as the route says, with the same body', async () => {
    const bodies: string[] = [];
    await serve(
      (incoming, response) => {
        let body = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        incoming.on('end', () => {
          bodies.push(body);
          response.writeHead(bodies.length < 3 ? 503 : 200).end('done');
        });
      },
      {},
      { retry: { codes: [503], attempts: 2, backoff: '1ms' } },
    );
    const answer = await cluster.call({ host: 'app.test', method: 'POST', body: 'again' });
    expect([answer.status, answer.body, bodies]).toEqual([200, 'done', ['again', 'again', 'again']]);
  });

  it('uses endpoints that are ending only when there is no other', async () => {
    await serve();
    const [slice] = cluster.slices;
    if (slice?.endpoints?.[0] === undefined) throw new Error('no endpoint');
    slice.endpoints[0].conditions = { ready: false, serving: true, terminating: true };
    cluster.apply();
    expect((await cluster.call({ host: 'app.test' })).status).toBe(200);
    slice.endpoints[0].conditions = { ready: false, serving: false, terminating: true };
    cluster.apply();
    expect((await cluster.call({ host: 'app.test' })).status).toBe(503);
  });
});

describe('headers', () => {
  it('keeps Host, adds X-Forwarded-*, drops hop-by-hop ones', async () => {
    await serve();
    const headers = {
      'X-Forwarded-For': '192.0.2.7',
      Connection: 'x-mine',
      'X-Mine': '1',
      'Keep-Alive': 'timeout=1',
    };
    const { echo } = await cluster.call({ host: 'app.test', headers });
    expect(echo?.host).toBe('app.test');
    expect(echo?.headers).toMatchObject({
      'x-forwarded-for': '192.0.2.7, 127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    expect(Object.keys(echo?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-mine']));
  });
});

it('joins WebSockets', async () => {
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await serve();
  const hostPort = await cluster.listen(server);
  const annotations = cluster.pods[0]?.metadata?.annotations ?? {};
  annotations['slipway.dev/host-ports'] = JSON.stringify({ 3000: hostPort });
  cluster.apply();
  const client = new WebSocket(`ws://127.0.0.1:${cluster.running.ports.ingress}/ws`, {
    headers: { Host: 'app.test' },
  });
  await once(client, 'open');
  client.send('hello');
  const [message] = (await once(client, 'message')) as [Buffer];
  expect(message.toString()).toBe('hello');
  client.close();
  await once(client, 'close');
});

describe('the pods’ proxy', () => {
  const authorization = (user: string, password = PROXY_CREDENTIAL): Record<string, string> => ({
    'Proxy-Authorization': `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const through = async (
    url: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: string }> => {
    const sent = request({
      host: '127.0.0.1',
      port: cluster.running.ports.proxy,
      path: url,
      headers: { Host: new URL(url).host, ...headers },
    });
    sent.end();
    const response = await responseTo(sent);
    let body = '';
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) body += chunk;
    return { status: response.statusCode ?? 0, body };
  };

  it.each([
    'http://app:8080/x',
    'http://app.ns:8080/x',
    'http://app.ns.svc:8080/x',
    'http://app.ns.svc.cluster.local:8080/x',
    'http://10.43.0.1:8080/x',
    'http://10.42.1.1:3000/x',
    'http://10-42-1-1.ns.pod.cluster.local:3000/x',
    'http://app.test/x',
  ])('reaches %s', async (url) => {
    await serve();
    const { status, body } = await through(url, authorization('caller-0.ns'));
    expect([status, JSON.parse(body)]).toEqual([
      200,
      expect.objectContaining({ pod: 'app-0', path: '/x', host: new URL(url).host }),
    ]);
  });

  it('looks short names up in the caller’s namespace', async () => {
    await serve();
    expect((await through('http://app.nowhere.svc:8080/', authorization('x.ns'))).status).toBe(503);
    const wrongPort = await through('http://app:81/', authorization('x.ns'));
    expect(wrongPort).toEqual({
      status: 503,
      body: expect.stringContaining('has no port 81; it has 8080') as string,
    });
  });

  it.each([{}, authorization('x.ns', 'wrong'), authorization('x.ns', '')])('refuses %o', async (headers) => {
    await serve();
    expect((await through('http://app.ns:8080/', headers)).status).toBe(407);
    const sent = request({
      host: '127.0.0.1',
      port: cluster.running.ports.proxy,
      method: 'CONNECT',
      path: 'app.ns:8080',
      headers,
    });
    sent.end();
    const [response] = (await once(sent, 'connect')) as [IncomingMessage];
    expect(response.statusCode).toBe(407);
  });

  it('counts for the caller', async () => {
    await serve();
    await through('http://app.ns:8080/', authorization('transformer-0.ns'));
    expect(await metrics()).toMatch(
      /istio_requests_total\{reporter="destination",source_workload="transformer-0",source_workload_namespace="ns",destination_workload="app",.*pod="app-0"\} 1/,
    );
  });
});

describe('the egress socket', () => {
  const tunnel = async (authority: string): Promise<{ status: number; socket: Socket }> => {
    const sent = request({ socketPath: cluster.egressSocket, method: 'CONNECT', path: authority });
    sent.end();
    const [response, socket] = (await once(sent, 'connect')) as [IncomingMessage, Socket];
    return { status: response.statusCode ?? 0, socket };
  };
  const get = async (socket: Socket): Promise<string> => {
    socket.write('GET /through HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    return text;
  };

  it('is the user’s alone', async () => {
    expect(((await stat(cluster.egressSocket)).mode & 0o777).toString(8)).toBe('600');
  });

  it('reaches pods, Services, nodes and this machine', async () => {
    await serve();
    const port = await cluster.listen(createServer((_request, response) => response.end('kubelet')));
    for (const authority of ['10.42.1.1:3000', '10.43.0.1:8080', 'app.ns.svc:8080']) {
      const { status, socket } = await tunnel(authority);
      expect([authority, status, await get(socket)]).toEqual([
        authority,
        200,
        expect.stringContaining('"pod":"app-0"'),
      ]);
    }
    for (const authority of [`10.42.255.1:${port}`, `127.0.0.1:${port}`, `localhost:${port}`]) {
      const { status, socket } = await tunnel(authority);
      expect([authority, status, await get(socket)]).toEqual([
        authority,
        200,
        expect.stringContaining('kubelet'),
      ]);
    }
  });

  it.each([['10.42.7.7:80'], ['10.43.7.7:80'], ['app.ns.svc:99'], ['nope.ns.svc:80']])(
    'answers 503 for %s',
    async (authority) => {
      await serve();
      const { status, socket } = await tunnel(authority);
      socket.destroy();
      expect(status).toBe(503);
    },
  );
});

describe('metrics', () => {
  it('are not for everyone', async () => {
    const url = `http://127.0.0.1:${cluster.running.ports.metrics}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { Authorization: 'Bearer x' } })).status).toBe(401);
  });

  it('count by pod, code and time, in Istio’s names', async () => {
    await serve((incoming, response) => response.writeHead(incoming.url === '/bad' ? 500 : 200).end('12345'));
    for (const path of ['/', '/', '/bad']) await cluster.call({ host: 'app.test', path });
    await cluster.call({ host: 'unknown.test' });
    const text = await metrics();
    const of = (code: string): string =>
      `reporter="source",source_workload="slipway-gateway",source_workload_namespace="slipway-system",destination_workload="app",destination_workload_namespace="ns",destination_canonical_service="app",destination_canonical_revision="latest",destination_service="app.ns.svc.cluster.local",destination_service_name="app",destination_service_namespace="ns",request_protocol="http",response_code="${code}",response_flags="-",pod="app-0"`;
    expect(text).toContain(`istio_requests_total{${of('200')}} 2\n`);
    expect(text).toContain(`istio_requests_total{${of('500')}} 1\n`);
    expect(text).toContain(`istio_response_bytes_sum{${of('200')}} 10\n`);
    expect(text).toContain(`istio_request_duration_milliseconds_bucket{${of('200')},le="+Inf"} 2\n`);
    expect(text).toMatch(/response_code="404",response_flags="NR"/);
  });

  it('forget a pod some time after it has gone', async () => {
    await serve();
    await cluster.call({ host: 'app.test' });
    const { metrics: counters } = cluster.running.dataPlane;
    counters.retain(() => false, 0);
    expect(counters.render()).toContain('pod="app-0"');
    counters.retain(() => false, 60 * 60_000);
    expect(counters.render()).not.toContain('pod="app-0"');
  });
});

it('closes a connection that speaks no HTTP', async () => {
  const socket = connect(cluster.running.ports.ingress, '127.0.0.1');
  socket.end('\u0016\u0003\u0001 hello\r\n\r\n');
  let text = '';
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  expect(text).toMatch(/^HTTP\/1.1 400/);
});
