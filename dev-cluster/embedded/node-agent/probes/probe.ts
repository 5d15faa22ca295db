/** One probe, once, with the kubelet's verdicts and words. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Container } from '../../../../src/clients/kubernetes/model.ts';
import { asError } from '../../../../src/core/base/errors.ts';
import type { ContainerCommand, ProbedContainer, ProbeResult } from '../contract.ts';
import { recordBeside } from '../pods/besides.ts';
import { grpcProbe } from './grpcProbe.ts';
import { httpProbe } from './httpProbe.ts';

export type Probe = NonNullable<Container['livenessProbe']>;

const OUTPUT_LIMIT = 10 * 1024;
const OUTPUT_WAIT_MS = 100;
const PASSED: ProbeResult = { passed: true, message: '' };

/** Never throws but when the signal aborts: what goes wrong is a probe that failed. */
export async function runProbe(
  probe: Probe,
  target: ProbedContainer,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await dispatch(probe, target, limit, timeoutMs);
  } catch (error) {
    signal.throwIfAborted();
    return { passed: false, message: asError(error).message };
  }
}

async function dispatch(
  { exec, httpGet, tcpSocket, grpc }: Probe,
  target: ProbedContainer,
  limit: AbortSignal,
  timeoutMs: number,
): Promise<ProbeResult> {
  if (exec !== undefined) return execProbe(target.commandFor(exec.command ?? []), limit);
  if (httpGet !== undefined) {
    const port = portOf(httpGet.port, target);
    return httpProbe(httpGet, { port, hostPort: target.hostPort(port) }, limit);
  }
  if (tcpSocket !== undefined) return tcpProbe(target.hostPort(portOf(tcpSocket.port, target)), limit);
  if (grpc !== undefined) return grpcProbe(target.hostPort(grpc.port), grpc.service ?? '', limit, timeoutMs);
  return PASSED;
}

/** By number or by the name of one of the container's ports. */
export function portOf(port: unknown, { spec }: Pick<ProbedContainer, 'spec'>): number {
  const text = typeof port === 'string' || typeof port === 'number' ? String(port) : '';
  const number = Number(text);
  const known = Number.isNaN(number) ? spec.ports?.find(({ name }) => name === text)?.containerPort : number;
  if (known === undefined) throw new Error(`couldn't find port: ${text} in container ${spec.name}`);
  if (known < 1 || known > 65_535) throw new Error(`invalid port number: ${known}`);
  return known;
}

/** Also of hooks. When the signal aborts, the command is killed with all that it started. */
export async function execProbe(command: ContainerCommand, limit: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const child = spawn(command.program, command.args, {
      cwd: command.cwd,
      env: { ...command.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    recordBeside(command, child);
    let output = '';
    const onOutput = (chunk: string): void => {
      if (output.length < OUTPUT_LIMIT) output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', onOutput);
    child.stderr.setEncoding('utf8').on('data', onOutput);
    const finish = (result: ProbeResult): void => {
      limit.removeEventListener('abort', stop);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(result);
    };
    const stop = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
      const line = [command.program, ...command.args].join(' ');
      finish({ passed: false, message: `command timed out: "${line}" timed out` });
    };
    child.once('error', (error) => finish({ passed: false, message: error.message }));
    // What it left in the background may hold its output open.
    child.once('exit', () => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_WAIT_MS);
    });
    child.once('close', (code, signal) => {
      finish(
        code === 0
          ? PASSED
          : {
              passed: false,
              message: output.slice(0, OUTPUT_LIMIT) || `command exited with ${code ?? signal}`,
            },
      );
    });
    limit.addEventListener('abort', stop, { once: true });
    if (limit.aborted) stop();
  });
}

/** The child leads its own group. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function tcpProbe(port: number, limit: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal: limit });
    socket.once('connect', () => {
      socket.destroy();
      resolve(PASSED);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ECONNREFUSED'
          ? 'connect: connection refused'
          : limit.aborted
            ? 'i/o timeout'
            : error.message;
      resolve({ passed: false, message: `dial tcp 127.0.0.1:${port}: ${why}` });
    });
  });
}
