/** PostgreSQL: the tables of MLflow and of Feast's registry. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { credential, credentialPath } from '../credentials.ts';
import { writePrivateFile } from '../files.ts';
import { stablePort } from '../ports.ts';
import { PYTHON } from '../python/components.ts';
import { runTool } from '../python/tool.ts';
import { exists } from '../python/uv.ts';
import type { Command, Component, Health, Report } from '../supervisor/component.ts';
import { POSTGRES, USERNAME, postgresPasswordFile, serviceFolder, servicePort } from './addresses.ts';
import { feastEndpoints } from './feastEndpoints.ts';
import { exchange } from './exchange.ts';
import { POSTGRES_VERSION, type PostgresProgram, postgresProgram } from './postgresProgram.ts';

const DATABASES = ['mlflow', 'feast'];
const INIT_TIMEOUT_MS = 120_000;
/** `nobody` on every Linux. */
const UNPRIVILEGED = 65_534;

export const postgres: Component = {
  name: POSTGRES,
  version: POSTGRES_VERSION,
  dependsOn: [PYTHON],
  isNeeded: false,
  start: {
    kind: 'service',
    command,
    health,
    // "Fast" shutdown: SIGTERM's waits for every client to leave.
    stopSignal: 'SIGINT',
  },
};

async function command(report: Report, signal: AbortSignal): Promise<Command> {
  const program = await postgresProgram(report, signal);
  // Another major version doesn't read its data.
  const data = join(serviceFolder(POSTGRES), `data-${POSTGRES_VERSION.split('.')[0]}`);
  const password = await credential(POSTGRES, signal);
  if (!(await exists(data))) await makeData(program, data, report, signal);
  await removeStalePidFile(data);
  const port = await stablePort(POSTGRES, signal);
  await writePrivateFile(postgresPasswordFile(), `127.0.0.1:${port}:*:${USERNAME}:${password}\n`);
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    // Its path may be too long for a socket; everyone comes by TCP.
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    shared_buffers: '32MB',
    max_connections: 60,
    max_wal_size: '256MB',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return { ...unprivileged(program.postgres, ['-D', data, ...options]), cwd: serviceFolder(POSTGRES) };
}

/**
 * PostgreSQL refuses root. As `nobody` it could not pass through root's folders, unless it may override their modes:
 * that one capability is left to it.
 */
function unprivileged(program: string, args: readonly string[]): Command {
  if (process.getuid?.() !== 0) return { program, args };
  if (process.platform !== 'linux')
    throw new SlipwayError('root', 'PostgreSQL does not run as root on this system.', {
      action: 'Start Slipway as an ordinary user.',
    });
  const user = [`--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, '--clear-groups'];
  const capability = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  // access(2) otherwise asks with no capabilities.
  const bits = '--securebits=+no_setuid_fixup';
  return { program: 'setpriv', args: [...user, ...capability, bits, program, ...args] };
}

/** Made beside its place and renamed into it, so a folder that is there is whole. */
async function makeData(
  { postgres: server, initdb }: PostgresProgram,
  data: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  report('Making the databases');
  const partial = `${data}.partial`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(INIT_TIMEOUT_MS)]);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  if (process.getuid?.() === 0) await chown(partial, UNPRIVILEGED, UNPRIVILEGED);
  const user = [`--username=${USERNAME}`, '--auth=scram-sha-256', `--pwfile=${credentialPath(POSTGRES)}`];
  const init = unprivileged(initdb, ['-D', partial, '--encoding=UTF8', '--locale=C', ...user]);
  const result = await runTool(init.program, init.args, {}, limit);
  if (result.code !== 0)
    throw new SlipwayError(
      'initdb',
      `The databases could not be made: ${result.stderrTail.at(-1) ?? 'initdb failed'}`,
    );
  // Single-user mode: needs neither a port nor a client.
  const single = unprivileged(server, ['--single', '-D', partial, 'postgres']);
  const child = spawn(single.program, single.args, { stdio: ['pipe', 'ignore', 'ignore'], signal: limit });
  child.stdin.end(DATABASES.map((name) => `CREATE DATABASE ${name}\n`).join(''));
  const closed: readonly unknown[] = await once(child, 'close');
  if (closed[0] !== 0) throw new SlipwayError('initdb', 'The databases could not be made in PostgreSQL.');
  await rename(partial, data);
}

/** After a crash of the machine the pid in it may be anybody's, and PostgreSQL would wait for that one. */
async function removeStalePidFile(data: string): Promise<void> {
  const path = join(data, 'postmaster.pid');
  const pid = await readFile(path, 'utf8').then(
    (text) => Number(text.split('\n')[0]),
    () => undefined,
  );
  if (pid === undefined) return;
  const name = await promisify(execFile)('ps', ['-o', 'comm=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
  if (!name.includes('postgres')) await rm(path, { force: true });
}

/** A startup packet for our user: the server asks for a password once it takes connections. */
async function health(signal: AbortSignal): Promise<Health> {
  const port = await servicePort(POSTGRES, signal);
  const parameters = Buffer.from(`user\0${USERNAME}\0database\0mlflow\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  const answer = await exchange(port, Buffer.concat([head, parameters]), ({ length }) => length > 0, signal);
  if (answer[0] !== AUTHENTICATION)
    throw new SlipwayError('notReady', 'PostgreSQL does not take connections yet.');
  const url = `postgresql://127.0.0.1:${port}`;
  const password = await credential(POSTGRES, signal);
  const feast = await feastEndpoints(signal);
  return { endpoint: url, endpoints: { postgres: { url, username: USERNAME, password }, feast } };
}

const PROTOCOL_3 = 3 << 16;
const AUTHENTICATION = 'R'.charCodeAt(0);
