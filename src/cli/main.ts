/** `slipway`: the second composition root. Commands load their code when they run, so that --help costs nothing. */
import { asError, isAbort, SlipwayError } from '../core/base/errors.ts';
import {
  findCommand,
  overview,
  parseInput,
  usage,
  UsageError,
  type Command,
  type ExitCode,
} from './command.ts';
import { spotCommands } from './spotCommands.ts';

const JSON_OPTION = { type: 'boolean', help: 'Machine-readable output' } as const;
const NONE = { min: 0, max: 0 } as const;
const ONE = { min: 1, max: 1 } as const;
const TWO = { min: 2, max: 2 } as const;
const SOME = { min: 1, max: Number.POSITIVE_INFINITY } as const;

const commands: readonly Command[] = [
  {
    name: 'up',
    help: 'Start the embedded cluster, or wait for the one that starts already',
    argumentCount: NONE,
    options: {
      wait: { type: 'boolean', help: 'Until every component is ready, not only what the editor needs' },
      json: JSON_OPTION,
    },
    run: async (input) => (await import('./cluster.ts')).up(input),
  },
  {
    name: 'down',
    help: 'Stop what up started',
    argumentCount: NONE,
    options: { json: JSON_OPTION },
    run: async (input) => (await import('./cluster.ts')).down(input),
  },
  {
    name: 'status',
    help: 'Say what runs, where, and with how much memory (1: not all of it is ready)',
    argumentCount: NONE,
    options: { json: JSON_OPTION },
    run: async (input) => (await import('./cluster.ts')).status(input),
  },
  {
    name: 'start',
    help: 'Start components of the running cluster, with what they depend on',
    arguments: 'NAME…',
    argumentCount: SOME,
    options: { json: JSON_OPTION },
    run: async (input) => (await import('./cluster.ts')).start(input),
  },
  {
    name: 'stop',
    help: 'Stop components until they are started, or up is run, again',
    arguments: 'NAME…',
    argumentCount: SOME,
    options: { json: JSON_OPTION },
    run: async (input) => (await import('./cluster.ts')).stop(input),
  },
  {
    name: 'restart',
    help: 'Stop components and start them again',
    arguments: 'NAME…',
    argumentCount: SOME,
    options: { json: JSON_OPTION },
    run: async (input) => (await import('./cluster.ts')).restart(input),
  },
  {
    name: 'env',
    help: 'Print the environment variables that point your own tools at the cluster; they hold its credentials',
    argumentCount: NONE,
    options: { json: JSON_OPTION, dotenv: { type: 'boolean', help: 'For a .env file' } },
    run: async (input) => (await import('./env.ts')).env(input),
  },
  {
    name: 'kubeconfig',
    help: "Print the path of the cluster's kubeconfig",
    argumentCount: NONE,
    options: {
      merge: { type: 'boolean', help: 'Add it to your own as context slipway instead' },
      json: JSON_OPTION,
    },
    run: async (input) => (await import('./kubeconfig.ts')).kubeconfig(input),
  },
  {
    name: 'logs',
    help: 'Print the log of a component, or of the supervisor',
    arguments: 'NAME',
    argumentCount: ONE,
    options: {
      follow: { type: 'boolean', short: 'f', help: 'Go on as it grows' },
      json: { type: 'boolean', help: 'Each line as {"line": …}' },
    },
    run: async (input) => (await import('./logs.ts')).logs(input),
  },
  {
    name: 'reset',
    help: 'Stop the embedded cluster and delete its pipelines, runs and artifacts',
    argumentCount: NONE,
    options: { yes: { type: 'boolean', short: 'y', help: 'Do not ask' }, json: JSON_OPTION },
    run: async (input) => (await import('./reset.ts')).reset(input),
  },
  {
    name: 'doctor',
    help: 'Check what the embedded cluster needs, with a fix for each that is missing',
    argumentCount: NONE,
    options: { json: JSON_OPTION },
    run: async (input) => (await import('./doctor.ts')).doctor(input),
  },
  {
    name: 'images',
    help: 'List how container images run on this machine',
    argumentCount: NONE,
    options: { json: JSON_OPTION },
    run: async (input) => (await import('./images.ts')).images(input),
  },
  {
    name: 'images map',
    help: 'Let containers of an image run in a Python environment of this machine',
    arguments: 'IMAGE',
    argumentCount: ONE,
    options: {
      requirements: { type: 'string', value: 'FILE', help: 'Packages that it has, one a line' },
      python: { type: 'string', value: 'PATH', help: 'An interpreter of this machine' },
      json: JSON_OPTION,
    },
    run: async (input) => (await import('./images.ts')).mapImageCommand(input),
  },
  {
    name: 'pipeline check',
    help: 'Say what is wrong in pipeline files, with its place (1: a file has errors)',
    arguments: 'FILE…',
    argumentCount: SOME,
    options: { json: JSON_OPTION },
    run: async ({ arguments: files, flag, signal }) =>
      (await import('./pipelineCheck.ts')).pipelineCheck(files, { json: flag('json'), signal }),
  },
  {
    name: 'pipeline run',
    help: 'Run a pipeline file (1: the run failed)',
    arguments: 'FILE',
    argumentCount: ONE,
    options: {
      local: { type: 'boolean', help: 'On this machine, in this process, without the cluster (required)' },
      param: { type: 'string', value: 'NAME=VALUE', isMultiple: true, help: 'Value of an input' },
      json: JSON_OPTION,
    },
    run: async ({ arguments: [file = ''], flag, values, signal }) => {
      if (!flag('local')) throw new UsageError('slipway pipeline run needs --local.', 'pipeline run');
      return (await import('./pipelineRun.ts')).pipelineRun(file, {
        json: flag('json'),
        parameters: values('param'),
        print: (line) => process.stdout.write(`${line}\n`),
        signal,
      });
    },
  },
  {
    name: 'pipeline diff',
    help: 'Say what two versions of a pipeline do not have in common (1: they differ)',
    arguments: 'BEFORE[@REV] AFTER[@REV]',
    argumentCount: TWO,
    options: { json: JSON_OPTION },
    run: async ({ arguments: [before = '', after = ''], flag, signal }) =>
      (await import('./pipelineDiff.ts')).pipelineDiff(before, after, { json: flag('json'), signal }),
  },
  {
    name: 'pipeline python',
    help: 'Write a pipeline as Python of the KFP SDK (1: something in it has no Python)',
    arguments: 'FILE',
    argumentCount: ONE,
    options: {
      output: { type: 'string', short: 'o', value: 'FILE', help: 'Where to write it (default: here)' },
      verify: { type: 'boolean', help: 'Compile it, and compare with FILE (1: they differ)' },
    },
    run: async ({ arguments: [file = ''], flag, values, signal }) =>
      (await import('./pipelinePython.ts')).pipelinePython(file, {
        verify: flag('verify'),
        output: values('output')[0],
        signal,
      }),
  },
  ...spotCommands,
  {
    name: 'python',
    help: 'Make a Python environment and say where its interpreter is',
    isInternal: true,
    argumentCount: ONE,
    options: {},
    run: async (input) => (await import('./pythonPath.ts')).pythonPath(input),
  },
  {
    name: 'internal',
    help: 'Processes of the cluster itself',
    isInternal: true,
    argumentCount: ONE,
    options: {},
    run: async (input) => (await import('./internal.ts')).internal(input),
  },
];

