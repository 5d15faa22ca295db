/** What the embedded cluster needs of this machine, each with its fix. */
import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { slipwayCache, slipwayHome } from '../../../src/clients/embedded.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { readStateFile } from '../files.ts';
import { servicePaths, serviceRecord } from '../kfp/servicePaths.ts';
import { isSameProcess } from '../processes.ts';
import { findInterpreter } from '../python/interpreter.ts';
import { findUv } from '../python/uv.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  /** What to do, when it isn't ok. */
  readonly fix?: string;
}

const OLDEST_NODE = 24;
const NEEDED_MIB = 2_048;

export async function checkMachine(signal: AbortSignal): Promise<readonly Check[]> {
  return [
    checkNode(),
    ...(await checkPython(signal)),
    await checkFolder('state folder', slipwayHome(), 'SLIPWAY_HOME'),
    await checkFolder('cache folder', slipwayCache(), 'SLIPWAY_CACHE'),
    await checkPort(),
  ];
}

function checkNode(): Check {
  const { node } = process.versions;
  const ok = Number(node.split('.')[0]) >= OLDEST_NODE;
  return {
    name: 'node',
    ok,
    message: `Node ${node}`,
    ...(ok ? {} : { fix: `Run Slipway from the editor, or with Node ${OLDEST_NODE} or newer.` }),
  };
}

async function checkPython(signal: AbortSignal): Promise<readonly Check[]> {
  try {
    const interpreter = await findInterpreter(process.env, signal);
    const python = {
      name: 'python',
      ok: true,
      message: `Python ${interpreter.version} at ${interpreter.path}`,
    };
    return [python, await checkUv(interpreter, signal)];
  } catch (error) {
    return [failure('python', error)];
  }
}

async function checkUv(interpreter: { path: string; version: string }, signal: AbortSignal): Promise<Check> {
  try {
    const options = { interpreter, cache: slipwayCache(), env: process.env, onProgress: () => undefined };
    return { name: 'uv', ok: true, message: `uv at ${(await findUv(options, signal)).command}` };
  } catch (error) {
    return failure('uv', error);
  }
}

async function checkFolder(name: string, path: string, variable: string): Promise<Check> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.W_OK);
    const { bavail, bsize } = await statfs(path);
    const mib = Math.floor((bavail * bsize) / 1024 / 1024);
    const ok = mib >= NEEDED_MIB;
    return {
      name,
      ok,
      message: `${path}, ${mib} MiB free`,
      ...(ok ? {} : { fix: `Free ${NEEDED_MIB} MiB there, or choose another ${variable}.` }),
    };
  } catch (error) {
    return {
      name,
      ok: false,
      message: `${path} can't be used: ${asError(error).message}`,
      fix: `Make it writable, or choose another ${variable}.`,
    };
  }
}

/** The remembered port: ours, free, or somebody else's (then the next free one will be used). */
async function checkPort(): Promise<Check> {
  const name = 'port';
  const record = await readStateFile(servicePaths().record, serviceRecord);
  if (record === undefined)
    return { name, ok: true, message: 'The system will choose one at the first start' };
  if (isSameProcess(record.pid, record.started))
    return { name, ok: true, message: `The pipeline service has ${record.port}` };
  const server = createServer();
  try {
    server.listen(record.port, '127.0.0.1');
    await once(server, 'listening');
    return { name, ok: true, message: `${record.port} is free for the pipeline service` };
  } catch {
    return {
      name,
      ok: true,
      message: `${record.port} is taken by another program; the next free one will be used`,
    };
  } finally {
    server.close();
  }
}

function failure(name: string, error: unknown): Check {
  const { message } = asError(error);
  const fix = error instanceof SlipwayError ? error.action : undefined;
  return { name, ok: false, message, ...(fix === undefined ? {} : { fix }) };
}
