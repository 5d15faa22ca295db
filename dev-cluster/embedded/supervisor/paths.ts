/** The supervisor's files, under `<home>/embedded`. */
import { join } from 'node:path';
import { slipwayHome } from '../../../src/clients/embedded.ts';

export interface SupervisorPaths {
  readonly folder: string;
  /** Held by the operating system for as long as a supervisor lives. */
  readonly lock: string;
  /** ClusterStatus. */
  readonly status: string;
  /** Wanted: what people started and stopped by name. */
  readonly wanted: string;
  readonly logs: string;
  /** One record for each service that runs. */
  readonly processes: string;
}

export function supervisorPaths(home = slipwayHome()): SupervisorPaths {
  const folder = join(home, 'embedded');
  return {
    folder,
    lock: join(folder, 'supervisor.lock'),
    status: join(folder, 'status.json'),
    wanted: join(folder, 'wanted.json'),
    logs: join(folder, 'logs'),
    processes: join(folder, 'processes'),
  };
}

export function componentLog(paths: SupervisorPaths, name: string): string {
  return join(paths.logs, `${name}.log`);
}
