/** Which Python a file is compiled, run and debugged with. */
import { extensions, workspace, type Uri } from 'vscode';
import { runCli, type CliCommand } from '../../environment/cli.ts';
import type { PythonFunction } from '../../core/ir/model.ts';
import { readSetting } from '../../platform/settings.ts';
import { chooseInterpreter, type Interpreter, type PythonExtensionApi } from './interpreterChoice.ts';

export class Interpreters {
  readonly #cli: CliCommand;
  readonly #own = new Map<string, Promise<string>>();

  constructor(cli: CliCommand) {
    this.#cli = cli;
  }

  /** The setting, what the Python extension has chosen, the folder's `.venv`, then Slipway's own. */
  find(file: Uri, signal: AbortSignal): Promise<Interpreter> {
    return chooseInterpreter({
      setting: readSetting('slipway.python', file),
      extension: async () =>
        extensions.getExtension<PythonExtensionApi<Uri> | undefined>('ms-python.python')?.activate(),
      file,
      folder: workspace.getWorkspaceFolder(file)?.uri.fsPath,
      own: () => this.own('sdk', signal),
    });
  }

  /** Slipway's environment with the whole SDK, or with debugpy; made on first use, which takes seconds. */
  own(name: 'sdk' | 'debugpy', signal: AbortSignal): Promise<string> {
    const known = this.#own.get(name) ?? this.#make(name, signal);
    this.#own.set(name, known);
    known.catch(() => this.#own.delete(name));
    return known;
  }

  /** What the engine runs such a step in: kfp alone, and the packages that the component names. */
  forStep({ packages, pipIndexUrls, pipTrustedHosts }: PythonFunction, signal: AbortSignal): Promise<string> {
    // An index may carry a password, which is nothing for a command line.
    const wanted = JSON.stringify({ packages, indexUrls: pipIndexUrls, trustedHosts: pipTrustedHosts });
    const env = { ...(this.#cli.env ?? process.env), SLIPWAY_STEP_PACKAGES: wanted };
    return this.#make('step', signal, { ...this.#cli, env });
  }

  async #make(name: string, signal: AbortSignal, cli = this.#cli): Promise<string> {
    let path = '';
    await runCli(
      cli,
      ['python', name],
      () => undefined,
      signal,
      [0],
      (line) => (path = line.trim()),
    );
    return path;
  }
}
