/** The pipeline service as a process of its own: `slipway internal kfp-service`, a child of the supervisor. */
import { chmod, readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { readStateFile, writePrivateFile } from '../files.ts';
import { processStarted } from '../processes.ts';
import { PythonEnvironments } from '../python/environments.ts';
import { withLock } from '../python/lock.ts';
import { ClusterEndpoints } from './clusterEndpoints.ts';
import { startKfpService } from './server.ts';
import { servicePaths, serviceRecord } from './servicePaths.ts';

/** Runs until SIGTERM. One at a time per home: a second one fails, and the first goes on. */
export async function kfpServiceMain(log: (line: string) => void): Promise<void> {
  const paths = servicePaths();
  const alreadyRunning = new AbortController();
  await withLock(
    paths.lock,
    async () => {
      const last = await readStateFile(paths.record, serviceRecord);
      const service = await startKfpService({
        database: paths.database,
        port: last?.port ?? 0,
        token: await readOrMakeToken(paths.token),
        folder: paths.folder,
        environments: new PythonEnvironments({ onProgress: log }),
        endpoints: new ClusterEndpoints(),
        log,
      });
      await writePrivateFile(
        paths.record,
        JSON.stringify({
          pid: process.pid,
          started: processStarted(process.pid),
          port: service.port,
          url: service.url,
        }),
      );
      log(`The pipeline service listens at ${service.url}`);
      const [signal] = (await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])) as [string];
      log(`The pipeline service stops (${signal})`);
      await service.stop();
    },
    {
      onWait: () =>
        alreadyRunning.abort(
          new SlipwayError('alreadyRunning', 'Another pipeline service already runs in this SLIPWAY_HOME.'),
        ),
      signal: alreadyRunning.signal,
    },
  );
}

async function readOrMakeToken(path: string): Promise<string> {
  try {
    await chmod(path, 0o600);
    const token = (await readFile(path, 'utf8')).trim();
    if (token.length >= 32) return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('base64url');
  await writePrivateFile(path, token);
  return token;
}
