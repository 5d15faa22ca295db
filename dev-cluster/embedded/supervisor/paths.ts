/** The supervisor's files, under `<home>/embedded`. */
import { join } from 'node:path';
import { slipwayHome } from '../../../src/clients/embedded.ts';

export interface SupervisorPaths {
  readonly folder: string;
  /** Held by the operating system for as long as a supervisor lives. */
  readonly lock: string;
  /** ClusterStatus. */
  readonly status: string;
  readonly logs: string;
}

export function supervisorPaths(home = slipwayHome()): SupervisorPaths {
  const folder = join(home, 'embedded');
  return {
    folder,
    lock: join(folder, 'supervisor.lock'),
    status: join(folder, 'status.json'),
    logs: join(folder, 'logs'),
  };
}

export function componentLog(paths: SupervisorPaths, name: string): string {
  return join(paths.logs, `${name}.log`);
}
