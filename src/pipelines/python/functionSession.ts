/** Functions of components in VS Code's debugger, with debugpy of Slipway's own: no interpreter needs to have it. */
import {
  debug,
  DebugAdapterExecutable,
  Uri,
  workspace,
  type DebugAdapterDescriptorFactory,
  type Disposable,
} from 'vscode';
import { debugType } from '../../contributions.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import type { Interpreters } from './interpreters.ts';

export interface FunctionSession {
  readonly name: string;
  readonly mode: 'run' | 'debug';
  /** Absolute path of the interpreter. */
  readonly python: string;
  /** Absolute path of run_component.py. */
  readonly script: string;
  /** Its argument. */
  readonly request: string;
  readonly file: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves when it runs; `ended` when it does no more. */
export async function startFunction(session: FunctionSession): Promise<{ readonly ended: Promise<void> }> {
  const { name, mode, python, script, request, cwd, env } = session;
  let listening: Disposable | undefined;
  const ended = new Promise<void>((resolve) => {
    listening = debug.onDidTerminateDebugSession(({ configuration }) => {
      const args: unknown = configuration['args'];
      if (Array.isArray(args) && args.includes(request)) resolve();
    });
  }).finally(() => {
    listening?.dispose();
  });
  const started = await debug.startDebugging(
    workspace.getWorkspaceFolder(Uri.file(session.file)),
    {
      type: debugType,
      request: 'launch',
      name,
      program: script,
      args: [request],
      // Of KFP's decorators, about things that do not matter here.
      python: [python, '-W', 'ignore::FutureWarning'],
      cwd,
      console: 'internalConsole',
      justMyCode: true,
      subProcess: false,
      ...(env === undefined ? {} : { env }),
    },
    { noDebug: mode === 'run' },
  );
  if (started) return { ended };
  listening?.dispose();
  throw new SlipwayError('debugFailed', `The debugger did not start ${name}.`);
}

export class PythonDebugAdapters implements DebugAdapterDescriptorFactory {
  readonly #interpreters: Interpreters;

  constructor(interpreters: Interpreters) {
    this.#interpreters = interpreters;
  }

  async createDebugAdapterDescriptor(): Promise<DebugAdapterExecutable> {
    const python = await this.#interpreters.own('debugpy', AbortSignal.timeout(5 * 60_000));
    return new DebugAdapterExecutable(python, ['-m', 'debugpy.adapter']);
  }
}
