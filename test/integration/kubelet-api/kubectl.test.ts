import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, truncateSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedProgram, startApiServer, type ApiServer } from './apiServer.ts';
import { FakeNode } from './fakeNode.ts';
import { olderKubectl } from './olderKubectl.ts';

const stop = new AbortController();
let server: ApiServer;
let node: FakeNode;
const kubectlPath = await cachedProgram('kubectl');
const olderPath = await olderKubectl(AbortSignal.timeout(120_000));

beforeAll(async () => {
  server = await startApiServer(AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]));
  node = new FakeNode(server, stop.signal);
  await node.start();
});

afterAll(async () => {
  await node.stopPods();
  stop.abort();
  await server.stop();
  expect(node.errors).toEqual([]);
});

interface Way {
  readonly program: string;
  readonly webSockets: boolean;
}

const NEWEST: Way = { program: kubectlPath, webSockets: true };
/** kubectl's newer way is WebSocket to the API server, its older one SPDY from end to end. */
const WAYS: readonly (readonly [string, Way])[] = [
  ['WebSocket', NEWEST],
  ['SPDY', { program: kubectlPath, webSockets: false }],
  ...(olderPath === undefined
    ? []
    : [['1.29', { program: olderPath, webSockets: false }] satisfies [string, Way]]),
];

function kubectl(
  words: readonly string[],
  { program, webSockets }: Way = NEWEST,
): ChildProcessWithoutNullStreams {
  const child = spawn(program, ['--kubeconfig', server.kubeconfig, ...words], {
    env: {
      ...process.env,
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(webSockets),
      KUBECTL_PORT_FORWARD_WEBSOCKETS: String(webSockets),
    },
  });
  child.stdin.on('error', () => undefined); // It may end before it has read all.
  return child;
}

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function result(child: ChildProcessWithoutNullStreams, input?: string | Buffer): Promise<Result> {
  if (input !== undefined) child.stdin.end(input);
  const exit = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, stdout, stderr };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

