/** What the embedded cluster needs of this machine, each with its fix. */
import { execFile } from 'node:child_process';
import { constants, readFileSync } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { slipwayCache, slipwayHome } from '../../../src/clients/embedded.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { archivePlace } from '../binaries/archives.ts';
import { knownProgram } from '../binaries/find.ts';
import { goOnPath } from '../binaries/go.ts';
import { programs } from '../binaries/programs.ts';
import { knownPorts } from '../ports.ts';
import { findInterpreter } from '../python/interpreter.ts';
import { findUv } from '../python/uv.ts';
import { isSupervisorAlive, readStatus } from './status.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  /** What to do, when it isn't ok. */
  readonly fix?: string;
}

const OLDEST_NODE = 24;
/** Runs, artifacts, images' environments grow; the cluster itself needs less. */
const HOME_MIB = 2_048;
/** Programs 0.7 GiB, Python environments 4 GiB. */
const CACHE_MIB = 5_120;
/** What building needs beside them until it is done, in Go's caches. */
const BUILD_MIB = 6_144;
const MEMORY_MIB = 4_096;
const COUNT_TIMEOUT_MS = 5_000;
/** etcd and the API server alone hold hundreds of connections. */
const OPEN_FILES = 4_096;
const OPEN_FILES_FIX = 'Raise it: ulimit -n 8192, then start Slipway from that shell.';

export async function checkMachine(signal: AbortSignal): Promise<readonly Check[]> {
  return [
    checkSystem(),
    checkNode(),
    ...(await checkPython(signal)),
    ...(await checkPrograms(signal)),
    await checkFolder(
      'state folder',
      { path: slipwayHome(), variable: 'SLIPWAY_HOME', neededMiB: HOME_MIB },
      signal,
    ),
    await checkFolder(
      'cache folder',
      { path: slipwayCache(), variable: 'SLIPWAY_CACHE', neededMiB: CACHE_MIB },
      signal,
    ),
    await checkMemory(),
    await checkOpenFiles(signal),
    await checkPorts(),
  ];
}

function checkSystem(): Check {
  const ok = process.platform !== 'win32';
  const message = `${process.platform} ${process.arch}, ${availableParallelism()} cores`;
  return {
    name: 'system',
    ok,
    message,
    ...(ok ? {} : { fix: 'Open the folder in WSL: the embedded cluster runs there.' }),
  };
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

/** A program that isn't there yet is fetched or built: only a wrong setting is a fault. */
async function checkPrograms(signal: AbortSignal): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const missing: string[] = [];
  for (const program of programs) {
    try {
      const path = await knownProgram(program, signal);
      if (path === undefined) missing.push(program.name);
      else checks.push({ name: program.name, ok: true, message: `${program.version} at ${path}` });
    } catch (error) {
      checks.push(failure(program.name, error));
    }
  }
  if (missing.length > 0)
    checks.push({
      name: 'programs to come',
      ok: true,
      message: `${missing.join(', ')}: the first start fetches or builds them`,
    });
  return [...checks, await checkGo(missing.length > 0, signal)];
}

async function checkGo(isNeeded: boolean, signal: AbortSignal): Promise<Check> {
  const name = 'go';
  const go = await goOnPath(signal);
  const found = go === undefined ? 'No Go on PATH' : `Go ${go.version}`;
  if (!isNeeded) return { name, ok: true, message: `${found}; nothing has to be built` };
  const place = archivePlace(process.env);
  const release = place === undefined ? 'there are no released programs' : `first ${place.path} is asked`;
  const next = go === undefined ? 'Go comes from the Python package index' : 'it builds them';
  const free = await freeMiB(slipwayCache());
  const ok = free >= CACHE_MIB + BUILD_MIB || place !== undefined;
  return {
    name,
    ok,
    message: `${found}; ${release}, then ${next}`,
    ...(ok
      ? {}
      : {
          fix: `Building needs ${CACHE_MIB + BUILD_MIB} MiB: free them, or set SLIPWAY_ARCHIVES to a folder or URL with the released programs.`,
        }),
  };
}

async function checkFolder(
  name: string,
  {
    path,
    variable,
    neededMiB,
  }: { readonly path: string; readonly variable: string; readonly neededMiB: number },
  signal: AbortSignal,
): Promise<Check> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.W_OK);
    const mib = await freeMiB(path);
    const used = await usedMiB(path, signal);
    const ok = mib >= neededMiB;
    return {
      name,
      ok,
      message: `${path}, ${used === undefined ? '' : `${used} MiB used, `}${mib} MiB free`,
      ...(ok ? {} : { fix: `Free ${neededMiB} MiB there, or choose another ${variable}.` }),
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

async function freeMiB(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.floor((bavail * bsize) / 1024 / 1024);
}

/** Absent when there are more files than can be counted while somebody waits. */
async function usedMiB(path: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(COUNT_TIMEOUT_MS)]);
    const { stdout } = await promisify(execFile)('du', ['-sk', path], { signal: limit });
    return Math.round(Number.parseInt(stdout, 10) / 1024);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What runs already has its part. */
async function checkMemory(): Promise<Check> {
  const mib = Math.floor(availableBytes() / 1024 / 1024);
  const total = Math.floor(totalmem() / 1024 / 1024);
  const message = `${mib} MiB available of ${total}`;
  const ok = mib >= MEMORY_MIB || isSupervisorAlive(await readStatus());
  return {
    name: 'memory',
    ok,
    message,
    ...(ok
      ? {}
      : {
          fix: `The whole platform with a model takes about ${MEMORY_MIB} MiB: close what you don't need, or stop parts with slipway stop.`,
        }),
  };
}

function availableBytes(): number {
  if (process.platform !== 'linux') return freemem();
  // With what the system keeps for files and would give back.
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return kib === undefined ? freemem() : Number(kib) * 1024;
}

async function checkOpenFiles(signal: AbortSignal): Promise<Check> {
  const name = 'open files';
  try {
    const { stdout } = await promisify(execFile)('sh', ['-c', 'ulimit -n'], { signal });
    const limit = stdout.trim();
    const ok = limit === 'unlimited' || Number(limit) >= OPEN_FILES;
    return { name, ok, message: `${limit} at most`, ...(ok ? {} : { fix: OPEN_FILES_FIX }) };
  } catch (error) {
    return failure(name, error);
  }
}

/** The remembered ports: ours, free, or somebody else's (then the next free one will be used). */
async function checkPorts(): Promise<Check> {
  const name = 'ports';
  const ports = await knownPorts();
  if (ports.length === 0)
    return { name, ok: true, message: 'The system will choose them at the first start' };
  if (isSupervisorAlive(await readStatus()))
    return { name, ok: true, message: `${ports.length} are the running cluster's` };
  const taken = ports.filter(({ isFree }) => !isFree).map((port) => `${port.name} (${port.port})`);
  return {
    name,
    ok: true,
    message:
      taken.length === 0
        ? `All ${ports.length} are free`
        : `Taken by other programs, so that the next free ones will be used: ${taken.join(', ')}`,
  };
}

function failure(name: string, error: unknown): Check {
  const { message } = asError(error);
  const fix = error instanceof SlipwayError ? error.action : undefined;
  return { name, ok: false, message, ...(fix === undefined ? {} : { fix }) };
}
