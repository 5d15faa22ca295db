/** `slipway down`: stops what `up` started, whoever supervises it now. */
import { rm } from 'node:fs/promises';
import { endpointsPath } from '../../../src/clients/embedded.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { stopProcess } from './childProcess.ts';
import { components } from './components.ts';
import { stopInOrder } from './order.ts';
import { forgetService, livingService } from './records.ts';
import { isSupervisorAlive, readStatus, type ClusterStatus } from './status.ts';

/** The slowest components one after the other. */
const SUPERVISOR_GRACE_MS = 60_000;

/** Stops what the supervisor of this home started, and nothing else. Returns the names of what ran. */
export async function down(): Promise<readonly string[]> {
  const status = await readStatus();
  const stopped = new Set<string>();
  if (isSupervisorAlive(status)) {
    for (const { name, process } of status.components) if (process !== undefined) stopped.add(name);
    await stopSupervisor(status);
  }
  // What a killed supervisor left behind, and what killed services did.
  await stopInOrder(components, async ({ name, start }) => {
    if (start.kind !== 'service') return;
    const record = await livingService(name);
    if (record !== undefined) {
      stopped.add(name);
      if (!(await stopProcess(record, start)))
        throw new SlipwayError('notStopped', `${name} (process ${record.pid}) did not stop.`);
    }
    await forgetService(name);
    await start.cleanUp?.();
  });
  await rm(endpointsPath(), { force: true });
  return components.map(({ name }) => name).filter((name) => stopped.has(name));
}

/** With all that it supervises. */
export async function stopSupervisor({ supervisor }: ClusterStatus): Promise<void> {
  await stopProcess(supervisor, { stopGraceMs: SUPERVISOR_GRACE_MS });
}
