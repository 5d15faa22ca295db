import type { Executor, PythonFunction } from '../model.ts';

export interface Lightweight extends PythonFunction {
  /** From `def` on: what the SDK takes from the user's file. */
  readonly definition: string;
  readonly usesVenv: boolean;
}

const imports = [
  '',
  'import kfp',
  'from kfp import dsl',
  'from kfp.dsl import *',
  'from typing import *',
  '',
];

/**
 * The function of an executor that is, word by word, what some SDK makes of `@dsl.component`; undefined when its
 * commands were changed by hand, and for everything else that runs in a container.
 */
export function readLightweight(executor: Executor): Lightweight | undefined {
  if (executor.kind !== 'container' || executor.python === undefined) return undefined;
  const { command, args, python } = executor;
  const isStandardArgs =
    args.length === 4 &&
    args[0] === '--executor_input' &&
    args[1] === '{{$}}' &&
    args[2] === '--function_to_execute';
  const [install, launch] =
    command.length === 7 && command[0] === 'sh' && command[1] === '-c'
      ? [command[2] ?? '', command.slice(3)]
      : ['', command];
  const [shell, flags, program = ''] = launch;
  const isStandardLaunch = launch.length === 4 && shell === 'sh' && flags === '-ec' && launcher.test(program);
  if (!isStandardArgs || !isStandardLaunch || !isStandardInstall(install)) return undefined;
  const lines = python.source.split('\n');
  if (!imports.every((line, at) => lines[at] === line)) return undefined;
  const definition = lines.slice(imports.length).join('\n');
  // Anything before `def` is helpers, archives or notebooks that came from elsewhere.
  if (!definition.trimStart().startsWith('def ')) return undefined;
  return { ...python, definition, usesVenv: install.includes('python3 -m venv "$tmp/venv"') };
}

const launcher =
  /^program_path=\$\(mktemp -d\)\s+printf "%s" "\$0" > "\$program_path\/ephemeral_component\.py"\s+(_KFP_RUNTIME=true )?python3 -m kfp\.(dsl|components)\.executor_main\s+--component_module_path\s+"\$program_path\/ephemeral_component\.py"\s+"\$@"\s*$/;

function isStandardInstall(script: string): boolean {
  const isInstall = /^\s*if ! \[ -x "\$\(command -v pip\)" \]; then\n/.test(script);
  return script === '' || (isInstall && script.endsWith('"$0" "$@"\n'));
}
