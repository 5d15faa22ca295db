/**
 * The gateway against HAProxy, both splitting 90/10 over the same two pods, and against calling a pod directly. Load and
 * pods run in processes of their own. HAProxy is left out when it isn't on PATH.
 *
 * The added times are of a quiet machine. On a busy one each wait for a processor is counted too, a pod's own ones
 * first: `chrt -f 10 npm run bench -- gateway` (as root, Linux) goes before whatever else runs.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { BenchSuite } from './suite.ts';

const here = import.meta.dirname;
const CONNECTIONS = 32;
const SECONDS = 1.5;
/** Taken in turns, so that whatever else the machine does hits all alike. */
const ROUNDS = 5;
const FIXED_RPS = 500;
/** Of each target: 5,000 requests, 50 of them beyond the 99th percentile. */
const FIXED_SECONDS = 10;

interface Load {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
}

export const run: BenchSuite = async (report) => {
  const children: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'slipway-gateway-bench-'));
  const start = async (program: string, args: readonly string[]): Promise<string> => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return line.toString().trim();
  };
  const part = (...args: string[]): Promise<string> =>
    start(process.execPath, [join(here, 'gatewayParts.ts'), ...args]);
  const load = async (...args: readonly (string | number)[]): Promise<readonly Load[]> =>
    JSON.parse(await part(...args.map(String))) as Load[];
  const atFullSpeed = async (port: number): Promise<number> =>
    (await load('load', port, CONNECTIONS, SECONDS))[0]?.rps ?? Number.NaN;
  try {
    const pods = [Number(await part('pod')), Number(await part('pod'))];
    const gateway = Number(await part('gateway', ...pods.map(String)));
    const haproxy = await startHaproxy(folder, pods, children);
    if (haproxy === undefined)
      process.stderr.write('HAProxy is not on PATH: the gateway has no peer here.\n');
    const targets = { direct: pods[0] ?? 0, gateway, ...(haproxy === undefined ? {} : { haproxy }) };
    const rounds = new Map<string, number[]>();
    for (const port of Object.values(targets)) await atFullSpeed(port);
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, port] of Object.entries(targets))
        rounds.set(name, [...(rounds.get(name) ?? []), await atFullSpeed(port)]);
    const rps = (name: string): number =>
      rounds.get(name)?.toSorted((x, y) => x - y)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
    const peer = haproxy === undefined ? {} : { peer: 'haproxy', theirs: rps('haproxy') };
    report({ case: 'split-90-10', metric: 'rps', ours: rps('gateway'), ...peer });
    report({
      case: 'split-90-10',
      metric: 'rps',
      ours: rps('gateway'),
      peer: 'direct',
      theirs: rps('direct'),
    });
    const [direct, ours, theirs] = await load(
      'turns',
      FIXED_RPS,
      FIXED_SECONDS,
      ...[targets.direct, gateway, ...(haproxy === undefined ? [] : [haproxy])],
    );
    if (direct === undefined || ours === undefined) throw new Error('Nothing was measured.');
    for (const percentile of ['p50', 'p99'] as const) {
      const added = (one: Load): number => Number((one[percentile] - direct[percentile]).toFixed(3));
      report({
        case: `added-at-${FIXED_RPS}-rps`,
        metric: `${percentile}-ms`,
        ours: added(ours),
        ...(theirs === undefined ? {} : { peer: 'haproxy', theirs: added(theirs) }),
      });
    }
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function startHaproxy(
  folder: string,
  pods: readonly number[],
  children: ChildProcess[],
): Promise<number | undefined> {
  const program = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)]
    .map((path) => join(path, 'haproxy'))
    .find(existsSync);
  if (program === undefined) return undefined;
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('A TCP listener has a port.');
  const config = join(folder, 'haproxy.cfg');
  writeFileSync(
    config,
    [
      'defaults',
      '  mode http',
      '  timeout client 30s',
      '  timeout server 30s',
      '  timeout connect 5s',
      'frontend in',
      `  bind 127.0.0.1:${address.port}`,
      '  acl iris hdr(host) -i iris.test',
      '  use_backend iris if iris',
      'backend iris',
      '  balance roundrobin',
      `  server stable 127.0.0.1:${pods[0]} weight 90`,
      `  server canary 127.0.0.1:${pods[1]} weight 10`,
      '',
    ].join('\n'),
  );
  children.push(spawn(program, ['-f', config, '-db', '-q'], { stdio: 'inherit' }));
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${address.port}/`).catch(() => undefined);
    if (answer !== undefined) return address.port;
  }
}
