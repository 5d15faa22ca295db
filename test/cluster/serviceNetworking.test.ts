/** Pods that reach a Service over plain TCP by its name, as in any cluster: the name is in their environment or args. */
import { expect, it } from 'vitest';
import { cluster, until, useNamespace } from './cluster.ts';

const namespace = useNamespace('services');
const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, ...args], input);

/** Says its own name, then whatever it is told. */
const server = `
import os, socketserver

class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(os.environ['NAME'].encode() + b'\\n')
        for line in self.rfile:
            self.wfile.write(line.upper())

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True

Server(('0.0.0.0', 7007), Echo).serve_forever()
`;

const echo = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'echo' } },
  spec: {
    containers: [
      {
        name: 'echo',
        image: 'python:3.12',
        command: ['python', '-c', server],
        env: [{ name: 'NAME', value: name }],
        ports: [{ containerPort: 7007 }],
        readinessProbe: { tcpSocket: { port: 7007 }, periodSeconds: 1 },
      },
    ],
  },
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'echo' },
  spec: { selector: { app: 'echo' }, ports: [{ name: 'tcp-echo', port: 6000, targetPort: 7007 }] },
};

/** Connects to what its argument says, over and over as a client does, and prints who answered. */
const client = `
import os, socket, sys, time

def ask(host, port):
    for _ in range(100):
        try:
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                stream = connection.makefile('rw')
                name = stream.readline().strip()
                stream.write('hello\\n')
                stream.flush()
                return name + ' ' + stream.readline().strip()
        except OSError:
            time.sleep(0.1)

print('arg', ask(*sys.argv[1].split(':')))
print('env', ask(*os.environ['ECHO_URL'].removeprefix('tcp://').split(':')))
print('pair', ask(os.environ['BACKEND_HOST'], os.environ['BACKEND_PORT']))
print('link', ask(os.environ['ECHO_SERVICE_HOST'], os.environ['ECHO_SERVICE_PORT']))
`;

it('reaches the ready pods of a Service', async () => {
  const objects = [service, echo('one')];
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await kubectl(['wait', 'pod/one', '--for=condition=Ready', '--timeout=60s']);
  const ask = async (name: string): Promise<string> => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'client',
            image: 'python:3.12',
            command: ['python', '-c', client],
            args: [`echo.${namespace}.svc.cluster.local:6000`],
            env: [
              { name: 'ECHO_URL', value: 'tcp://echo:6000' },
              { name: 'BACKEND_HOST', value: `echo.${namespace}.svc` },
              { name: 'BACKEND_PORT', value: '6000' },
            ],
          },
        ],
      },
    };
    await kubectl(['apply', '-f', '-'], JSON.stringify(pod));
    await kubectl(['wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
    return kubectl(['logs', name]);
  };
  expect(await ask('first')).toBe('arg one HELLO\nenv one HELLO\npair one HELLO\nlink one HELLO\n');
  // The pod goes, another takes its place: the address that clients have stays.
  await kubectl(['apply', '-f', '-'], JSON.stringify(echo('two')));
  await kubectl(['delete', 'pod/one', '--grace-period=1']);
  await kubectl(['wait', 'pod/two', '--for=condition=Ready', '--timeout=60s']);
  const endpoints = ['get', 'endpointslices', '-l', 'kubernetes.io/service-name=echo', '-o'];
  await until(async () => {
    const names = await kubectl([...endpoints, 'jsonpath={.items[*].endpoints[*].targetRef.name}']);
    return names === 'two';
  });
  expect(await ask('second')).toBe('arg two HELLO\nenv two HELLO\npair two HELLO\nlink two HELLO\n');
});
