/** In which order an interpreter is looked for. Knows no vscode. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export interface Interpreter {
  /** Absolute path. */
  readonly path: string;
  readonly from: 'setting' | 'pythonExtension' | 'venv' | 'slipway';
}

/** What `ms-python.python` exports, as far as it is used: @vscode/python-extension describes it. */
export interface PythonExtensionApi<File> {
  readonly environments: {
    getActiveEnvironmentPath(file?: File): unknown;
    resolveEnvironment(path: unknown): Promise<unknown>;
  };
}

export interface InterpreterSources<File> {
  /** `slipway.python`; empty: not set. */
  readonly setting: string;
  /** `undefined`: the extension is not there. */
  readonly extension: () => Promise<PythonExtensionApi<File> | undefined>;
  readonly file: File;
  /** The workspace folder of the file. */
  readonly folder: string | undefined;
  /** Slipway's own, made when it must be. */
  readonly own: () => Promise<string>;
}

export async function chooseInterpreter<File>(sources: InterpreterSources<File>): Promise<Interpreter> {
  const { setting, extension, file, folder, own } = sources;
  if (setting !== '') return { path: setting, from: 'setting' };
  const chosen = await activeEnvironment(await extension(), file);
  if (chosen !== undefined) return { path: chosen, from: 'pythonExtension' };
  const venv = folder === undefined ? undefined : venvIn(folder);
  if (venv !== undefined && (await exists(venv))) return { path: venv, from: 'venv' };
  return { path: await own(), from: 'slipway' };
}

/** An environment of conda without Python has no executable. */
const environment = z.object({ executable: z.object({ uri: z.object({ fsPath: z.string() }).optional() }) });

async function activeEnvironment<File>(
  api: PythonExtensionApi<File> | undefined,
  file: File,
): Promise<string | undefined> {
  if (api === undefined) return undefined;
  const { environments } = api;
  const resolved = environment.safeParse(
    await environments.resolveEnvironment(environments.getActiveEnvironmentPath(file)),
  );
  return resolved.success ? resolved.data.executable.uri?.fsPath : undefined;
}

function venvIn(folder: string): string {
  return process.platform === 'win32'
    ? join(folder, '.venv', 'Scripts', 'python.exe')
    : join(folder, '.venv', 'bin', 'python');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
