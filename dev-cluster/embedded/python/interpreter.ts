import { z } from 'zod';
import { PythonError } from './errors.ts';
import { runTool } from './tool.ts';

/** A Python on this machine that environments are made from. */
export interface Interpreter {
  /** Absolute path, symbolic links resolved: an upgrade in place shows as another version, a removal as a missing file. */
  readonly path: string;
  /** `major.minor.micro`. */
  readonly version: string;
}

const OLDEST_MINOR = 10;
const CANDIDATES = [
  'python3',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python3.14',
  'python',
];
const PROBE = `
import json, os, sys
print(json.dumps({"path": os.path.realpath(sys.executable), "version": list(sys.version_info[:3])}))`;
const PROBE_TIMEOUT_MS = 20_000;

const probed = z.object({ path: z.string().min(1), version: z.tuple([z.int(), z.int(), z.int()]) });

/** The first Python ≥ 3.10 of the usual names on PATH; `$SLIPWAY_PYTHON`, when set, is the only candidate. */
export async function findInterpreter(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Interpreter> {
  const chosen = env['SLIPWAY_PYTHON'];
  const tooOld: string[] = [];
  for (const candidate of chosen === undefined ? CANDIDATES : [chosen]) {
    const found = await probe(candidate, env, signal);
    if (found === undefined) continue;
    const [major, minor, micro] = found.version;
    const version = `${major}.${minor}.${micro}`;
    if (major === 3 && minor >= OLDEST_MINOR) return { path: found.path, version };
    tooOld.push(`${candidate} is ${version}`);
  }
  const action = `Install Python 3.${OLDEST_MINOR} or newer (Debian, Ubuntu: sudo apt-get install python3 python3-venv; macOS: brew install python) and try again.`;
  if (tooOld.length > 0) {
    throw new PythonError(
      'python-too-old',
      `Slipway needs Python 3.${OLDEST_MINOR} or newer, but ${tooOld.join(', ')}.`,
      { action },
    );
  }
  throw new PythonError(
    'python-missing',
    chosen === undefined
      ? 'Slipway found no Python on PATH.'
      : `SLIPWAY_PYTHON names ${chosen}, which does not run as a Python.`,
    { action },
  );
}

async function probe(
  command: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<z.infer<typeof probed> | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
  try {
    const { code, stdout } = await runTool(command, ['-I', '-c', PROBE], { env }, limit);
    return code === 0 ? probed.parse(JSON.parse(stdout)) : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // Not there, hangs, or is no Python: the next name may do.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