describe.each(WAYS)('kubectl exec over %s', (way, client) => {
  const name = `exec-${way.toLowerCase()}`;
  const exec = (words: readonly string[], input?: string | Buffer): Promise<Result> =>
    result(kubectl(['exec', ...(input === undefined ? [] : ['-i']), name, ...words], client), input);

  beforeAll(async () => {
    await node.run({ name, script: 'exec sleep 1000', env: { GREETING: 'grüße' } });
  });

  it('runs in the container’s environment; streams are apart, the exit code comes back', async () => {
    const script = 'echo "$GREETING"; echo bad >&2; exit 7';
    expect(await exec(['--', 'sh', '-c', script])).toEqual({
      code: 7,
      stdout: 'grüße\n',
      stderr: 'bad\ncommand terminated with exit code 7\n',
    });
  });

  it('says so when the program is not there', async () => {
    const { code, stderr } = await exec(['--', 'no-such-program']);
    expect(code).toBe(1);
    expect(stderr).toContain('exec: "no-such-program": executable file not found in $PATH');
  });

  it('tells a signal as 128 and its number', async () => {
    expect((await exec(['--', 'sh', '-c', 'kill -9 $$'])).code).toBe(137);
  });

  it('passes the end of input on', async () => {
    const { stdout } = await exec(['--', 'sh', '-c', 'cat; echo done'], 'line\n');
    expect(stdout).toBe('line\ndone\n');
  });

  it('carries megabytes both ways, byte for byte', async () => {
    const bytes = randomBytes(24 * 1024 * 1024);
    const { stdout, code } = await exec(['--', 'sh', '-c', 'tee /dev/fd/2 | sha256sum; sleep 0.1'], bytes);
    expect(code).toBe(0);
    expect(stdout.slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('waits for a slow reader instead of filling memory', async () => {
    const child = kubectl(['exec', name, '--', 'head', '-c', '268435456', '/dev/zero'], client);
    const before = process.memoryUsage().rss;
    let most = before;
    let received = 0;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      if (received === 0) await delay(1_000);
      received += chunk.length;
      most = Math.max(most, process.memoryUsage().rss);
    }
    expect(received).toBe(268_435_456);
    expect(most - before).toBeLessThan(160 * 1024 * 1024);
  });

  it('input that nobody reads doesn’t hold up the end', async () => {
    const { stdout, code } = await exec(
      ['--', 'sh', '-c', 'exec <&-; echo closed'],
      randomBytes(4 * 1024 * 1024),
    );
    expect({ stdout, code }).toEqual({ stdout: 'closed\n', code: 0 });
  });

  it('kills the program when the client goes', async () => {
    const marker = `marker-${way}-${Date.now()}`;
    const child = kubectl(
      ['exec', name, '--', 'sh', '-c', `echo ready; sleep 987 & sleep 987; : ${marker}`],
      client,
    );
    await once(child.stdout, 'data');
    const lives = async (): Promise<boolean> =>
      (await text(spawn('ps', ['-axo', 'args']).stdout)).includes(`: ${marker}`);
    const runs = async (): Promise<number> =>
      (await text(spawn('ps', ['-axo', 'args']).stdout)).split('\n').filter((line) => line === 'sleep 987')
        .length;
    expect(await lives()).toBe(true);
    expect(await runs()).toBe(2);
    child.kill('SIGKILL');
    await until(async () => !(await lives()) && (await runs()) === 0);
  });

  it('copies a folder in and out with kubectl cp', async () => {
    const target = `${server.home}/copied-${way}`;
    const source = `${import.meta.dirname}/../../fixtures/spdy`;
    expect((await result(kubectl(['cp', source, `${name}:${target}`], client))).code).toBe(0);
    expect((await result(kubectl(['cp', `${name}:${target}`, `${target}-back`], client))).code).toBe(0);
    const compare = spawn('diff', ['-r', source, `${target}-back`]);
    expect(await result(compare)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('gives a terminal its size, and follows it', async () => {
    // kubectl itself runs on a terminal here, made by Python.
    const words = [client.program, '--kubeconfig', server.kubeconfig, 'exec', '-it', name, '--', 'sh', '-c'];
    const script =
      'tty -s && echo is-tty; while [ "$(stty size)" != "44 55" ]; do sleep 0.05; done; echo first; while [ "$(stty size)" != "66 77" ]; do sleep 0.05; done; read line; echo "got $line"; exit 5';
    const driver = `
import fcntl, os, pty, struct, sys, termios
def resize(rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0:
    resize.__globals__["fd"] = 0
    resize(44, 55)
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
def expect(words):
    global seen
    while words not in seen: seen += os.read(fd, 4096)
expect(b"first")
resize(66, 77)
os.write(fd, b"hello\\r")
expect(b"got hello")
print(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
    const child = spawn('python3', ['-c', driver, ...words, script], {
      env: { ...process.env, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(client.webSockets) },
    });
    const { code, stdout, stderr } = await result(child);
    expect(stderr).toBe('');
    expect(stdout).toContain('is-tty');
    expect(code).toBe(5);
  });
});

describe('kubectl logs', () => {
  it.each(WAYS)(
    'shows all, the last lines, and follows until the container ends: %s',
    async (way, client) => {
      const name = `logs-${way.toLowerCase()}`;
      const pod = await node.run({
        name,
        script:
          'seq 1 1000; echo "no line end here ->" | tr -d "\\n"; while [ ! -e go ]; do sleep 0.05; done; echo more; echo last',
      });
      await until(async () => (await result(kubectl(['logs', name], client))).stdout.endsWith('->'));
      const all = (await result(kubectl(['logs', name], client))).stdout;
      expect(all.split('\n')).toHaveLength(1001);
      expect((await result(kubectl(['logs', name, '--tail=3'], client))).stdout).toBe(
        '999\n1000\nno line end here ->',
      );
      expect((await result(kubectl(['logs', name, '--tail=0'], client))).stdout).toBe('');
      expect((await result(kubectl(['logs', name, '--limit-bytes=7'], client))).stdout).toBe('1\n2\n3\n4');
      const follow = kubectl(['logs', '-f', name, '--tail=2'], client);
      let seen = '';
      follow.stdout.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk));
      // kubectl shows a line when it has its end.
      await until(() => seen === '1000\n');
      const exit = once(follow, 'close');
      appendFileSync(`${pod.folder}/go`, '');
      expect(await exit).toEqual([0, null]);
      expect(seen).toBe('1000\nno line end here ->more\nlast\n');
    },
  );

  it('tells times and shows what came since one', async () => {
    const pod = await node.run({ name: 'times', script: 'exec sleep 1000' });
    const { container } = pod;
    for (const [minute, line] of ['zero', 'one', 'two'].entries()) {
      appendFileSync(container.logFile, `${line}\n${line} again\n`);
      container.index(Date.UTC(2026, 0, 2, 3, minute));
    }
    expect((await result(kubectl(['logs', 'times', '--timestamps', '--tail=3']))).stdout).toBe(
      '2026-01-02T03:01:00.000000000Z one again\n' +
        '2026-01-02T03:02:00.000000000Z two\n2026-01-02T03:02:00.000000000Z two again\n',
    );
    expect((await result(kubectl(['logs', 'times', '--since-time=2026-01-02T03:00:30Z']))).stdout).toBe(
      'one\none again\ntwo\ntwo again\n',
    );
    expect((await result(kubectl(['logs', 'times', '--since=1h']))).stdout).toBe('');
    appendFileSync(container.logFile, 'now\n');
    expect((await result(kubectl(['logs', 'times', '--since=1h']))).stdout).toBe('now\n');
  });

  it('follows with times, line by line, through a rotation', async () => {
    const pod = await node.run({ name: 'rotated', script: 'exec sleep 1000' });
    const { container } = pod;
    appendFileSync(container.logFile, 'first\n');
    container.index(Date.UTC(2026, 0, 1));
    const follow = kubectl(['logs', '-f', 'rotated', '--timestamps']);
    let seen = '';
    follow.stdout.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk));
    await until(() => seen.includes('first\n'));
    expect(seen).toBe('2026-01-01T00:00:00.000000000Z first\n');
    appendFileSync(container.logFile, 'half');
    appendFileSync(container.logFile, ' and half\n');
    await until(() => seen.includes('half and half\n'));
    appendFileSync(container.logFile, 'before\n');
    copyFileSync(container.logFile, `${container.logFile}.1`);
    container.rotated = [`${container.logFile}.1`];
    truncateSync(container.logFile);
    appendFileSync(container.logFile, 'after\n');
    await until(() => seen.includes('after\n'));
    expect(seen.replaceAll(/^\S+Z /gm, '')).toBe('first\nhalf and half\nbefore\nafter\n');
    const exit = once(follow, 'exit');
    await container.stop();
    expect(await exit).toEqual([0, null]);
  });

  it('has the previous instance’s, or says that there is none', async () => {
    const pod = await node.run({ name: 'previous', script: 'echo new; exec sleep 1000' });
    const missing = await result(kubectl(['logs', 'previous', '--previous']));
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('previous terminated container "main" in pod "previous" not found');
    appendFileSync(`${pod.folder}/old.log`, 'old\n');
    pod.container.previousLogFiles = [`${pod.folder}/old.log`];
    expect((await result(kubectl(['logs', 'previous', '-p']))).stdout).toBe('old\n');
  });
});

describe('kubectl attach', () => {
  it.each(WAYS)('joins the container’s input and output over %s', async (way, client) => {
    const name = `attach-${way.toLowerCase()}`;
    const fifo = `${server.home}/${name}.fifo`;
    await once(spawn('mkfifo', [fifo]), 'exit');
    await node.run({
      name,
      script: 'echo before; while read line; do [ "$line" = end ] && exit; echo "heard $line"; done',
      stdinPath: fifo,
    });
    const child = kubectl(['attach', '-i', name], client);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    const exit = once(child, 'close');
    // What is written before the client has joined is heard too, but its echo isn't seen: write until it is.
    await until(async () => {
      child.stdin.write('hello\n');
      await delay(200);
      return stdout.includes('heard hello\n');
    });
    child.stdin.write('end\n');
    expect(await exit).toEqual([0, null]);
    expect(stdout).not.toContain('before');
  });
});

async function listening(listener: Server): Promise<number> {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return (listener.address() as AddressInfo).port;
}

describe.each(WAYS)('kubectl port-forward over %s', (way, client) => {
  const name = `forward-${way.toLowerCase()}`;
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    // Answers only after the other half has closed: half-closes must pass both ways.
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('end', () => socket.end(Buffer.concat(parts)));
    socket.on('error', () => undefined);
  });
  const http = createHttpServer((request, response) => response.end(`served ${request.url ?? ''}`));
  let forward: ChildProcessWithoutNullStreams;
  const local = new Map<number, number>();
  let output = '';

  beforeAll(async () => {
    const hostPorts = new Map([
      [7000, await listening(echo)],
      [8080, await listening(http)],
    ]);
    await node.run({ name, script: 'exec sleep 1000', hostPorts });
    forward = kubectl(['port-forward', `pod/${name}`, ':7000', ':8080', ':9'], client);
    forward.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    forward.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    await until(() => [...output.matchAll(/127\.0\.0\.1:(\d+) -> (\d+)/g)].length === 3);
    for (const [, from, to] of output.matchAll(/127\.0\.0\.1:(\d+) -> (\d+)/g))
      local.set(Number(to), Number(from));
  });

  afterAll(() => {
    forward.kill('SIGKILL');
    echo.close();
    http.close();
  });

  it('serves many requests at once, over several ports of one connection', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const response = await fetch(`http://127.0.0.1:${local.get(8080)}/${index}`);
        return response.text();
      }),
    );
    expect(answers).toEqual(answers.map((_, index) => `served /${index}`));
  });

  it('keeps bytes and half-closes', async () => {
    const bytes = randomBytes(8 * 1024 * 1024);
    const answers = await Promise.all(
      [0, 1, 2].map(async () => {
        const socket = connect({ host: '127.0.0.1', port: local.get(7000) ?? 0, allowHalfOpen: true });
        socket.end(bytes);
        return Buffer.concat((await socket.toArray()) as Buffer[]);
      }),
    );
    for (const answer of answers) expect(answer.equals(bytes)).toBe(true);
  });

  it('tells when nobody listens on the pod’s port', async () => {
    const socket = connect({ host: '127.0.0.1', port: local.get(9) ?? 0 });
    expect(await socket.toArray()).toEqual([]);
    await until(() => output.includes('an error occurred forwarding'));
    expect(output).toContain(`error forwarding port 9 to pod ${name}`);
    expect(output).toContain('ECONNREFUSED');
  });
});
