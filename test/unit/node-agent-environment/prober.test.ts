import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type {
  ProbedContainer,
  ProbeKind,
  ProbeResult,
} from '../../../dev-cluster/embedded/node-agent/contract.ts';
import { LocalProber } from '../../../dev-cluster/embedded/node-agent/probes/prober.ts';
import { type Probe, runProbe } from '../../../dev-cluster/embedded/node-agent/probes/probe.ts';

const never = new AbortController().signal;

function container(spec: Omit<ProbedContainer['spec'], 'name'> = {}, hostPort = 0): ProbedContainer {
  return {
    pod: {},
    spec: { name: 'c', ...spec },
    startedAt: Date.now(),
    hostPort: () => hostPort,
    commandFor: ([program = '', ...args]) => ({
      program,
      args,
      env: { PATH: process.env['PATH'] ?? '' },
      cwd: '/',
    }),
  };
}

/** Runs the probes over a row of results; time doesn't pass. */
async function outcomes(spec: Omit<ProbedContainer['spec'], 'name'>, row: string): Promise<string[]> {
  const seen: string[] = [];
  const stop = new AbortController();
  let asked = 0;
  const prober = new LocalProber({
    probe: (): Promise<ProbeResult> => {
      const passed = row[asked] === '+';
      asked += 1;
      if (asked > row.length) stop.abort();
      return Promise.resolve({ passed, message: `no ${asked}` });
    },
    wait: () => Promise.resolve(),
  });
  const listener = {
    onOutcome: (kind: ProbeKind, passed: boolean) => seen.push(`${asked} ${kind} ${passed}`),
    onFailure: () => undefined,
  };
  await prober.watch(container(spec), listener, stop.signal);
  return seen;
}

describe('the prober', () => {
  it('tells readiness at the first outcome and at each change, by the thresholds', async () => {
    const readinessProbe = { successThreshold: 2, failureThreshold: 3 };
    expect(await outcomes({ readinessProbe }, '+++--+---+-++')).toEqual([
      '2 readiness true',
      '9 readiness false',
      '13 readiness true',
    ]);
  });

  it('ends at the first outcome against a container that lives', async () => {
    expect(await outcomes({ livenessProbe: { failureThreshold: 2 } }, '+-+--++')).toEqual([
      '1 liveness true',
      '5 liveness false',
    ]);
  });

  it('begins liveness and readiness when the startup probe has passed', async () => {
    const probes = { startupProbe: { failureThreshold: 5 }, livenessProbe: {}, readinessProbe: {} };
    const [first, ...others] = await outcomes(probes, '--+++');
    expect(first).toBe('3 startup true');
    expect(others.map((line) => line.slice(2)).toSorted()).toEqual(['liveness true', 'readiness true']);
    expect(await outcomes({ ...probes, startupProbe: { failureThreshold: 2 } }, '--+++')).toEqual([
      '2 startup false',
    ]);
  });
});

async function withServer<T>(listener: RequestListener, task: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await task((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const httpGet = (path: string): Probe => ({ httpGet: { port: 'web', path }, timeoutSeconds: 5 });
const spec = { ports: [{ name: 'web', containerPort: 8080 }] };

describe('httpGet', () => {
  it('takes 200 to 399, follows redirects on the host, trusts those to elsewhere', async () => {
    await withServer(
      (request, response) => {
        const status = Number(request.url?.slice(1));
        if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.invalid/' });
        else if (request.url === '/back') response.writeHead(301, { location: '/503' });
        else response.writeHead(status);
        response.end();
      },
      async (port) => {
        const probe = (path: string): Promise<ProbeResult> =>
          runProbe(httpGet(path), container(spec, port), never);
        expect((await probe('/200')).passed).toBe(true);
        expect((await probe('/399')).passed).toBe(true);
        expect((await probe('/away')).passed).toBe(true);
        expect(await probe('/404')).toEqual({
          passed: false,
          message: 'HTTP probe failed with statuscode: 404',
        });
        expect(await probe('/back')).toEqual({
          passed: false,
          message: 'HTTP probe failed with statuscode: 503',
        });
      },
    );
  });

  it('sends the headers of its spec, and the host as the container knows it', async () => {
    await withServer(
      ({ headers }, response) => {
        response.writeHead(headers['x-a'] === '1' && headers.host === '127.0.0.1:8080' ? 200 : 500).end();
      },
      async (port) => {
        const probe: Probe = {
          httpGet: { port: 8080, httpHeaders: [{ name: 'X-A', value: '1' }] },
          timeoutSeconds: 5,
        };
        expect((await runProbe(probe, container(spec, port), never)).passed).toBe(true);
      },
    );
  });

  it('fails in time when nobody answers, and when nobody listens', async () => {
    await withServer(
      () => undefined,
      async (port) => {
        const probe: Probe = { httpGet: { port: 8080 }, timeoutSeconds: 1 };
        expect((await runProbe(probe, container(spec, port), never)).message).toContain(
          'context deadline exceeded',
        );
      },
    );
    expect((await runProbe(httpGet('/'), container(spec, 1), never)).message).toContain('connection refused');
  });
});

describe('exec', () => {
  it('takes exit code 0, tells the output otherwise', async () => {
    const probe = (script: string, timeoutSeconds = 10): Promise<ProbeResult> =>
      runProbe({ exec: { command: ['sh', '-c', script] }, timeoutSeconds }, container(), never);
    expect((await probe('exit 0')).passed).toBe(true);
    expect(await probe('echo not yet; exit 3')).toEqual({ passed: false, message: 'not yet\n' });
    expect((await probe('sleep 60', 1)).message).toContain('timed out');
    // What goes on behind it doesn't hold it up.
    expect((await probe('sleep 60 & exit 0')).passed).toBe(true);
  });
});
