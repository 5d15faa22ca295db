/** Which Python a file is compiled, run and debugged with. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { extensions, workspace, type Uri } from 'vscode';
import { z } from 'zod';
import { runCli, type CliCommand } from '../../environment/cli.ts';
import { readSetting } from '../../platform/settings.ts';

export interface Interpreter {
  /** Absolute path. */
  readonly path: string;
  readonly from: 'setting' | 'pythonExtension' | 'venv' | 'slipway';
}

const environment = z.object({ executable: z.object({ uri: z.object({ fsPath: z.string() }).optional() }) });

interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: Uri): unknown;
    resolveEnvironment(path: unknown): Promise<unknown>;
  };
}

export class Interpreters {
  readonly #cli: CliCommand;
  readonly #own = new Map<string, Promise<string>>();

  constructor(cli: CliCommand) {
    this.#cli = cli;
  }

  /** The setting, what the Python extension has chosen, the folder's `.venv`, then Slipway's own. */
  async find(file: Uri, signal: AbortSignal): Promise<Interpreter> {
    const path = readSetting('slipway.python', file);
    if (path !== '') return { path, from: 'setting' };
    const chosen = await fromPythonExtension(file);
    if (chosen !== undefined) return { path: chosen, from: 'pythonExtension' };
    const folder = workspace.getWorkspaceFolder(file)?.uri.fsPath;
    const venv =
      folder === undefined
        ? undefined
        : process.platform === 'win32'
          ? join(folder, '.venv', 'Scripts', 'python.exe')
          : join(folder, '.venv', 'bin', 'python');
    if (venv !== undefined && (await exists(venv))) return { path: venv, from: 'venv' };
    return { path: await this.own('sdk', signal), from: 'slipway' };
  }

  /** Slipway's environment with the whole SDK, or with debugpy; made on first use, which takes seconds. */
  own(name: 'sdk' | 'debugpy', signal: AbortSignal): Promise<string> {
    const known = this.#own.get(name) ?? this.#make(name, signal);
    this.#own.set(name, known);
    known.catch(() => this.#own.delete(name));
    return known;
  }

  async #make(name: string, signal: AbortSignal): Promise<string> {
    let path = '';
    await runCli(
      this.#cli,
      ['python', name],
      () => undefined,
      signal,
      [0],
      (line) => (path = line.trim()),
    );
    return path;
  }
}

async function fromPythonExtension(file: Uri): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonApi | undefined>('ms-python.python');
  if (extension === undefined) return undefined;
  const api = await extension.activate();
  if (api === undefined) return undefined;
  const resolved = environment.safeParse(
    await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath(file)),
  );
  return resolved.success ? resolved.data.executable.uri?.fsPath : undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
