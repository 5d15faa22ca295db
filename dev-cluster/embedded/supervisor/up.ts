/** `slipway up` and `slipway down`: the commands' side of the supervisor. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endpointsPath } from '../../../src/clients/embedded.ts';
import { delay } from '../../../src/core/base/abort.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { isSameProcess } from '../processes.ts';
import { lastLogLine, startInternal, stopProcess, type Supervised } from './childProcess.ts';
import { components } from './components.ts';
import { supervisorPaths } from './paths.ts';
import {
  isSupervisorAlive,
  readStatus,
  report,
  type ClusterStatus,
  type ReportedComponent,
} from './status.ts';

const POLL_MS = 50;
const UP_TIMEOUT_MS = 180_000;
/** A supervisor that stops, or loses to another, is followed by another try. */
const MAX_STARTS = 5;
const SUPERVISOR_GRACE_MS = 30_000;

export interface UpProgress {
  readonly component: string;
  readonly message: string;
  readonly fraction?: number;
}

/**
 * Resolves when all that is needed is ready. Any number may run at once: one supervisor wins, all wait for it.
 * Aborting stops the waiting, not the cluster.
 */
export async function up(
  onProgress: (progress: UpProgress) => void,
  signal: AbortSignal,
): Promise<readonly ReportedComponent[]> {
  const paths = supervisorPaths();
  await makeFolder(paths.folder);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(UP_TIMEOUT_MS)]);
  // An old failure does not count: the supervisor tries again within seconds.
  const startedAt = Date.now();
  const said = new Map<string, string>();
  let own: Supervised | undefined;
  let starts = 0;
  for (;;) {
    const status = await readStatus(paths);
    if (isSupervisorAlive(status)) {
      tellNews(status, said, onProgress);
      const needed = status.components.filter(({ isNeeded }) => isNeeded);
      if (needed.every(({ state }) => state === 'ready')) return report(status);
      const failed = needed.find(({ state, at }) => state === 'failed' && at >= startedAt);
      if (failed !== undefined)
        throw new SlipwayError('componentFailed', `${failed.name} did not start: ${failed.message}`, {
          action: `Run slipway logs ${failed.name}`,
        });
    } else if (own === undefined) {
      starts += 1;
      const logPath = join(paths.logs, 'supervisor.log');
      if (starts > MAX_STARTS)
        throw new SlipwayError(
          'supervisorFailed',
          `The supervisor did not start: ${(await lastLogLine(logPath)) ?? 'it said nothing.'}`,
          { action: 'Run slipway doctor' },
        );
      const child = startInternal(['supervisor'], logPath);
      own = child;
      void child.ended.then(() => {
        own = undefined;
      });
    }
    await wait(limit, signal);
  }
}

async function wait(limit: AbortSignal, signal: AbortSignal): Promise<void> {
  try {
    await delay(POLL_MS, limit);
  } catch (error) {
    signal.throwIfAborted();
    throw new SlipwayError('timeout', `The cluster was not ready within ${UP_TIMEOUT_MS / 60_000} minutes.`, {
      action: 'Run slipway status',
      cause: error,
    });
  }
}

function tellNews(
  status: ClusterStatus,
  said: Map<string, string>,
  onProgress: (progress: UpProgress) => void,
): void {
  for (const { name, message, fraction } of status.components) {
    if (said.get(name) === message) continue;
    said.set(name, message);
    onProgress({ component: name, message, ...(fraction === undefined ? {} : { fraction }) });
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SlipwayError('homeUnwritable', `${folder} cannot be made: ${asError(error).message}`, {
      action: 'Make it writable, or choose another SLIPWAY_HOME',
      cause: error,
    });
  }
}

/** Stops what the supervisor of this home started, and nothing else. Returns the names of what ran. */
export async function down(): Promise<readonly string[]> {
  const status = await readStatus();
  const stopped = new Set<string>();
  if (isSupervisorAlive(status)) {
    for (const { name, process } of status.components) if (process !== undefined) stopped.add(name);
    await stopProcess(status.supervisor, SUPERVISOR_GRACE_MS);
  }
  // What a killed supervisor left behind.
  for (const { name, start } of components) {
    const record = start.kind === 'service' ? await start.find() : undefined;
    if (record === undefined || !isSameProcess(record.pid, record.started)) continue;
    stopped.add(name);
    if (!(await stopProcess(record)))
      throw new SlipwayError('notStopped', `${name} (process ${record.pid}) did not stop.`);
  }
  await rm(endpointsPath(), { force: true });
  return [...stopped];
}
