/** The cluster's own processes. They log to their streams, which the supervisor keeps in a file. */
import { UsageError, type ExitCode, type Input } from './command.ts';

export async function internal({ arguments: [name] }: Input): Promise<ExitCode> {
  // All that the cluster writes is its user's alone.
  process.umask(0o077);
  if (name === 'supervisor') {
    const { supervisorMain } = await import('../../dev-cluster/embedded/supervisor/supervisor.ts');
    await supervisorMain(log);
  } else if (name === 'kfp-service') {
    const { kfpServiceMain } = await import('../../dev-cluster/embedded/kfp/serviceMain.ts');
    await kfpServiceMain(log);
  } else throw new UsageError(`slipway internal has no "${name ?? ''}".`);
  return 0;
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}
