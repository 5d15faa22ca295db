/** Another program in a container, joined to a client's streams. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Status } from '../../../../src/clients/kubernetes/model.ts';
import { asError } from '../../../../src/core/base/errors.ts';
import { isSameProcess, processStarted } from '../../processes.ts';
import type { ContainerRuntime } from '../contract.ts';
import { recordBeside } from '../pods/besides.ts';
import { groupMembers } from '../usage.ts';
import type { RemoteStreams, StreamOptions } from './remoteStreams.ts';
import { onTerminal } from './terminal.ts';

const KILL_GRACE_MS = 2_000;
const CONTAINER_CHECK_MS = 1_000;

/** Runs the words until they end, the client goes, the container stops or the signal aborts; tells the client how. */
export async function execInContainer(
  container: ContainerRuntime,
  words: readonly string[],
  streams: RemoteStreams,
  options: StreamOptions,
  signal: AbortSignal,
): Promise<void> {
  let status: Status;
  try {
    const code = await run(container, words, streams, options, signal);
    status = code === 0 ? { metadata: {}, status: 'Success' } : exitStatus(words, code);
  } catch (error) {
    const { message } = asError(error);
    status = internalError(`error executing command in container: ${message}`);
  }
  await streams.finish(status);
}

async function run(
  container: ContainerRuntime,
  words: readonly string[],
  streams: RemoteStreams,
  { tty }: StreamOptions,
  signal: AbortSignal,
): Promise<number> {
  const plain = container.command(words);
  const command = tty ? await onTerminal(plain, signal) : plain;
  const stop = AbortSignal.any([signal, streams.closed]);
  stop.throwIfAborted();
  const child = spawn(command.program, command.args, {
    env: command.env,
    cwd: command.cwd,
    detached: true,
    stdio: [
      streams.stdin === undefined ? 'ignore' : 'pipe',
      streams.stdout === undefined ? 'ignore' : 'pipe',
      streams.stderr === undefined ? 'ignore' : 'pipe',
      ...(tty ? (['pipe'] as const) : []),
    ],
  });
  recordBeside(plain, child);
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', (error) => reject(startError(error, words)));
  child.once('close', (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
  const kill = (): void => void killTree(child).catch(() => undefined);
  stop.addEventListener('abort', kill, { once: true });
  const watch = stopWithContainer(container, kill);
  try {
    if (streams.stdin !== undefined && child.stdin !== null) feed(streams.stdin, child.stdin);
    const sizes = child.stdio[3];
    if (streams.resize !== undefined && sizes instanceof Object && 'writable' in sizes)
      passSizes(streams.resize, sizes);
    const [code] = await Promise.all([
      ended,
      drained(child.stdout, streams.stdout),
      drained(child.stderr, streams.stderr),
    ]);
    return code;
  } finally {
    clearInterval(watch);
    stop.removeEventListener('abort', kill);
  }
}

/** A client that has gone is no error of ours: the child is killed then. */
async function drained(from: Readable | null, to: Writable | undefined): Promise<void> {
  if (from === null || to === undefined) return;
  await pipeline(from, to).catch(() => from.resume());
}

function feed(from: Readable, to: Writable): void {
  // What the program doesn't want to read any more is dropped, so that it doesn't hold up the connection.
  pipeline(from, to, { end: true }).catch(() => from.resume());
}

const terminalSize = z.object({ Width: z.int().min(0).max(65_535), Height: z.int().min(0).max(65_535) });

/** The client sends JSON objects one after another, with or without a line end between. */
function passSizes(from: Readable, to: Writable): void {
  let text = '';
  to.on('error', () => undefined);
  from.setEncoding('utf8');
  from.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const parsed = terminalSize.safeParse(parsedJson(text.slice(0, end + 1)));
      text = text.slice(end + 1);
      if (parsed.success && to.writable) to.write(`${parsed.data.Width} ${parsed.data.Height}\n`);
    }
    if (text.length > 1024) text = '';
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** In a real container the kernel ends what runs beside its first process. */
function stopWithContainer(container: ContainerRuntime, kill: () => void): NodeJS.Timeout {
  const { pid } = container;
  return setInterval(() => {
    if (!container.isRunning || container.pid !== pid) kill();
  }, CONTAINER_CHECK_MS);
}

/** Ends the child and all it started: SIGHUP as from a terminal that is closed, then SIGKILL. */
async function killTree(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const members = (await groupMembers([pid])).get(pid) ?? [];
  const known = members.map((member) => ({ pid: member, started: processStarted(member) }));
  for (const name of ['SIGHUP', 'SIGKILL'] as const) {
    for (const member of known) {
      if (!isSameProcess(member.pid, member.started)) continue;
      try {
        process.kill(member.pid, name);
      } catch {
        // It ended meanwhile.
      }
    }
    if (name === 'SIGHUP') await delay(KILL_GRACE_MS);
  }
}

function startError(error: Error, words: readonly string[]): Error {
  const { code } = error as NodeJS.ErrnoException;
  const name = JSON.stringify(words[0] ?? '');
  if (code === 'ENOENT') return new Error(`exec: ${name}: executable file not found in $PATH`);
  if (code === 'EACCES') return new Error(`exec: ${name}: permission denied`);
  return error;
}

function exitStatus(words: readonly string[], code: number): Status {
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: error executing command [${words.join(' ')}], exit code ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** As the kubelet tells of its own failures. */
export function internalError(message: string): Status {
  return {
    metadata: {},
    status: 'Failure',
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
    code: 500,
  };
}
