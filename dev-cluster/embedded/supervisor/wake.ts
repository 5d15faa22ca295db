/** Makes the supervisor look at once at what is wanted, and try again what has failed. */
import { isSupervisorAlive, readStatus } from './status.ts';

export const WAKE_SIGNAL = 'SIGUSR2';

/** Resolves false when there is no supervisor. One that has written its status listens already. */
export async function wake(): Promise<boolean> {
  const status = await readStatus();
  if (!isSupervisorAlive(status)) return false;
  process.kill(status.supervisor.pid, WAKE_SIGNAL);
  return true;
}
