/** The pipeline service as a component. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { http } from '../../../src/clients/http.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { readStateFile } from '../files.ts';
import { isSameProcess } from '../processes.ts';
import { internalCommand, type Component } from '../supervisor/component.ts';
import { servicePaths, serviceRecord } from './servicePaths.ts';
import { stopSteps } from './stopSteps.ts';
import { openDatabase } from './store/database.ts';

export const KFP = 'kfp';
export const KFP_VERSION = '2.17.0';

const healthz = z.object({ tag_name: z.string() });

export const kfpComponents: readonly Component[] = [
  {
    name: KFP,
    version: KFP_VERSION,
    dependsOn: [],
    isNeeded: true,
    start: {
      kind: 'service',
      command: () => Promise.resolve(internalCommand(['kfp-service'])),
      health: async (signal) => {
        const paths = servicePaths();
        const record = await readStateFile(paths.record, serviceRecord);
        // Its port may have gone to a stranger since: only the recorded process may answer for it.
        if (record === undefined || !isSameProcess(record.pid, record.started))
          throw new SlipwayError('notRunning', 'The pipeline service is not running.');
        const { url } = record;
        const endpoint = { url, token: undefined, label: 'The pipeline service' };
        healthz.parse(
          await http(endpoint, { method: 'GET', path: '/apis/v2beta1/healthz', timeoutMs: 5_000 }, signal),
        );
        const token = (await readFile(paths.token, 'utf8')).trim();
        return { endpoint: url, endpoints: { kfp: { url, token } } };
      },
      cleanUp: stopLeftoverSteps,
    },
  },
];

/** Steps of a service that was killed. */
async function stopLeftoverSteps(): Promise<void> {
  const { database } = servicePaths();
  if (!existsSync(database)) return;
  const db = openDatabase(database);
  try {
    await stopSteps(db);
  } finally {
    db.close();
  }
}
