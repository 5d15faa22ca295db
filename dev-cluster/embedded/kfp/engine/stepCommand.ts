/** How a container's command runs on this machine, or the sentence that says why it can't. */
import { accessSync, constants, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { PythonEnvironment, PythonEnvironmentSource } from '../../python/environments.ts';
import type { PythonFunction } from '../../../../src/core/ir/model.ts';
import { TaskError } from './errors.ts';
import type { Step } from './executor.ts';
import { safeName } from './executorInput.ts';
import { resolveCommand, resolveText } from './placeholders.ts';

const EXECUTOR_MAIN = 'kfp.dsl.executor_main';

/** Linux takes 128 KiB per argument. */
const MAX_ARGUMENT_BYTES = 128 * 1024 - 1;

/**
 * `python -m kfp.dsl.executor_main`, but the executor input comes from a file (no limit, and no values in a process
 * list), and the garbage collector leaves alone what was imported: a fifth of the time that a step without work takes.
 */
const START_EXECUTOR = `import gc
gc.disable()
import os, sys
from kfp.dsl.executor_main import executor_main
mirror = os.environ.get('SLIPWAY_MIRROR')
if mirror:
    from kfp.dsl.types import artifact_types
    artifact_types._S3_LOCAL_MOUNT_PREFIX = mirror + '/s3/'
    artifact_types._GCS_LOCAL_MOUNT_PREFIX = mirror + '/gcs/'
    artifact_types._MINIO_LOCAL_MOUNT_PREFIX = mirror + '/minio/'
gc.freeze()
gc.enable()
with open(sys.argv.pop(1), encoding='utf-8') as file:
    sys.argv += ['--executor_input', file.read()]
executor_main()`;

/** Parts of a task's Kubernetes configuration that its code would miss. */
const MISSED = [
  'secretAsEnv',
  'secretAsVolume',
  'configMapAsEnv',
  'configMapAsVolume',
  'pvcMount',
  'fieldPathAsEnv',
  'emptyDirMounts',
  'genericEphemeralVolume',
];

export interface StepCommand {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Badges for people. */
  readonly notes: Readonly<Record<string, string>>;
}

/** Images that a kfp Python environment stands in for without loss. */
export const PLAIN_PYTHON = /^(?:docker\.io\/)?(?:library\/)?python:[\w.-]+$|^$/;

/** Variables of the service's own process that a step must not see. */
const PRIVATE = /^(SLIPWAY_|ELECTRON_|VSCODE_|NODE_|PYTHON|VIRTUAL_ENV$|__)/;

/** Throws TaskError `environment` when the step can't run here. `runFolder` holds files that steps of a run share. */
export async function stepCommand(
  step: Step,
  environments: PythonEnvironmentSource,
  runFolder: string,
  signal: AbortSignal,
): Promise<StepCommand> {
  const { container } = step;
  const missed = MISSED.filter((key) => Object.hasOwn(step.kubernetes, key));
  const notes = {
    ...(PLAIN_PYTHON.test(container.image) ? {} : { image: 'not in its image' }),
    ...(missed.length === 0 ? {} : { kubernetes: `not applied here: ${missed.join(', ')}` }),
  };
  if (container.python) {
    const environment = await pythonFor(container.python, environments, signal);
    return {
      argv: pythonArgv(step, container.python, environment, runFolder),
      env: stepEnv(step, environment),
      notes,
    };
  }
  const environment = await environments.kfp(signal);
  const env = stepEnv(step, environment);
  const argv = resolveCommand([...container.command, ...container.args], step.input, step.names);
  if (argv.some((argument) => Buffer.byteLength(argument) > MAX_ARGUMENT_BYTES)) {
    throw new TaskError(
      'environment',
      'One of its arguments is over 128 KiB, which is more than a command line takes. Pass it as an artifact.',
    );
  }
  return { argv: [findProgram(step, argv, env), ...argv.slice(1)], env, notes };
}

export function pythonFor(
  python: PythonFunction,
  environments: PythonEnvironmentSource,
  signal: AbortSignal,
): Promise<PythonEnvironment> {
  return python.packages.length === 0
    ? environments.kfp(signal)
    : environments.withPackages(python.packages, {
        indexUrls: python.pipIndexUrls,
        trustedHosts: python.pipTrustedHosts,
        signal,
      });
}

export function pythonArgv(
  step: Step,
  python: PythonFunction,
  environment: PythonEnvironment,
  runFolder: string,
): string[] {
  const input = join(step.folder, 'executor_input.json');
  writeFileSync(input, step.input.json, { mode: 0o600 });
  return [
    environment.python,
    '-c',
    START_EXECUTOR,
    input,
    '--component_module_path',
    moduleFile(runFolder, step.container.label, python.source),
    '--function_to_execute',
    python.functionName,
  ];
}

/**
 * The same with the source as an argument, as upstream has it: whoever runs the pod maps the folders that it mounts to
 * those of this machine, in arguments but not in files. `undefined` for a source that no argument can hold.
 */
export function pythonArgvWithSource(
  step: Step,
  python: PythonFunction,
  environment: PythonEnvironment,
  runFolder: string,
): string[] | undefined {
  if (Buffer.byteLength(python.source) > MAX_ARGUMENT_BYTES) return undefined;
  const [program = '', flag = '', start = '', ...rest] = pythonArgv(step, python, environment, runFolder);
  return [program, flag, `${WRITE_SOURCE}\n${start}`, python.source, ...rest];
}

/** The source goes where its file would be, for this attempt alone. */
const WRITE_SOURCE = `import os, sys, tempfile
path = os.path.join(tempfile.mkdtemp(), 'ephemeral_component.py')
with open(path, 'w', encoding='utf-8') as file:
    file.write(sys.argv.pop(1))
sys.argv[sys.argv.index('--component_module_path') + 1] = path`;

/** One file per component and run, so that the iterations of a loop compile it once. */
function moduleFile(runFolder: string, label: string, source: string): string {
  const folder = join(runFolder, 'components', safeName(label));
  const file = join(folder, 'ephemeral_component.py');
  if (!exists(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = join(folder, `draft-${process.pid}`);
    writeFileSync(draft, source, { mode: 0o600 });
    renameSync(draft, file);
  }
  return file;
}

function stepEnv(step: Step, environment: PythonEnvironment): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !PRIVATE.test(name));
  const bin = join(environment.python, '..');
  return {
    ...Object.fromEntries(inherited),
    PATH: [bin, process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    TMPDIR: temporaryFolder(step),
    KFP_POD_NAME: step.attempt,
    KFP_POD_UID: step.taskId,
    ...step.credentials,
    ...ownEnv(step),
  };
}

/** What every step is told, wherever it runs. */
export function ownEnv(step: Step): Readonly<Record<string, string>> {
  return {
    PYTHONUNBUFFERED: '1',
    _KFP_RUNTIME: 'true',
    KFP_RETRY_INDEX: String(step.retryIndex),
    KFP_RUN_ID: step.runId,
    ...step.env,
    ...Object.fromEntries(
      step.container.env.map(({ name, value }) => [name, resolveText(value, step.input, step.names)]),
    ),
  };
}

/** Short: sockets in it have at most some hundred bytes for their path. */
export function temporaryFolder(step: Step): string {
  return join(
    tmpdir(),
    `slipway-${step.attempt.slice(step.attempt.lastIndexOf('-', step.attempt.lastIndexOf('-') - 1) + 1)}`,
  );
}

function findProgram(step: Step, argv: readonly string[], env: NodeJS.ProcessEnv): string {
  const { image, command, args } = step.container;
  const [program] = argv;
  const where = image === '' ? 'its image' : `the image ${image}`;
  if (image.startsWith('argostub/')) {
    throw new TaskError(
      'environment',
      `It asks Kubernetes for a volume (${image}), and there is no Kubernetes here. Run this pipeline on a cluster.`,
    );
  }
  if (program === undefined) {
    throw new TaskError(
      'environment',
      `It runs the entry point of ${where}, which isn't on this machine. Give the component a command, or run it on a cluster.`,
    );
  }
  if ([...command, ...args].includes(EXECUTOR_MAIN)) {
    throw new TaskError(
      'environment',
      `Its Python code is only in ${where}, which can't run here. Make it a lightweight component, or run it on a cluster.`,
    );
  }
  const found = program.includes('/')
    ? [program].find(isExecutable)
    : (env['PATH'] ?? '')
        .split(delimiter)
        .map((folder) => join(folder, program))
        .find(isExecutable);
  if (found === undefined) {
    throw new TaskError(
      'environment',
      `Its command ${program} comes with ${where} and isn't on this machine. Install ${program} and try again, or run it on a cluster.`,
    );
  }
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}