async function main(args: readonly string[]): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    process.stdout.write(overview(commands));
    return first === undefined ? 2 : 0;
  }
  const command = findCommand(commands, args);
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (command === undefined && group.length > 0 && args.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(overview(group));
    return 0;
  }
  if (command === undefined) throw unknownCommand(first, group);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  // A second Ctrl+C ends at once.
  if (command.isInternal !== true) process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const input = parseInput(command, args, stop.signal);
  if (input === undefined) {
    process.stdout.write(usage(command));
    return 0;
  }
  return command.run(input);
}

function unknownCommand(first: string, group: readonly Command[]): UsageError {
  return group.length > 0
    ? new UsageError(
        `slipway ${first} needs one of: ${group.map(({ name }) => name.split(' ')[1]).join(', ')}.`,
        first,
      )
    : new UsageError(`slipway has no command "${first}".`);
}

async function run(): Promise<void> {
  const args = process.argv.slice(2);
  try {
    process.exitCode = await main(args);
  } catch (error) {
    process.exitCode = 2;
    if (!isAbort(error)) process.stderr.write(`slipway: ${explain(error)}\n`);
  }
  // Whatever its parts still hold open: a process of the cluster that is done is gone, so that it is started again.
  if (findCommand(commands, args)?.isInternal === true) process.exit();
}

function explain(error: unknown): string {
  const action = error instanceof SlipwayError ? error.action : undefined;
  return [asError(error).message, action ?? ''].map(sentence).join(' ').trim();
}

function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}

// The bundle is CommonJS, which has no await out here.
void run();
