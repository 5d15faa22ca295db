/** The cluster's own processes. They log to their streams, which the supervisor keeps in a file. */
import { UsageError, type ExitCode, type Input } from './command.ts';

type Main = (log: (line: string) => void) => Promise<void>;

/** Each runs until SIGTERM. */
const processes: Readonly<Record<string, () => Promise<Main>>> = {
  supervisor: async () =>
    (await import('../../dev-cluster/embedded/supervisor/supervisor.ts')).supervisorMain,
  'kfp-service': async () => (await import('../../dev-cluster/embedded/kfp/serviceMain.ts')).kfpServiceMain,
  'node-agent': async () =>
    (await import('../../dev-cluster/embedded/node-agent/agentMain.ts')).nodeAgentMain,
  gateway: async () => (await import('../../dev-cluster/embedded/gateway/gatewayMain.ts')).gatewayMain,
};

export async function internal({ arguments: [name = ''] }: Input): Promise<ExitCode> {
  // All that the cluster writes is its user's alone.
  process.umask(0o077);
  const load = processes[name];
  if (load === undefined) throw new UsageError(`slipway internal has no "${name}".`);
  const main = await load();
  await main(log);
  return 0;
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}
