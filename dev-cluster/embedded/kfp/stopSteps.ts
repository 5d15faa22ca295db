/** Steps outlive the service, so that it may be killed and started again; `slipway down` ends them, too. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { delay } from '../../../src/core/base/abort.ts';
import { isSameProcess } from '../processes.ts';
import { signalGroup } from './engine/attemptProcess.ts';

const GRACE_MS = 5_000;
const POLL_MS = 50;

const step = z.object({ pid: z.number(), started: z.string() });

/** Their runs fail, or try again, when the next service looks at them. */
export async function stopSteps(db: DatabaseSync): Promise<void> {
  const steps = db
    .prepare(
      `SELECT pid, pid_started AS started FROM attempts
       WHERE state = 'RUNNING' AND pid IS NOT NULL AND pid_started IS NOT NULL`,
    )
    .all()
    .map((row) => step.parse(row));
  const living = (): typeof steps => steps.filter(({ pid, started }) => isSameProcess(pid, started));
  for (const { pid } of living()) signalGroup(pid, 'SIGTERM');
  const until = AbortSignal.timeout(GRACE_MS);
  while (living().length > 0 && !until.aborted) await delay(POLL_MS, until).catch(() => undefined);
  for (const { pid } of living()) signalGroup(pid, 'SIGKILL');
}
