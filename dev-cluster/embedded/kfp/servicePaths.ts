/** Where the pipeline service keeps what it knows, and what it tells the supervisor. */
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../../src/clients/embedded.ts';

export interface ServicePaths {
  readonly folder: string;
  readonly database: string;
  /** Bearer token, alone in a 0600 file: never in arguments or the environment, where others could read it. */
  readonly token: string;
  /** ServiceRecord: written by the service when it listens. */
  readonly record: string;
  readonly lock: string;
}

export function servicePaths(home = slipwayHome()): ServicePaths {
  const folder = join(home, 'embedded', 'kfp');
  return {
    folder,
    database: join(folder, 'state.db'),
    token: join(folder, 'token'),
    record: join(folder, 'service.json'),
    lock: join(folder, 'service.lock'),
  };
}

/** The running (or last) service. The port is asked for again at the next start, so that addresses stay. */
export const serviceRecord = z.object({
  pid: z.int(),
  started: z.string(),
  port: z.int(),
  url: z.url(),
});
export type ServiceRecord = z.infer<typeof serviceRecord>;
