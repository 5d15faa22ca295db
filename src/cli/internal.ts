/** The cluster's own processes. They log to their streams, which the supervisor keeps in a file. */
import { writeSync } from 'node:fs';
import { UsageError, type ExitCode, type Input } from './command.ts';

const STDOUT = 1;

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
  // Node's own warnings go there.
  process.stderr.on('error', () => undefined);
  const load = processes[name];
  if (load === undefined) throw new UsageError(`slipway internal has no "${name}".`);
  const main = await load();
  await main(log);
  return 0;
}

/** On a full disk the line is lost: that must not stop what runs, as an error of the stream would. */
function log(line: string): void {
  try {
    writeSync(STDOUT, `${new Date().toISOString()} ${line}\n`);
  } catch {
    // There is nowhere to say it.
  }
}
