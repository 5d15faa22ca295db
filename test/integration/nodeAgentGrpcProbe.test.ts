/** The gRPC probe against upstream's own server (grpcio, from KServe's environment). */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { grpcProbe } from '../../dev-cluster/embedded/node-agent/probes/grpcProbe.ts';
import { PythonEnvironments } from '../../dev-cluster/embedded/python/environments.ts';
import { resourcePath } from '../../dev-cluster/embedded/python/resources.ts';

/** Serves `good`, not `bad`, knows no other; answers `slow` never. */
const SERVER = `
import sys, time
from concurrent import futures
import grpc
def check(request, context):
    name = request[2:].decode() if request else ""
    if name == "slow":
        time.sleep(30)
    if name not in ("", "good", "bad"):
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service: " + name)
    return b"\\x08\\x02" if name == "bad" else b"\\x08\\x01"
server = grpc.server(futures.ThreadPoolExecutor(4))
if "health" in sys.argv:
    handler = grpc.unary_unary_rpc_method_handler(check)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": handler})])
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
`;

let python: string;
const children: ChildProcess[] = [];

async function serve(...args: readonly string[]): Promise<number> {
  const child = spawn(python, ['-c', SERVER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return Number(line);
}

beforeAll(async () => {
  const lock = resourcePath('dev-cluster', 'embedded', 'python', 'kserve.lock.txt');
  ({ python } = await new PythonEnvironments().fromLock(lock, new AbortController().signal));
}, 600_000);
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

const probe = (port: number, service: string, timeoutMs = 20_000): ReturnType<typeof grpcProbe> =>
  grpcProbe(port, service, AbortSignal.timeout(timeoutMs), timeoutMs);

it('tells a healthy service from all others', async () => {
  const port = await serve('health');
  expect(await probe(port, '')).toEqual({ passed: true, message: '' });
  expect(await probe(port, 'good')).toEqual({ passed: true, message: '' });
  expect(await probe(port, 'bad')).toEqual({
    passed: false,
    message: 'service unhealthy (responded with "NOT_SERVING")',
  });
  expect((await probe(port, 'other')).message).toContain('unknown service: other');
  expect((await probe(port, 'slow', 500)).message).toContain('context deadline exceeded');
}, 60_000);

it('says when a server has no health service', async () => {
  expect((await probe(await serve(), '')).message).toContain('does not implement the grpc health protocol');
}, 60_000);
