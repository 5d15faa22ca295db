/** Containers are processes of this machine: what they serve, also on all interfaces, nobody else may reach. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cluster, useNamespace } from './cluster.ts';

const namespace = useNamespace('listeners');
const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, ...args], input);

/** KServe's server as its documentation starts it: HTTP on 0.0.0.0, gRPC on [::], both written in its source. */
const kserve = `
from kserve import Model, ModelServer

class Echo(Model):
    def __init__(self, name):
        super().__init__(name)
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        return payload

ModelServer(http_port=8080, grpc_port=8081).start([Echo('echo')])
`;

/** A coordinator, which JAX binds to [::] in C++. */
const jax = `
import time
import jax

jax.distributed.initialize(coordinator_address='127.0.0.1:7443', num_processes=1, process_id=0)
time.sleep(600)
`;

const web = `
import http.server, socketserver, threading

dual = http.server.ThreadingHTTPServer(('', 7001), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=dual.serve_forever).start()
socketserver.TCPServer(('0.0.0.0', 7002), socketserver.BaseRequestHandler).serve_forever()
`;

const servers = [
  { name: 'kserve', image: 'kserve/echo', code: kserve, ports: [8080, 8081] },
  { name: 'jax', image: 'ghcr.io/kubeflow/trainer/jax-runtime', code: jax, ports: [7443] },
  { name: 'web', image: 'python:3.12', code: web, ports: [7001, 7002] },
];

it.skipIf(process.platform !== 'linux')('listen on this machine’s loopback only', async () => {
  const pods = servers.map(({ name, image, code, ports: [port = 0, ...more] }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [
        {
          name: 'server',
          image,
          command: ['python', '-c', code],
          ports: [port, ...more].map((containerPort) => ({ containerPort })),
          readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
        },
      ],
    },
  }));
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }));
  // Ready: the node agent, and so the gateway, reaches it over IPv4.
  await kubectl(['wait', 'pod', '--all', '--for=condition=Ready', '--timeout=150s']);
  for (const { name, ports } of servers) {
    const listeners = listenersOf(name);
    expect([name, listeners.length >= ports.length]).toEqual([name, true]);
    const isLoopback = (address: string): boolean => LOOPBACK.includes(address);
    expect([name, listeners.filter((address) => !isLoopback(address))]).toEqual([name, []]);
  }
});

// As the kernel writes 127.0.0.1, ::ffff:127.0.0.1 and ::1: in words of the machine's byte order.
const LOOPBACK = ['0100007F', '0000000000000000FFFF00000100007F', '00000000000000000000000001000000'];
const LISTEN = '0A';

/** Addresses of all listening sockets of the processes whose host name is the pod's. */
function listenersOf(pod: string): readonly string[] {
  const addresses = new Map<string, string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state === LISTEN) addresses.set(`socket:[${inode}]`, local.split(':')[0] ?? '');
    }
  }
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && isOfPod(pid, pod))
    .flatMap(openFiles)
    .flatMap((file) => addresses.get(file) ?? []);
}

function isOfPod(pid: string, pod: string): boolean {
  const environ = quietly(() => readFileSync(join('/proc', pid, 'environ'), 'utf8')) ?? '';
  const variables = environ.split('\0');
  return variables.includes(`HOSTNAME=${pod}`) && variables.some((one) => one.includes(cluster.home));
}

function openFiles(pid: string): readonly string[] {
  const folder = join('/proc', pid, 'fd');
  const names = quietly(() => readdirSync(folder)) ?? [];
  return names.flatMap((name) => quietly(() => readlinkSync(join(folder, name))) ?? []);
}

/** Processes and files go while one looks. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
