/** The command line as data: what there is, what it takes, what it says about itself. */
import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util';
import { SlipwayError } from '../core/base/errors.ts';

/** 0: good; 1: the checked thing is bad; 2: usage or environment. */
export type ExitCode = 0 | 1 | 2;

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** How often it may be given: `--param a=1 --param b=2`. */
  readonly isMultiple?: boolean;
  /** Placeholder of the value in the help, e.g. `KEY=VALUE`. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  /** Words after `slipway`, e.g. `pipeline run`. */
  readonly name: string;
  readonly help: string;
  /** In usage notation, e.g. `FILE…`. */
  readonly arguments?: string;
  readonly argumentCount: { readonly min: number; readonly max: number };
  readonly options: Readonly<Record<string, Option>>;
  /** Part of Slipway itself, left out of the help. */
  readonly isInternal?: boolean;
  readonly run: (input: Input) => Promise<ExitCode>;
}

export interface Input {
  readonly arguments: readonly string[];
  readonly flag: (name: string) => boolean;
  readonly values: (name: string) => readonly string[];
  /** Aborts on Ctrl+C and on SIGTERM. */
  readonly signal: AbortSignal;
}

export class UsageError extends SlipwayError<'usage'> {
  /** `name`: the words of the command whose help says more. */
  constructor(message: string, name?: string) {
    super('usage', message, { action: `Run slipway ${name === undefined ? '' : `${name} `}--help` });
  }
}

const HELP: Option = { type: 'boolean', short: 'h', help: 'Show this help' };

/** The command whose words the arguments begin with; the longest wins. */
export function findCommand(commands: readonly Command[], args: readonly string[]): Command | undefined {
  return commands
    .filter(({ name }) => name.split(' ').every((word, index) => args[index] === word))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** `undefined` when help was asked for. */
export function parseInput(
  command: Command,
  args: readonly string[],
  signal: AbortSignal,
): Input | undefined {
  const { values, positionals } = parse(command, args.slice(command.name.split(' ').length));
  if (values['help'] === true) return undefined;
  const { min, max } = command.argumentCount;
  if (positionals.length < min)
    throw new UsageError(
      `slipway ${command.name} needs ${command.arguments ?? 'an argument'}.`,
      command.name,
    );
  if (positionals.length > max)
    throw new UsageError(`slipway ${command.name} does not take "${positionals[max] ?? ''}".`, command.name);
  return {
    arguments: positionals,
    flag: (name) => values[name] === true,
    values: (name) => [values[name]].flat().filter((value) => typeof value === 'string'),
    signal,
  };
}

function parse(command: Command, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, help: HELP }).map(([name, { type, short, isMultiple }]) => [
      name,
      {
        type,
        multiple: isMultiple ?? false,
        ...(short === undefined ? {} : { short }),
      } satisfies ParseArgsOptionDescriptor,
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (error instanceof TypeError && 'code' in error)
      throw new UsageError(error.message.split('. ')[0] ?? '', command.name);
    throw error;
  }
}

export function usage(command: Command): string {
  const rows = Object.entries({ ...command.options, help: HELP }).map(
    ([name, { short, type, value, isMultiple, help }]): [string, string] => [
      `${short === undefined ? '    ' : `-${short}, `}--${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`,
      isMultiple === true ? `${help} (may be repeated)` : help,
    ],
  );
  const line = [
    'slipway',
    command.name,
    ...(command.arguments === undefined ? [] : [command.arguments]),
    '[options]',
  ];
  return `Usage: ${line.join(' ')}\n\n${command.help}\n\nOptions:\n${table(rows)}\n`;
}

export function overview(commands: readonly Command[]): string {
  const rows = commands
    .filter(({ isInternal }) => isInternal !== true)
    .map(({ name, arguments: args, help }): [string, string] => [
      args === undefined ? name : `${name} ${args}`,
      help,
    ]);
  return `Usage: slipway COMMAND [options]

Kubeflow on this machine, and pipelines from the command line.

Commands:
${table(rows)}

Every command takes --json for machine-readable output and --help for its options.
Exit codes: 0 good, 1 the checked thing is bad, 2 usage or environment.
State is in $SLIPWAY_HOME (~/.slipway), downloads and Python environments in $SLIPWAY_CACHE (~/.cache/slipway).
`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
