/** `slipway env`: what points your own tools at the embedded cluster. */
import { readEmbeddedEndpoints } from '../clients/embedded.ts';
import { toolEnvironment } from '../clients/toolEnvironment.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

type Variables = Readonly<Record<string, string>>;

/** Prints secrets: that is what it is for. */
export async function env({ flag }: Input): Promise<ExitCode> {
  if (flag('json') && flag('dotenv')) throw new UsageError('slipway env takes --json or --dotenv.', 'env');
  const endpoints = await readEmbeddedEndpoints();
  const variables = endpoints === undefined ? {} : toolEnvironment(endpoints);
  if (Object.keys(variables).length === 0)
    throw new SlipwayError('notRunning', 'The embedded cluster has nothing to offer yet.', {
      action: 'Start it with slipway up --wait.',
    });
  const format = flag('json') ? json : flag('dotenv') ? dotenv : shell;
  process.stdout.write(`${format(variables)}\n`);
  return 0;
}

function json(variables: Variables): string {
  return JSON.stringify(variables, undefined, 2);
}

/** Single quotes, in which its readers expand nothing; they know no escape in them, so a value with one gets the other. */
function dotenv(variables: Variables): string {
  return lines(
    variables,
    (name, value) => `${name}=${value.includes("'") ? JSON.stringify(value) : `'${value}'`}`,
  );
}

/** For `eval "$(slipway env)"`, in every POSIX shell. */
function shell(variables: Variables): string {
  return lines(variables, (name, value) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
}

function lines(variables: Variables, line: (name: string, value: string) => string): string {
  return Object.entries(variables)
    .map(([name, value]) => line(name, value))
    .join('\n');
}
