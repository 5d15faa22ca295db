/** `slipway doctor`: one line for each thing that the embedded cluster needs. */
import { checkMachine } from '../../dev-cluster/embedded/supervisor/doctor.ts';
import type { ExitCode, Input } from './command.ts';

export async function doctor({ flag, signal }: Input): Promise<ExitCode> {
  const checks = await checkMachine(signal);
  if (flag('json')) process.stdout.write(`${JSON.stringify({ checks })}\n`);
  else {
    for (const { name, ok, message, fix } of checks)
      process.stdout.write(
        `${ok ? 'ok  ' : 'BAD '} ${name}: ${message}${fix === undefined ? '' : `\n      ${fix}`}\n`,
      );
  }
  return checks.every(({ ok }) => ok) ? 0 : 1;
}
